// A module that counts can be told from one that only looks so: taking the count out and putting it back gives the same bytes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ModuleError } from "../../../src/errors.ts";
import { addFuel } from "../../../src/wasm/fuel.ts";
import { removeFuel } from "../../../src/wasm/fuel-removal.ts";
import { body, functionType, list, moduleOf, text } from "./encode.ts";
import { generateModule } from "./generator.ts";
import { instructionModules } from "./opcodes.ts";
import { realModules } from "./real-modules.ts";

/** What is left when names are not looked at. */
function withoutNames(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return removeFuel(addFuel(bytes));
}

test("generated modules come back as they were", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const { bytes } = generateModule(seed);
    assert.deepEqual(removeFuel(addFuel(bytes)), bytes, `seed ${seed}`);
  }
});

test("every instruction comes back", () => {
  for (const { name, bytes } of instructionModules()) {
    if (!WebAssembly.validate(bytes)) continue;
    assert.deepEqual(addFuel(removeFuel(addFuel(bytes))), addFuel(bytes), name);
  }
});

test("real modules come back, but for names and what held code offsets", () => {
  for (const { name, bytes } of realModules()) {
    const plain = withoutNames(bytes);
    assert.ok(WebAssembly.validate(plain), name);
    assert.deepEqual(withoutNames(plain), plain, name);
    assert.ok(plain.length <= bytes.length, name);
  }
});

test("any byte that is changed is found out, or was none of the count's", () => {
  const { bytes } = generateModule(7);
  const counting = addFuel(bytes);
  let refused = 0;
  for (let position = 8; position < counting.length; position++) {
    const changed = counting.slice();
    changed[position]! ^= 1;
    try {
      const plain = removeFuel(changed);
      // Still a counting module, of another original.
      assert.deepEqual(addFuel(plain), changed, `byte ${position}`);
    } catch (error) {
      assert.ok(error instanceof ModuleError, `byte ${position}: ${error}`);
      refused++;
    }
  }
  assert.ok(refused > counting.length / 10, `only ${refused} of ${counting.length} were refused`);
});

test("a module without functions of its own comes back", () => {
  const bytes = moduleOf([
    [1, list([functionType([], [])])],
    [2, list([[...text("env"), ...text("log"), 0, 0]])],
    [4, list([[0x70, 0, 1]])],
    [7, list([[...text("log"), 0, 0]])],
    [9, list([[0, 0x41, 0, 0x0b, 1, 0]])],
  ]);
  assert.ok(WebAssembly.validate(bytes) && WebAssembly.validate(addFuel(bytes)));
  assert.deepEqual(removeFuel(addFuel(bytes)), bytes);
});

const spin = [0x03, 0x40, 0x0c, 0, 0x0b];
const forgeries: readonly (readonly [what: string, bytes: Uint8Array<ArrayBuffer>])[] = [
  [
    "names alone",
    moduleOf([
      [1, list([functionType([], [0x7f]), functionType([], [])])],
      [2, list([[...text("edge_guard"), ...text("out_of_fuel"), 0, 0]])],
      [3, list([[1]])],
      [6, list([[0x7f, 1, 0x41, 0, 0x0b]])],
      [
        7,
        list([
          [...text("spin"), 0, 1],
          [...text("edge_guard.fuel"), 3, 0],
        ]),
      ],
      [10, list([body([], spin)])],
    ]),
  ],
  [
    "an import of another name",
    moduleOf([
      [1, list([functionType([], [])])],
      [2, list([[...text("edge_guard"), ...text("other"), 0, 0]])],
      [3, list([[0], [0], [0]])],
      [10, list([body([], spin), body([], []), body([], [])])],
    ]),
  ],
  ["nothing that counts", generateModule(3).bytes],
];

for (const [what, bytes] of forgeries) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => removeFuel(bytes),
      (error) => error instanceof ModuleError && /not what edge-guard makes/.test(error.message),
    );
  });
}
