// A Worker with one guard in two forms: prepared at build time, and as the toolchain left it. Says what each can do.
import { type CallEvent, functionBackend, type GuardEvent, loadGuard, type WasmGuard } from "edge-guard";
import askerPlain from "../../../.cache/guards/asker.wasm";
import scriptPlain from "../../../.cache/guards/script.wasm";
import { rejects } from "../../suites/assert.ts";
import { script } from "../../suites/script.ts";
import askerPrepared from "./asker.edge.wasm";
import scriptPrepared from "./script.edge.wasm";

async function asks(module: WebAssembly.Module, suspension?: "replay" | "jspi"): Promise<unknown> {
  const calls: CallEvent[] = [];
  const guard = await loadGuard(module, {
    backend: functionBackend(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return true;
    }),
    onEvent: (event: GuardEvent) => void (event.type === "label-call" && calls.push(event)),
    ...(suspension && { suspension }),
  });
  const { description } = await guard.labelResource({ tool: "a" });
  await guard.close();
  return [description, calls.map(({ suspension: how, runs }) => `${how}, ${runs}`)];
}

async function remembers(module: WebAssembly.Module): Promise<unknown> {
  const guard = await loadGuard(module);
  const before = [...(await script(guard, "k")), ...(await script(guard, "k"))];
  await rejects(script(guard, "k!"));
  const { health } = guard;
  await guard.recover();
  const fork = await guard.fork();
  const after = [...(await script(guard, "k")), ...(await script(fork, "k"))];
  await Promise.all([guard.close(), fork.close()]);
  return { checkpoint: guard.module.checkpoint, before, health, after };
}

/** One guard for all requests: those that come while it waits for its backend wait for one another. */
let shared: Promise<WasmGuard> | undefined;
async function together(): Promise<string> {
  shared ??= loadGuard(askerPrepared, {
    backend: functionBackend(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return true;
    }),
  });
  return (await (await shared).labelResource({ tool: "a" })).description;
}

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "GET") return new Response(await together());
    const bytes = new Uint8Array(await request.arrayBuffer());
    const refused = await rejects(loadGuard(bytes));
    return Response.json({
      bytes: `${(refused as { code?: string }).code}: ${refused.message}`,
      prepared: [await asks(askerPrepared), await remembers(scriptPrepared), await asks(askerPrepared, "jspi")],
      plain: [await asks(askerPlain), await remembers(scriptPlain), await asks(askerPlain, "replay")],
    });
  },
};
