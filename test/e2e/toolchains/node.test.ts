// The guards of four toolchains in Node.
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as library from "edge-guard";
import { toolchainsSuite } from "../../suites/toolchains.ts";

toolchainsSuite({ test: (name, body) => void test(name, body) }, library, {
  name: "node",
  guard: async (name) => new Uint8Array(await readFile(`${process.env["EDGE_GUARD_ROOT"]}/.cache/guards/${name}.wasm`)),
});
