// Rivals behind the smallest common interface: text or JSON in and out, one question to the host. Plain JavaScript, since their packages
// are installed by the bench alone.
import * as extism1 from "@extism/extism";
import opa from "@open-policy-agent/opa-wasm";
import wapc from "@wapc/host";
import * as extism2 from "extism-2";

/**
 * An Extism plugin, of the released version 1 or the candidate 2. `ask` answers its host function; `worker` runs it in a worker that waits
 * for the answer, otherwise version 2 suspends the guest.
 */
export async function extism(version, module, { ask, worker = false } = {}) {
  const { createPlugin } = version === 1 ? extism1 : extism2;
  const answer = async (call, question) => call.store(JSON.stringify(await ask(call.read(question).text())));
  const plugin = await createPlugin(
    { wasm: [{ module }] },
    {
      useWasi: false,
      runInWorker: worker,
      // Version 1 takes any function, version 2 suspends only for one that is declared async.
      ...(ask && { functions: { "extism:host/user": { ask: answer } } }),
    },
  );
  return {
    async call(name, text) {
      const output = await plugin.call(name, text);
      const result = output.text();
      // Version 1 keeps every block until it is told otherwise, and is full after 16384 calls.
      if (version === 1 && !worker) await plugin.reset();
      return result;
    },
    close: () => plugin.close(),
  };
}

/** A waPC guest. Its host takes bytes; only these two steps take a compiled module. */
export async function waPC(module) {
  const host = new wapc.WapcHost();
  host.initialize(await WebAssembly.instantiate(module, host.getImports()));
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return { call: async (text) => decoder.decode(await host.invoke("echo", encoder.encode(text))) };
}

/** A policy compiled by OPA: `evaluate(input, "guard/label")`. */
export async function policy(module) {
  const loaded = await opa.loadPolicy(module);
  return { evaluate: (input, entrypoint) => loaded.evaluate(input, entrypoint)[0]?.result };
}

/** A component that jco transpiled: `instantiate` is the export of what it wrote. */
export async function component(instantiate, module) {
  const { echo } = await instantiate(async () => module, {}, WebAssembly.instantiate);
  return { call: echo };
}
