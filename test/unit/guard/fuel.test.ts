// Who counts by default, how much is enough, and what stands in for a clock that stands still.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuardError } from "../../../src/errors.ts";
import { defaultFuel, fuelOf } from "../../../src/guard/fuel-budget.ts";
import { countsByDefault, readCapabilities } from "../../../src/guard/fuel-default.ts";
import { createMeter } from "../../../src/wasm/meter.ts";

const page = { page: true, endsWorkers: false };
const firefoxPage = { page: true, endsWorkers: true };
const node = { page: false, endsWorkers: true };
/** Deno, Bun, Workers, the workers of Chromium and WebKit. */
const other = { page: false, endsWorkers: false };
const nothing = { inWorker: false, budget: false, deadline: false };

const cases = [
  ["a page's own thread", page, nothing, true],
  ["a page's own thread in Firefox", firefoxPage, nothing, true],
  ["a worker that ends at once", firefoxPage, { ...nothing, inWorker: true, deadline: true }, false],
  ["a worker that does not", page, { ...nothing, inWorker: true }, true],
  ["Deno, Bun, Workers", other, nothing, true],
  ["Node", node, nothing, false],
  ["Node, with a deadline", node, { ...nothing, deadline: true }, true],
  ["Node, with a budget", node, { ...nothing, budget: true }, true],
  ["a worker in Node", node, { ...nothing, inWorker: true, deadline: true }, false],
  ["a worker in Node, with a budget", node, { ...nothing, inWorker: true, budget: true }, true],
] as const;

for (const [what, capabilities, guard, wanted] of cases) {
  test(`${what}: ${wanted ? "counts" : "does not count"}`, () => {
    assert.equal(countsByDefault(capabilities, guard), wanted);
  });
}

test("this is Node", () => {
  assert.deepEqual(readCapabilities(), node);
});

test("a call without any bound has a budget; one with a deadline burns what it can until then", () => {
  assert.equal(fuelOf(undefined, undefined), defaultFuel);
  assert.equal(fuelOf(undefined, Number.POSITIVE_INFINITY), defaultFuel);
  assert.equal(fuelOf(undefined, 100), Number.POSITIVE_INFINITY);
  assert.equal(fuelOf(7, 100), 7);
});

test("a clock that stands still: a millisecond is a million units", () => {
  const { now } = performance;
  performance.now = () => 1000;
  try {
    const meter = createMeter(() => undefined, { fuel: Number.POSITIVE_INFINITY, milliseconds: 20 });
    const outOfFuel = meter.imports["out_of_fuel"] as unknown as () => number;
    let granted = 0;
    assert.throws(
      () =>
        meter.start(() => {
          for (let grant = outOfFuel(); grant > 0; grant = outOfFuel()) granted += grant;
          // What the guest does then.
          throw new WebAssembly.RuntimeError("unreachable");
        }),
      (error) => (error as GuardError).code === "timeout" || assert.fail(String(error)),
    );
    assert.ok(granted >= 20_000_000 && granted < 20_600_000, `It was granted ${granted}`);
  } finally {
    performance.now = now;
  }
});

test("a guest that is stopped gets nothing more, whatever it asks", () => {
  const meter = createMeter(() => undefined, { fuel: 10, milliseconds: Number.POSITIVE_INFINITY });
  const outOfFuel = meter.imports["out_of_fuel"] as unknown as () => number;
  assert.throws(
    () =>
      meter.start(() => {
        assert.equal(outOfFuel(), 10);
        for (let time = 0; time < 5; time++) assert.equal(outOfFuel(), 0);
        throw new WebAssembly.RuntimeError("unreachable");
      }),
    (error) => (error as GuardError).code === "out-of-fuel",
  );
});
