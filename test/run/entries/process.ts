// Every suite in a process with Node's modules: Node, Deno, Bun. Started with the settings as JSON; lines go to standard output.
import { readFile } from "node:fs/promises";
import process from "node:process";
import * as library from "edge-guard";
import { nodeWorker } from "edge-guard/node";
import { reportSuites, type Settings } from "../every-suite.ts";

const settings = JSON.parse(process.argv[2] ?? "") as Settings;
const guards = new URL("../../../guards/", import.meta.url);
const versions = process.versions as Readonly<Record<string, string | undefined>>;
const runtime =
  versions["deno"] !== undefined
    ? `Deno ${versions["deno"]}`
    : versions["bun"] !== undefined
      ? `Bun ${versions["bun"]}`
      : `Node ${versions["node"]}`;

await reportSuites(
  library,
  {
    name: settings.name,
    guard: async (name) => new Uint8Array(await readFile(new URL(`${name}.wasm`, guards))),
    createWorker: nodeWorker,
    endsLoops: settings.endsLoops,
  },
  settings,
  runtime,
  (line) => void process.stdout.write(`@@${line}\n`),
);
// Threads that no runtime can end must not keep the process.
process.stdout.write("", () => process.exit(0));
