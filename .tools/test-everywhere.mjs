// npm run test:everywhere [-- <runtime> …] [--only=<part of "suite: test">] [--jobs=2] [--readme]: every suite in every runtime.
// Installs what is missing, runs the packed package, prints a table runtime × suite, then runs test/package whole (bundlers, checkers,
// the demos as they are deployed), writes .cache/everywhere.json.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { ensureDependencies, root } from "./ensure.mjs";

const given = process.argv.slice(2);
const flags = given.filter((word) => word.startsWith("--"));
const values = (name) =>
  flags.filter((flag) => flag.startsWith(`--${name}=`)).map((flag) => flag.slice(name.length + 3));
const kept = `${root}.cache/everywhere.json`;

ensureDependencies();
if (flags.includes("--readme")) {
  const { writeReadme } = await import("./everywhere/readme.mjs");
  await writeReadme(JSON.parse(await readFile(kept, "utf8")));
  process.exit(0);
}

const { runtimes } = await import("./runtimes.mjs");
const { prepareRun } = await import("./everywhere/prepare.mjs");
const { runSuitesIn } = await import("./everywhere/start.mjs");
const { judge } = await import("./everywhere/judge.mjs");
const { failuresOf, gapsOf, tableOf } = await import("./everywhere/table.mjs");

const wanted = given.filter((word) => !word.startsWith("--"));
const unknown = wanted.filter((name) => !Object.hasOwn(runtimes, name));
if (unknown.length > 0) {
  console.error(`Cannot test in ${unknown.join(", ")}: the runtimes are ${Object.keys(runtimes).join(", ")}`);
  process.exit(2);
}
const only = values("only");
const whole = wanted.length === 0 && only.length === 0;
const names = Object.keys(runtimes).filter((name) => wanted.length === 0 || wanted.includes(name));

const started = Date.now();
// What is missing comes first: an installation must not take time from a runtime that runs.
for (const name of names) {
  try {
    await runtimes[name].prepare();
  } catch {
    // Its own run says so again, in its row.
  }
}
if (!process.env.EDGE_GUARD_NO_BUILD) await (await import("./build.mjs")).build();
await (await import("./compile-guards.mjs")).compileGuards();
const folder = await mkdtemp(`${root}.cache/everywhere-`);
// Also when the run is interrupted; by then its processes have been ended.
process.on("exit", () => {
  if (!process.env.EDGE_GUARD_KEEP) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});
const outcomes = {};
await prepareRun(folder);
const waiting = [...names];
const work = async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    outcomes[name] = await runSuitesIn(name, runtimes[name], { folder, only });
    const { title, tests, seconds, fault } = outcomes[name];
    const end = fault === undefined ? "" : ", not to its end";
    console.log(`${title}: ${tests.length} tests in ${seconds.toFixed(0)} s${end}`);
  }
};
await Promise.all(Array.from({ length: Number(values("jobs")[0] ?? 2) }, work));

const ordered = Object.fromEntries(names.map((name) => [name, outcomes[name]]));
const { gaps } = JSON.parse(await readFile(`${root}test/run/gaps.json`, "utf8"));
const verdict = judge(ordered, gaps, whole);
/** What consumers' tools say of the package: nothing that differs by runtime. Left out when a part was asked for. */
function runGates() {
  const environment = { ...process.env, EDGE_GUARD_NO_BUILD: "1" };
  const parameters = [`${root}.tools/test.mjs`, "test/package/"];
  const done = spawnSync(process.execPath, parameters, { cwd: root, env: environment, encoding: "utf8" });
  const passed = Number(/^ℹ pass (\d+)$/m.exec(done.stdout)?.[1] ?? 0);
  const isGood = done.status === 0 && passed > 0;
  if (!isGood) console.log(`${done.stdout}${done.stderr}`);
  console.log(`The package, with its consumers' tools: ${isGood ? `${passed} passed` : "FAILED"}`);
  return isGood;
}
const gatesPassed = whole ? runGates() : true;
const seconds = (Date.now() - started) / 1000;
if (whole) await writeFile(kept, JSON.stringify({ seconds, outcomes: ordered, verdict }));
console.log(`\n${tableOf(verdict, ordered)}\n`);
if (verdict.gaps.length > 0) console.log(`Gaps, each known and with its reason:\n${gapsOf(verdict, ordered)}\n`);
if (verdict.failures.length > 0) console.log(`${failuresOf(verdict, ordered)}\n`);
console.log(`${names.length} runtimes in ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`);
console.log(`${verdict.passed} passed, ${verdict.failed} failed`);
process.exit(verdict.failed > 0 || verdict.passed === 0 || !gatesPassed ? 1 : 0);
