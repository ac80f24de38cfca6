// What the host sees: runaway guests end, fuel is counted the same each time, and what else is in a module stays.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ModuleError } from "../../../src/errors.ts";
import { readModule } from "../../../src/wasm/binary.ts";
import { fuelExport } from "../../../src/wasm/contract.ts";
import { addFuel } from "../../../src/wasm/fuel.ts";
import { stateMutations } from "../../../src/wasm/mutations.ts";
import { body, functionType, i32Const, list, moduleOf, sized, text } from "./encode.ts";
import { around } from "./opcodes.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? process.cwd();
const guard = (name: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(readFileSync(join(root, `.cache/guards/${name}.wasm`)));

interface Started {
  readonly exports: WebAssembly.Exports;
  /** What is left. */
  fuel: number;
  call(name: string, ...values: number[]): unknown;
}

function start(bytes: Uint8Array<ArrayBuffer>, outOfFuel: () => unknown): Started {
  const module = new WebAssembly.Module(bytes);
  const { exports } = new WebAssembly.Instance(module, { edge_guard: { out_of_fuel: outOfFuel as () => number } });
  const exchange = exports[fuelExport] as (left: number) => number;
  return {
    exports,
    get fuel() {
      const left = exchange(0);
      exchange(left);
      return left;
    },
    set fuel(left: number) {
      exchange(left);
    },
    call: (name, ...values) => (exports[name] as (...values: number[]) => unknown)(...values),
  };
}

const runaways = [
  "endless-loop",
  ...["recursion", "tail-call", "table", "indirect", "catch", "fill"].map((name) => `fuel-endless-${name}`),
];

for (const name of runaways) {
  test(`${name}: ends by a trap when the host adds nothing`, () => {
    let asked = 0;
    const started = start(addFuel(guard(name)), () => {
      asked++;
    });
    started.fuel = 20_000;
    assert.throws(() => started.call("label_response", 0, 0, 0, 0), WebAssembly.RuntimeError);
    assert.equal(asked, 1);
  });

  test(`${name}: ends when the host throws, and keeps throwing`, () => {
    const stop = new Error("enough");
    const started = start(addFuel(guard(name)), () => {
      started.fuel = 0;
      throw stop;
    });
    started.fuel = 20_000;
    // A guest that catches what its callees throw meets the next throw at its own loop.
    assert.throws(() => started.call("label_response", 0, 0, 0, 0), stop);
  });

  test(`${name}: asks again after each slice`, () => {
    let slices = 0;
    const started = start(addFuel(guard(name)), () => (++slices < 10 ? 2_000 : 0));
    assert.throws(() => started.call("label_response", 0, 0, 0, 0), WebAssembly.RuntimeError);
    assert.equal(slices, 10);
  });
}

test("a start function lives on what the import answers, and ends without", () => {
  let asked = 0;
  const bytes = addFuel(guard("fuel-endless-start"));
  assert.throws(() => start(bytes, () => (asked++ < 3 ? 1_000 : 0)), WebAssembly.RuntimeError);
  assert.equal(asked, 4);
  assert.throws(
    () =>
      start(bytes, () => {
        throw new TypeError("no");
      }),
    TypeError,
  );
});

test("an instance goes on after it was refilled, by the global or by the answer", () => {
  const summing = moduleOf([
    [1, list([functionType([0x7f], [0x7f])])],
    [3, list([[0]])],
    [7, list([[...text("sum"), 0, 0]])],
    // A loop that counts its parameter down and adds it up.
    [
      10,
      list([
        body(
          [0x7f],
          [0x03, 0x40, 0x20, 1, 0x20, 0, 0x6a, 0x21, 1, 0x20, 0, ...i32Const(1), 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1],
        ),
      ]),
    ],
  ]);
  const used: number[] = [];
  for (const way of ["ample", "by the answer", "by the global"] as const) {
    let granted = 0;
    const started = start(addFuel(summing), () => {
      const grant = way === "ample" ? 1_000_000 : 50;
      granted += grant;
      if (way === "by the global") started.fuel += grant;
      return way === "by the global" ? undefined : grant;
    });
    assert.equal(started.call("sum", 1000), 500500);
    used.push(granted - started.fuel);
  }
  assert.ok(used[0]! >= 9_000 && used[0]! < 9_100, `used ${used[0]}`);
  assert.deepEqual(used, [used[0], used[0], used[0]]);
});

test("bulk instructions cost by their length", () => {
  const filling = moduleOf([
    [1, list([functionType([0x7f], [])])],
    [3, list([[0]])],
    [5, list([[1, 1, 1]])],
    [7, list([[...text("fill"), 0, 0]])],
    [10, list([body([], [...i32Const(0), ...i32Const(0), 0x20, 0, 0xfc, 11, 0])])],
  ]);
  const started = start(addFuel(filling), () => 0);
  const used = (length: number): number => {
    started.fuel = 100_000;
    started.call("fill", length);
    return 100_000 - started.fuel;
  };
  assert.equal(used(65_536) - used(0), 8192);
  started.fuel = 100_000;
  assert.throws(() => started.call("fill", -1), WebAssembly.RuntimeError);
});

test("custom sections stay, the name section is put right, what holds code offsets goes", () => {
  const custom = (name: string, content: readonly number[]): readonly [number, readonly number[]] => [
    0,
    [...text(name), ...content],
  ];
  const names = list([
    [0, ...text("first")],
    [1, ...text("second")],
  ]);
  const bytes = moduleOf([
    custom("early", [1, 2, 3]),
    [1, list([functionType([], [])])],
    [3, list([[0], [0]])],
    [10, list([body([0x7f], [0x10, 1]), body([], [])])],
    custom("name", [
      0,
      ...sized(text("module")),
      1,
      ...sized(names),
      2,
      ...sized(list([[0, ...list([[0, ...text("x")]])]])),
    ]),
    custom(".debug_line", [9]),
    custom("producers", [0]),
  ]);
  const rewritten = addFuel(bytes);
  const module = new WebAssembly.Module(rewritten);
  const content = (name: string): number[][] =>
    WebAssembly.Module.customSections(module, name).map((section) => [...new Uint8Array(section)]);
  assert.deepEqual(content("early"), [[1, 2, 3]]);
  assert.deepEqual(content("producers"), [[0]]);
  assert.deepEqual(content(".debug_line"), []);
  const expected = list([
    [0, ...text("edge_guard.out_of_fuel")],
    [1, ...text("second")],
    [2, ...text("first")],
    [3, ...text("edge_guard.refill")],
    [4, ...text("edge_guard.charge_length")],
    [5, ...text("edge_guard.exchange")],
    [6, ...text("edge_guard.renew")],
  ]);
  assert.deepEqual(content("name"), [
    [0, ...sized(text("module")), 1, ...sized(expected), 2, ...sized(list([[2, ...list([[0, ...text("x")]])]]))],
  ]);
});

const refused: readonly (readonly [what: string, bytes: Uint8Array<ArrayBuffer>, message: RegExp])[] = [
  ["an unknown opcode", around([0x01, 0xe7]), /0xe7 at offset 68: unknown/],
  ["an unknown number after 0xfc", around([0xfc, 0x40]), /0xfc 0x40 at offset/],
  ["a gap among the vector instructions", around([0xfd, 0x9a, 1]), /0xfd 0x9a at offset/],
  ["garbage collection", around([0xfb, 0]), /0xfb at offset \d+: garbage collection/],
  ["atomics", around([0xfe, 3, 0]), /0xfe at offset \d+: threads/],
  ["a second memory", around([0x41, 0, 0x28, 0x42, 1, 0]), /second memory/],
  ["a branch out of its function", around([0x0c, 1]), /branch leads out/],
  ["the global of the count, by its index", around([0x41, 0, 0x24, 1]), /index \(1\)/],
  ["the function that refills, by its index", around([0x10, 3]), /index \(3\)/],
  ["the local of the count, by its index", around([0x20, 1, 0x1a]), /index \(1\)/],
  ["the types of the rewrite, by their index", around([0x02, 1, 0x0b]), /index \(1\)/],
  ["a body without an end", around([0x02, 0x40]), /no end|after the end/],
];

for (const [what, bytes, message] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => addFuel(bytes),
      (error) =>
        (error instanceof ModuleError && error.code === "bad-module" && message.test(error.message)) ||
        assert.fail(String(error)),
    );
  });
}

