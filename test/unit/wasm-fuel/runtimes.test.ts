// The same calls burn the same fuel in Node, Deno and Bun.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import createWabt from "wabt";
import { addFuel } from "../../../src/wasm/fuel.ts";
import { features } from "./features.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? process.cwd();
const wabt = await createWabt();

const cases = features.map(({ name, wat, calls }) => {
  const module = wabt.parseWat("feature", wat, { exceptions: true, tail_call: true });
  const bytes = addFuel(Uint8Array.from(module.toBinary({}).buffer));
  module.destroy();
  return {
    name,
    bytes: [...bytes],
    calls: calls.filter(([, , result]) => result !== "trap").map(([entry, values]) => [entry, values]),
  };
});

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
  for (const [entry, values] of calls) exports[entry](...values);
  return granted - exports["edge_guard.fuel"].value;
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
        if (fuel === null || reference![index] === null) return;
        compared++;
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
