// The bench works: its quick form finds every figure that the kept whole run has, and the chart is drawn from that run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const root = process.env["EDGE_GUARD_ROOT"] ?? "./";
const results = `${root}test/bench/results`;

interface Row {
  readonly question: string;
  readonly runtime: string;
  readonly group: string;
  readonly what: string;
  readonly value?: number;
  readonly failed?: string;
  readonly whole?: boolean;
}

interface Report {
  readonly quick: boolean;
  readonly rows: readonly Row[];
  readonly bars: readonly { readonly id: string; readonly held?: boolean }[];
}

const read = (name: string): string => readFileSync(`${results}/${name}`, "utf8");

test("a quick run in Node has every row of the kept one, each with a figure or a reason", () => {
  // What drives browsers and servers is left to npm run bench -- --quick as a whole.
  const asked = [
    "call",
    "suspension",
    "instantiate",
    "load",
    "filter",
    "evaluate",
    "preview",
    "fuel",
    "growth",
    "sizes",
  ];
  const done = spawnSync(process.execPath, [`${root}.tools/bench.mjs`, "--quick", "--json", "node", ...asked], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  assert.equal(done.status, 0, done.stderr);
  const report = JSON.parse(done.stdout) as Report;
  assert.equal(report.quick, true);
  const keyOf = ({ question, runtime, group, what }: Row): string => [question, runtime, group, what].join(" | ");
  for (const row of report.rows) {
    assert.ok(row.failed !== undefined || Number.isFinite(row.value), `${keyOf(row)} has neither figure nor reason`);
  }
  const found = new Set(report.rows.map(keyOf));
  const kept = (JSON.parse(read("bench.json")) as Report).rows;
  const wanted = kept.filter((row) => row.runtime === "node" && asked.includes(row.question) && !row.whole);
  assert.ok(wanted.length > 60);
  assert.deepEqual(
    wanted.map(keyOf).filter((key) => !found.has(key)),
    [],
  );
});

test("an unknown name is refused with the names that there are", () => {
  const done = spawnSync(process.execPath, [`${root}.tools/bench.mjs`, "speed"], { cwd: root, encoding: "utf8" });
  assert.equal(done.status, 2);
  assert.match(done.stderr, /Cannot measure speed: there are call, suspension/);
});

test("the kept run is a whole one, and its chart is drawn from it", async () => {
  assert.ok(existsSync(`${results}/bench.svg`));
  const report = JSON.parse(read("bench.json")) as Report;
  assert.equal(report.quick, false);
  assert.deepEqual(
    report.bars.filter(({ held }) => held === undefined),
    [],
  );
  const { chartOf } = await import(pathToFileURL(`${root}.tools/bench/chart.mjs`).href);
  assert.equal(read("bench.svg"), chartOf(report));
});
