// Runs in a page that is served the folder of guards.
import { collect, type Outcome } from "./collect.ts";

declare global {
  var collectOutcomes: () => Promise<Outcome[]>;
}

globalThis.collectOutcomes = () =>
  collect({
    name: "chromium",
    guard: async (guard) => new Uint8Array(await (await fetch(`/${guard}.wasm`)).arrayBuffer()),
  });
