// Every suite in Node once more, to learn which guards they load: each is written to a folder, prepared, for a deployment to workerd.
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import process from "node:process";
import * as library from "edge-guard";
import { reportSuites } from "../every-suite.ts";
import { offerCompile, type Replace, withPrecompiled } from "../precompiled.ts";

const folder = process.argv[2] ?? "";
const only = JSON.parse(process.argv[3] ?? "[]") as string[];
const guards = new URL("../../../guards/", import.meta.url);
mkdirSync(folder, { recursive: true });

const known = new Set<string>();
const record: Replace = (key, bytes, prepare) => {
  if (known.has(key)) return undefined;
  known.add(key);
  try {
    const prepared = prepare === undefined ? bytes : library.prepareGuard(bytes, prepare);
    // What does not compile here does not deploy either.
    if (WebAssembly.validate(prepared)) writeFileSync(`${folder}/${key}.wasm`, prepared);
  } catch {
    // Bytes that cannot be a guard are refused before they would be compiled, in every runtime.
  }
  return undefined;
};
offerCompile(record);
await reportSuites(
  withPrecompiled(library, record),
  { name: "record", guard: async (name) => new Uint8Array(await readFile(new URL(`${name}.wasm`, guards))) },
  { name: "record", endsLoops: true, only },
  "Node",
  () => {},
);
process.exit(0);
