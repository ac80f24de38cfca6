// Every suite in Node, against the built package.
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import * as library from "edge-guard";
import { suites } from "../suites/index.ts";

const root = process.env.EDGE_GUARD_ROOT ?? "./";

async function guard(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = name === "repo-guard" ? `${root}dist/guards/repo-guard.wasm` : `${root}.cache/guards/${name}.wasm`;
  return new Uint8Array(await readFile(path));
}

for (const [name, suite] of Object.entries(suites)) {
  describe(name, () => {
    suite({ test: (title, body) => void test(title, body) }, library, { name: "node", guard });
  });
}
