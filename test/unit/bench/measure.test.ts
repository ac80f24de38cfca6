// What the bench makes of timings: ratios of the same round, medians, spreads, bars, and reasons in the place of figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bars } from "../../bench/bars.ts";
import { compare, type Pace, repeat, type Started, startHere } from "../../bench/measure.ts";
import { holds, rowOf } from "../../bench/row.ts";

const pace: Pace = { rounds: 5, batchMs: 10, budgetMs: 1000, fewest: 2, warmCalls: 0, warmMs: 0 };

/** A contender whose calls take what the list says, round by round; calibration sees the first. */
function scripted(name: string, milliseconds: readonly number[]): Started & { readonly batches: number[] } {
  const batches: number[] = [];
  let round = -1;
  return {
    name,
    batches,
    async batch(calls) {
      batches.push(calls);
      return (milliseconds[Math.max(0, Math.min(round++, milliseconds.length - 1))] ?? 1) * calls;
    },
  };
}

test("each round is compared with the reference of the same round", async () => {
  // The machine is slow in the second round and the fourth, for both: the ratio does not move.
  const reference = scripted("reference", [10, 10, 100, 10, 50, 10]);
  const other = scripted("other", [20, 20, 200, 20, 100, 20]);
  const rows = await compare(
    { what: "group", reference: "reference", contenders: [] } as never,
    [reference, other],
    pace,
  );
  assert.deepEqual(
    rows.map(({ what, value, low, high }) => ({ what, value, low, high })),
    [
      { what: "reference", value: 1, low: 1, high: 1 },
      { what: "other", value: 2, low: 2, high: 2 },
    ],
  );
});

test("what is the engine's is taken off in the same round", async () => {
  const comparisons = [{ what: "own part", over: "whole", less: "engine", under: "reference" }];
  const started = [scripted("reference", [10, 10, 20]), scripted("engine", [6, 6, 12]), scripted("whole", [8, 8, 16])];
  const rows = await compare({ what: "group", reference: "reference", comparisons }, started, pace);
  assert.equal(rows.at(-1)?.value?.toFixed(6), "0.200000");
});

test("a contender that cannot start has its reason, and so has what is compared with it", async () => {
  const missing = await startHere({
    name: "missing",
    start: () => {
      throw new Error("no JSPI");
    },
  });
  const comparisons = [{ what: "missing / reference", over: "missing", under: "reference" }];
  const rows = await compare(
    { what: "group", reference: "reference", comparisons },
    [scripted("reference", [10]), missing],
    pace,
  );
  assert.deepEqual(
    rows.map(({ what, failed, value }) => ({ what, failed, value })),
    [
      { what: "reference", failed: undefined, value: 1 },
      { what: "missing", failed: "no JSPI", value: undefined },
      { what: "missing / reference", failed: "no JSPI", value: undefined },
    ],
  );
});

test("a contender that breaks half-way has its reason, and the others go on", async () => {
  let batches = 0;
  const breaking: Started = {
    name: "breaking",
    async batch(calls) {
      if (++batches > 3) throw new Error("full after 16384 calls");
      return 10 * calls;
    },
  };
  const rows = await compare({ what: "group", reference: "reference" }, [scripted("reference", [10]), breaking], pace);
  assert.equal(rows[0]?.value, 1);
  assert.equal(rows[1]?.failed, "full after 16384 calls");
});

test("batches grow until they are long enough; slow contenders get fewer rounds, never less than the fewest", async () => {
  const fast = scripted("fast", [0.01]);
  await compare({ what: "group", reference: "fast" }, [fast], pace);
  assert.equal(fast.batches.at(-1), 1000);
  const slow = scripted("slow", [900]);
  await compare({ what: "group", reference: "slow" }, [slow], pace);
  assert.deepEqual(slow.batches, [1, 1, 1]);
});

test("a body that answers at once is not awaited, one that promises is", async () => {
  const order: string[] = [];
  await repeat(() => void order.push("sync"), 2);
  await repeat(async () => {
    await Promise.resolve();
    order.push("async");
  }, 2);
  assert.deepEqual(order, ["sync", "sync", "async", "async"]);
});

test("a bar is held on its side alone, and not when something else that it asks for is missing", () => {
  assert.ok(holds("echo-json", 1.15) && !holds("echo-json", 1.16));
  assert.ok(holds("many-answers", 10) && !holds("many-answers", 9.9));
  const row = { group: "g", what: "w", unit: "x", bar: "second-load" } as const;
  assert.equal(rowOf([12, 15, 18], row).held, true);
  assert.equal(rowOf([12, 15, 18], { ...row, also: false }).held, false);
  assert.deepEqual(rowOf([12, 15, 18], row).low, 12);
});

test("every bar has exactly one side", () => {
  for (const [id, { atMost, atLeast }] of Object.entries(bars)) {
    assert.equal([atMost, atLeast].filter((side) => side !== undefined).length, 1, id);
  }
});
