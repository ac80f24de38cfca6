// The suites in a page: the test that drives the browser calls `runAll` and hears each result through `report`.
import * as library from "edge-guard";
import { type CaseResult, runSuites } from "./all-suites.ts";

declare const report: (result: CaseResult) => Promise<void>;

async function guard(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(`./guards/${name}.wasm`)).arrayBuffer());
}

Object.assign(globalThis, {
  runAll: async (name: string): Promise<void> => {
    const told: Promise<void>[] = [];
    const unhandled = (event: PromiseRejectionEvent): void =>
      void told.push(report({ suite: "page", name: "no unhandled rejection", failure: String(event.reason) }));
    addEventListener("unhandledrejection", unhandled);
    await runSuites(library, { name, guard }, (result) => void told.push(report(result)));
    await Promise.all(told);
  },
});