test("refused: a module that counts already", () => {
  assert.throws(() => addFuel(addFuel(guard("endless-loop"))), ModuleError);
});

test("cut short or damaged anywhere: a ModuleError, or a module that is no more valid than before", () => {
  const bytes = guard("fuel-endless-table");
  for (let length = 0; length < bytes.length; length++) {
    try {
      addFuel(bytes.slice(0, length));
    } catch (error) {
      assert.ok(error instanceof ModuleError, `${length}: ${error}`);
    }
  }
  for (let position = 8; position < bytes.length; position++) {
    for (const bit of [1, 2, 4, 16, 64, 128]) {
      const damaged = bytes.slice();
      damaged[position]! ^= bit;
      try {
        const rewritten = addFuel(damaged);
        assert.equal(WebAssembly.validate(rewritten), WebAssembly.validate(damaged), `byte ${position}, bit ${bit}`);
      } catch (error) {
        assert.ok(error instanceof ModuleError, `byte ${position}, bit ${bit}: ${error}`);
        assert.equal(WebAssembly.validate(damaged), false, `byte ${position}, bit ${bit}: ${error.message}`);
      }
    }
  }
});

test("state mutations: each kind is found, memory.init is none", () => {
  const found = (code: readonly number[]): readonly string[] => {
    const bytes = around(code);
    return stateMutations(bytes, readModule(bytes));
  };
  assert.deepEqual(found([0x00, 0x26, 0]), ["table.set"]);
  assert.deepEqual(found([0x00, 0xfc, 12, 0, 0]), ["table.init"]);
  assert.deepEqual(found([0x00, 0xfc, 14, 0, 0]), ["table.copy"]);
  assert.deepEqual(found([0x00, 0xfc, 15, 0, 0x1a]), ["table.grow"]);
  assert.deepEqual(found([0x00, 0xfc, 17, 0]), ["table.fill"]);
  assert.deepEqual(found([0xfc, 13, 0]), ["elem.drop"]);
  assert.deepEqual(found([0xfc, 9, 0]), ["data.drop"]);
  assert.deepEqual(found([0x00, 0xfc, 9, 0, 0x26, 0, 0xfc, 13, 0]), ["table.set", "elem.drop", "data.drop"]);
  assert.deepEqual(found([0x00, 0xfc, 8, 0, 0, 0xfc, 10, 0, 0, 0xfc, 11, 0, 0xfc, 16, 0]), []);
  assert.deepEqual(found([...i32Const(0x26), 0x1a, ...i32Const(-4), 0x1a]), []);
});
