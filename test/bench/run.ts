// Runs one bench in the runtime that it is started in and prints its rows as one line of JSON: run.mjs <bench> <root>.
import { readFile } from "node:fs/promises";
import * as cache from "./cache.ts";
import type { Environment, Row } from "./environment.ts";
import * as load from "./load.ts";
import * as proxy from "./proxy.ts";
import * as suspension from "./suspension.ts";

const benches: { readonly [name: string]: { bench(environment: Environment): Promise<Row[]> } } = {
  load,
  suspension,
  cache,
  proxy,
};
const [name = "", root = "."] = process.argv.slice(2);
const environment: Environment = {
  name: "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node",
  guard: async (guard) =>
    new Uint8Array(
      await readFile(
        guard === "repo-guard" ? `${root}/dist/guards/repo-guard.wasm` : `${root}/.cache/guards/${guard}.wasm`,
      ),
    ),
};
console.log(`ROWS ${JSON.stringify(await benches[name]?.bench(environment))}`);
