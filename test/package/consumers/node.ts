// The consumer in Node: the guard that comes with the package, from its file.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { triage } from "./triage.ts";

console.log(await triage(await readFile(fileURLToPath(import.meta.resolve("edge-guard/repo-guard.wasm")))));
