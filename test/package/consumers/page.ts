// The consumer in a web page: the guard from an address, a worker to host one in, the element's class.
import { type WorkerGuardOptions, workerGuard } from "edge-guard";
import { defaultCache } from "edge-guard/browser";
import { triage } from "./triage.ts";

export const hosted: WorkerGuardOptions = {
  createWorker: () => new Worker("/guard-worker.js", { type: "module" }),
  limits: { timeoutMs: 2000 },
  cache: defaultCache(),
};
export const inWorker = (): ReturnType<typeof workerGuard> => workerGuard("/repo-guard.wasm", hosted);
export const run = (address: string): Promise<string> => triage(address);
