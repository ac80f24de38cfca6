// Each module of the corpus is valid after the rewrite when it was before, does the same with the same imports, and comes back from it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ModuleError } from "../../src/errors.ts";
import { addFuel } from "../../src/wasm/fuel.ts";
import { removeFuel } from "../../src/wasm/fuel-removal.ts";
import type { NamedModule } from "../unit/wasm-fuel/opcodes.ts";
import { madeModules, publishedModules } from "./collect.ts";
import { runAny } from "./run-any.ts";

/** Threads and memories of 64 bits: refused, as they would be as guards. */
const refusable = /threads and atomics|64-bit memory|garbage/;

function tryOut(modules: readonly NamedModule[]): { tried: number; calls: number; refused: string[]; growth: number } {
  let tried = 0;
  let calls = 0;
  let [before, after] = [0, 0];
  const refused: string[] = [];
  for (const { name, bytes } of modules) {
    if (!WebAssembly.validate(bytes)) continue;
    let rewritten: Uint8Array<ArrayBuffer>;
    try {
      rewritten = addFuel(bytes);
    } catch (error) {
      assert.ok(error instanceof ModuleError && refusable.test(error.message), `${name}: ${error}`);
      refused.push(name);
      continue;
    }
    assert.ok(WebAssembly.validate(rewritten), name);
    const plain = removeFuel(rewritten);
    assert.ok(WebAssembly.validate(plain), `${name}, taken back`);
    const counted = runAny(rewritten, 3_000_000);
    if (counted.calls >= 0) {
      const again = counted.seen.length > 0 ? counted : runAny(rewritten, 3_000_000, counted.calls);
      const original = runAny(bytes, 0, counted.calls);
      assert.deepEqual(
        original.seen.filter((line) => !line.startsWith("edge_guard")),
        again.seen,
        name,
      );
      calls += counted.calls;
    }
    tried++;
    before += bytes.length;
    after += rewritten.length;
  }
  return { tried, calls, refused, growth: after / before };
}

test("modules that others published", (t) => {
  const { tried, calls, refused, growth } = tryOut(publishedModules());
  t.diagnostic(
    `${tried} modules, ${calls} calls alike; ${growth.toFixed(3)} times the size; refused: ${refused.join(", ") || "none"}`,
  );
  assert.ok(tried >= 90, `only ${tried}`);
});

test("modules of this project, as wabt writes them and as binaryen does", async (t) => {
  const { tried, calls, refused, growth } = tryOut(await madeModules());
  t.diagnostic(
    `${tried} modules, ${calls} calls alike; ${growth.toFixed(3)} times the size; refused: ${refused.join(", ") || "none"}`,
  );
  assert.ok(tried >= 210, `only ${tried}`);
});
