// Real and made modules: each is valid after the rewrite when it was before, and does the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import createWabt from "wabt";
import { addFuel } from "../../../src/wasm/fuel.ts";
import { countExactly } from "./count-exactly.ts";
import { features } from "./features.ts";
import { generateModule } from "./generator.ts";
import { instructionModules } from "./opcodes.ts";
import { realModules, withRewrite } from "./real-modules.ts";
import { runModule } from "./run-module.ts";

const wabt = await createWabt();
const enabled = {
  exceptions: true,
  tail_call: true,
  extended_const: true,
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
  simd: true,
};

function toBinary(wat: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat("feature", wat, enabled);
  const { buffer } = module.toBinary({ write_debug_names: true });
  module.destroy();
  return Uint8Array.from(buffer);
}

function imports(grant = 1_000_000): WebAssembly.Imports {
  return {
    env: {
      log: (value: number) => value + 1,
      memory: new WebAssembly.Memory({ initial: 1 }),
      table: new WebAssembly.Table({ initial: 1, element: "anyfunc" }),
      base: 5,
    },
    edge_guard: { out_of_fuel: () => grant },
  };
}

for (const { name, wat, calls } of features) {
  test(`feature: ${name}`, () => {
    const plain = toBinary(wat);
    for (const [grant, bytes] of [
      [1_000_000, plain],
      [1_000_000, addFuel(plain)],
      [7, addFuel(plain)],
    ] as const) {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports(grant));
      for (const [entry, values, wanted] of calls) {
        const call = (): unknown => (instance.exports[entry] as (...values: unknown[]) => unknown)(...values);
        if (wanted === "trap") assert.throws(call, WebAssembly.RuntimeError);
        else assert.deepEqual(call(), wanted, entry);
      }
    }
  });
}

test("every instruction: valid after the rewrite when it was before", (t) => {
  const modules = instructionModules();
  let valid = 0;
  for (const { name, bytes } of modules) {
    if (!WebAssembly.validate(bytes)) continue;
    valid++;
    assert.ok(WebAssembly.validate(addFuel(bytes)), name);
  }
  t.diagnostic(`${valid} of ${modules.length} are valid in this engine`);
  assert.ok(valid > 800, `only ${valid} are valid before`);
});

test("modules of installed packages: valid after the rewrite, and the same bytes each time", (t) => {
  const modules = realModules();
  assert.ok(modules.length >= 4, "too few were found");
  for (const { name, bytes } of modules) {
    assert.ok(WebAssembly.validate(bytes), `${name} before`);
    const start = performance.now();
    const rewritten = addFuel(bytes);
    const time = performance.now() - start;
    assert.ok(WebAssembly.validate(rewritten), name);
    assert.deepEqual(rewritten, addFuel(bytes));
    t.diagnostic(
      `${name}: ${bytes.length} bytes, ${(rewritten.length / bytes.length).toFixed(3)} times the size, ${time.toFixed(1)} ms`,
    );
  }
});

test("wabt itself, rewritten, compiles every feature to the same bytes", async () => {
  let rewrites = 0;
  const counted = await withRewrite(
    (bytes) => {
      rewrites++;
      return addFuel(bytes);
    },
    () => createWabt(),
  );
  assert.equal(rewrites, 1);
  for (const { name, wat } of features) {
    const module = counted.parseWat("feature", wat, enabled);
    assert.deepEqual(Uint8Array.from(module.toBinary({ write_debug_names: true }).buffer), toBinary(wat), name);
    module.destroy();
  }
});

const long = process.env["EDGE_GUARD_LONG"] !== undefined;

test(`generated modules: same results, traps, globals and memory; fuel does not depend on how it is granted`, (t) => {
  const count = long ? 10_000 : 1_000;
  let traps = 0;
  let refills = 0;
  let compared = 0;
  for (let seed = 1; seed <= count; seed++) {
    const generated = generateModule(seed);
    assert.ok(WebAssembly.validate(generated.bytes), `seed ${seed}: the generator made an invalid module`);
    const rewritten = addFuel(generated.bytes);
    const plain = runModule(generated.bytes, generated, seed, 0);
    const ample = runModule(rewritten, generated, seed, 1_000_000_000);
    const scarce = runModule(rewritten, generated, seed, 20 + (seed % 60));
    assert.deepEqual(ample.seen, plain.seen, `seed ${seed}`);
    assert.deepEqual(scarce.seen, plain.seen, `seed ${seed}, little at a time`);
    assert.equal(scarce.fuel, ample.fuel, `seed ${seed}`);
    traps += plain.seen.filter((line) => line.includes(" threw ")).length;
    refills += scarce.refills;
    if (ample.fuel !== undefined) compared++;
  }
  t.diagnostic(`${count} modules, ${traps} traps, ${refills} refills, fuel compared in ${compared}`);
  assert.ok(compared > count / 10);
});

test("generated modules: fuel is never less than the instructions run, and not beyond all measure", (t) => {
  let compared = 0;
  let fuel = 0;
  let instructions = 0;
  for (let seed = 1; seed <= (long ? 10_000 : 1_000); seed++) {
    const generated = generateModule(seed);
    const used = runModule(addFuel(generated.bytes), generated, seed, 1_000_000_000).fuel;
    if (used === undefined) continue;
    const exact = runModule(countExactly(generated.bytes), generated, seed, 0).count ?? Number.NaN;
    // A leaf function that the host calls has no caller to pay for it: at most 200 each for two calls of each export.
    const unpaid = 200 * 2 * generated.parameters.length;
    assert.ok(used + unpaid >= exact, `seed ${seed}: ${used} for ${exact} instructions`);
    compared++;
    fuel += used;
    instructions += exact;
  }
  t.diagnostic(`${compared} modules, ${instructions} instructions, ${(fuel / instructions).toFixed(2)} fuel for each`);
  assert.ok(compared > 100 && fuel < 20 * instructions);
});
