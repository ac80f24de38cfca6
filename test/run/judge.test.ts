// The verdict on a run in every runtime: nothing is skipped in silence, and no gap outlives its reason.
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const root = resolve(process.env["EDGE_GUARD_ROOT"] ?? ".");

interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly { readonly runtime: string; readonly test: string; readonly why: string }[];
  readonly gaps: readonly { readonly runtime: string; readonly test: string; readonly reason: string }[];
}
interface Gap {
  readonly runtimes: readonly string[];
  readonly tests: string;
  readonly except?: readonly string[];
  readonly reason: string;
}
const { judge } = (await import(pathToFileURL(join(root, ".tools/everywhere/judge.mjs")).href)) as {
  judge(outcomes: unknown, gaps: readonly Gap[], whole: boolean): Verdict;
};

const ran = (results: Readonly<Record<string, boolean>>, fault?: string) => ({
  title: "A runtime",
  tests: Object.entries(results).map(([name, good]) => ({ suite: "s", name, ...(good ? {} : { failure: "Broken" }) })),
  ...(fault && { fault }),
});
const gap = (tests: string, except?: readonly string[]): Gap => ({
  runtimes: ["b"],
  tests,
  reason: "It has no such thing",
  ...(except && { except }),
});
const short = ({ passed, failures, gaps }: Verdict) => [
  passed,
  failures.map(({ runtime, test: name, why }) => `${runtime} ${name}: ${why}`),
  gaps.map(({ runtime, test: name }) => `${runtime} ${name}`),
];

const cases: readonly (readonly [string, unknown, readonly Gap[], boolean, unknown])[] = [
  ["all pass", { a: ran({ x: true }), b: ran({ x: true }) }, [], true, [2, [], []]],
  ["one fails", { a: ran({ x: true }), b: ran({ x: false }) }, [], true, [1, ["b s: x: Broken"], []]],
  ["a known failure", { a: ran({ x: true }), b: ran({ x: false }) }, [gap("s: x")], true, [1, [], ["b s: x"]]],
  ["a known absence", { a: ran({ x: true, y: true }), b: ran({ x: true }) }, [gap("s: y")], true, [3, [], ["b s: y"]]],
  [
    "an absence that nobody knows of",
    { a: ran({ x: true, y: true }), b: ran({ x: true }) },
    [],
    true,
    [3, ["b s: y: it did not run here, though it does in A runtime"], []],
  ],
  [
    "a gap that passes",
    { a: ran({ x: true }), b: ran({ x: true }) },
    [gap("s: *")],
    true,
    [
      1,
      ['b s: x: it passes, though test/run/gaps.json says that it cannot: "It has no such thing"; take the gap out'],
      [],
    ],
  ],
  [
    "a gap that fits nothing",
    { a: ran({ x: true }), b: ran({ x: true }) },
    [gap("s: z")],
    true,
    [2, ["b s: z: test/run/gaps.json has a gap that fits no test; take it out"], []],
  ],
  ["the same in a part of the tests", { b: ran({ x: true }) }, [gap("s: z")], false, [1, [], []]],
  [
    "an exception, and characters that mean something to patterns",
    { a: ran({ "x (1)": true, "x.2": true }), b: ran({ "x (1)": false, "x.2": false }) },
    [gap("s: x*", ["*.2"])],
    true,
    [2, ["b s: x.2: Broken"], ["b s: x (1)"]],
  ],
  [
    "a runtime that died",
    { a: ran({ x: true, y: true, z: true }), b: ran({ x: true }, "it ended early") },
    [gap("s: z")],
    true,
    [4, ["b the run: it ended early", "b the run: 1 tests were not reached"], ["b s: z"]],
  ],
];

for (const [name, outcomes, gaps, whole, expected] of cases) {
  test(`judge: ${name}`, () => {
    const verdict = judge(outcomes, gaps, whole);
    assert.deepEqual(short(verdict), expected);
    assert.equal(verdict.failed, verdict.failures.length);
  });
}

test("judge: two tests of one name are two tests", () => {
  const twice = {
    title: "A",
    tests: [
      { suite: "s", name: "x" },
      { suite: "s", name: "x", failure: "Broken" },
    ],
  };
  assert.deepEqual(short(judge({ a: twice }, [], true)), [1, ["a s: x (2): Broken"], []]);
});

test("judge: who runs some suites only is held against these", () => {
  const tests = (...keys: readonly string[]) => keys.map((key) => ({ suite: key.slice(0, 1), name: key.slice(1) }));
  const whole = { title: "A", tests: tests("s1", "s2", "t1") };
  const part = { title: "B", suites: ["s"], tests: tests("s1") };
  const missing = "b s: 2: it did not run here, though it does in A";
  assert.deepEqual(short(judge({ a: whole, b: part }, [], true)), [4, [missing], []]);
});
