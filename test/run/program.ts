// The suites as a program for runtimes with Node's fs module: one line of JSON per result.
import { readFile } from "node:fs/promises";
import * as library from "edge-guard";
import { runSuites } from "./all-suites.ts";

const [name = "", guards = ""] = process.argv.slice(2);
process.on("unhandledRejection", (reason) => {
  console.log(JSON.stringify({ suite: "program", name: "no unhandled rejection", failure: String(reason) }));
});
const guard = async (wasm: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await readFile(`${guards}/${wasm}.wasm`));
await runSuites(library, { name, guard }, (result) => console.log(JSON.stringify(result)));
process.exit(0);
