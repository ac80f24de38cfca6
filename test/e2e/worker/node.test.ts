// The worker suite on Node's threads.
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as library from "edge-guard";
import { nodeWorker } from "edge-guard/node";
import { workerSuite } from "../../suites/worker.ts";

workerSuite({ test: (name, body) => void test(name, body) }, library, {
  name: "node",
  guard: async (name) => new Uint8Array(await readFile(`${process.env["EDGE_GUARD_ROOT"]}/.cache/guards/${name}.wasm`)),
  createWorker: nodeWorker,
});
