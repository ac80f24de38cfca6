// Every scenario of the gallery, with the sample guard as built from its source: what `expect` says must hold, and no question stay open.
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { preview } from "../../../src/monitor/preview.ts";
import { sampleGuard } from "./host.ts";

const folder = join(process.env["EDGE_GUARD_ROOT"] ?? process.cwd(), "demo/scenarios");
const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));

for (const name of names) {
  test(`scenario: ${name}`, async () => {
    const guards = { "repo-guard.wasm": await sampleGuard() };
    const text = await readFile(join(folder, name), "utf8");
    // With a delay the backend is asynchronous, so that questions are collected and calls are run again.
    for (const options of [{ guards }, { guards, backendDelayMs: 1, suspension: "replay" as const }]) {
      const { calls } = await preview(text, options);
      assert.deepEqual(
        calls.flatMap(({ mismatches }, call) => mismatches.map((mismatch) => ({ call, ...mismatch }))),
        [],
      );
    }
  });
}

test("the gallery keeps to its size", async () => {
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  assert.ok(names.length >= 28);
  assert.ok(sizes.every((size) => size < 400_000));
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 3_000_000);
});
