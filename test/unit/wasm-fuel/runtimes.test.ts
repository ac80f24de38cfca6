// The same calls burn the same fuel in Node, Deno and Bun.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import createWabt from "wabt";
import { addFuel } from "../../../src/wasm/fuel.ts";
import { body, functionType, i32Const, list, moduleOf, text } from "./encode.ts";
import { features } from "./features.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? process.cwd();
const wabt = await createWabt();

interface Case {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly calls: readonly (readonly [entry: string, values: readonly unknown[], result?: unknown])[];
}

// A loop whose head is reached by exceptions only: each throws the parameter less one, until it is 0.
const caughtAtHead = moduleOf([
  [1, list([functionType([0x7f], [0x7f]), functionType([0x7f], [])])],
  [3, list([[0]])],
  [13, list([[0, 1]])],
  [7, list([[...text("count"), 0, 0]])],
  [
    10,
    list([
      body(
        [0x7f],
        [
          // local.get 0, loop (param i32): local.set 0, steps += 1, when 0 is 0: return the steps
          ...[0x20, 0, 0x03, 1, 0x21, 0, 0x20, 1, ...i32Const(1), 0x6a, 0x21, 1],
          ...[0x20, 0, 0x45, 0x04, 0x40, 0x20, 1, 0x0f, 0x0b],
          // try_table (catch 0 to the loop): throw 0 (local 0 - 1)
          ...[0x1f, 0x40, 1, 0x00, 0, 0, 0x20, 0, ...i32Const(1), 0x6b, 0x08, 0, 0x0b, 0x0b, 0x00],
        ],
      ),
    ]),
  ],
]);

const cases: readonly Case[] = [
  ...features.map(({ name, wat, calls }) => {
    const module = wabt.parseWat("feature", wat, { exceptions: true, tail_call: true });
    const bytes = [...addFuel(Uint8Array.from(module.toBinary({}).buffer))];
    module.destroy();
    return { name, bytes, calls: calls.filter(([, , result]) => result !== "trap") };
  }),
  { name: "a loop reached by exceptions", bytes: [...addFuel(caughtAtHead)], calls: [["count", [1000], 1001]] },
];

// Prints the fuel of each case as a list; null where the runtime does not take the module.
const script = `
const used = cases.map(({ bytes, calls }) => {
  if (!WebAssembly.validate(Uint8Array.from(bytes))) return null;
  let granted = 0;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)), {
    env: {
      log: (value) => value + 1,
      memory: new WebAssembly.Memory({ initial: 1 }),
      table: new WebAssembly.Table({ initial: 1, element: "anyfunc" }),
      base: 5,
    },
    edge_guard: { out_of_fuel: () => ((granted += 1000), 1000) },
  });
  for (const [entry, values, wanted] of calls) {
    const result = exports[entry](...values);
    if ((result ?? null) !== (wanted ?? null)) throw new Error(entry + ": " + result + " instead of " + wanted);
  }
  return granted - (exports["edge_guard.fuel"]?.(0) ?? 0);
});
console.log(JSON.stringify(used));
`;

const runtimes: readonly (readonly [name: string, command: string, parameters: readonly string[]])[] = [
  ["Node", process.execPath, []],
  ["Deno", join(root, "node_modules/.bin/deno"), ["run", "--quiet", "--no-config"]],
  ["Bun", join(root, "node_modules/.bin/bun"), ["run"]],
];

test("fuel is the same in every runtime", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edge-guard-fuel-"));
  try {
    const file = join(folder, "run.mjs");
    writeFileSync(file, `const cases = ${JSON.stringify(cases)};\n${script}`);
    let reference: (number | null)[] | undefined;
    for (const [name, command, parameters] of runtimes) {
      if (!existsSync(command)) continue;
      const used = JSON.parse(execFileSync(command, [...parameters, file], { encoding: "utf8" })) as (number | null)[];
      reference ??= used;
      let compared = 0;
      used.forEach((fuel, index) => {
        if (fuel === null) return;
        compared++;
        reference![index] ??= fuel;
        assert.equal(fuel, reference![index], `${cases[index]!.name} in ${name}`);
      });
      t.diagnostic(
        `${name}: ${compared} of ${cases.length} compared, ${used.reduce<number>((sum, fuel) => sum + (fuel ?? 0), 0)} in all`,
      );
      assert.ok(compared > cases.length / 2, `${name} takes too few of the modules`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
