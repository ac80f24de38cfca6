// npm run bench [-- <question or runtime> …] [--quick] [--json] [--write]: how we stand against rivals and limits, as one table.
// --quick: few repetitions, to see that it works. --json: for machines, on stdout. --write: keeps a whole run and its chart in test/bench/results.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { pathToFileURL } from "node:url";
import { chartOf } from "./bench/chart.mjs";
import { prepareBench } from "./bench/prepare.mjs";
import { runtimes } from "./bench/runtimes.mjs";
import { barsOf, barTableOf, tableOf } from "./bench/table.mjs";
import { build } from "./build.mjs";
import { compileGuards } from "./compile-guards.mjs";
import { ensureBrowser, root } from "./ensure.mjs";

const given = process.argv.slice(2);
const flags = new Set(given.filter((word) => word.startsWith("--")));
const words = given.filter((word) => !word.startsWith("--"));
const quick = flags.has("--quick");
const results = `${root}test/bench/results`;

const { questions } = JSON.parse(await readFile(`${root}test/bench/questions.json`, "utf8"));
const wrong = [
  ...words.filter((word) => !Object.hasOwn(questions, word) && !Object.hasOwn(runtimes, word)),
  ...[...flags].filter((flag) => !["--quick", "--json", "--write"].includes(flag)),
];
if (wrong.length > 0) {
  const known = [...Object.keys(questions), ...Object.keys(runtimes)].join(", ");
  console.error(`Cannot measure ${wrong.join(", ")}: there are ${known}, --quick, --json and --write`);
  process.exit(2);
}
const named = (table) => {
  const wanted = words.filter((word) => Object.hasOwn(table, word));
  return wanted.length === 0 ? Object.keys(table) : wanted;
};
const wantedQuestions = named(questions);
const wantedRuntimes = named(runtimes);

await build();
await compileGuards();
const folder = await mkdtemp(`${root}.cache/bench-`);
const rows = [];
const faults = [];

const isDriving = (question) => question === "cache-chromium";

/** Asks one runtime; one process or page per question in a whole run, so that none has the heap and the profile of another. */
async function measure(runtime, isAsked, guests) {
  const names = wantedQuestions.filter((name) => questions[name].includes(runtime) && isAsked(name));
  for (const batch of quick ? [names] : names.map((name) => [name])) {
    const hear = ({ question, rows: found, seconds, fault }) => {
      if (found !== undefined) rows.push(...found.map((row) => ({ question, runtime, ...row })));
      if (fault !== undefined) faults.push(`${question} in ${runtime}: ${fault}`);
      if (seconds !== undefined) console.error(`${runtime} ${question}: ${seconds.toFixed(1)} s`);
    };
    if (batch.length === 0) continue;
    const fault = await runtimes[runtime]({ names: batch, quick, folder, guests }, hear, 400);
    if (fault !== undefined) faults.push(`${batch.join(", ")} in ${runtime}: ${fault}`);
  }
}

let started = Date.now();
let bars;
try {
  const guests = await prepareBench(folder);
  ({ bars } = await import(pathToFileURL(`${folder}/tools/test/bench/entries/tools.mjs`).href));
  if (wantedRuntimes.includes("chromium") || wantedQuestions.includes("cache-chromium")) {
    process.env.EDGE_GUARD_CHROMIUM = ensureBrowser("chromium");
  }
  started = Date.now();
  // What drives a browser from Node takes longest.
  const waiting = wantedRuntimes.includes("node") ? [["node", isDriving]] : [];
  for (const name of wantedRuntimes) waiting.push([name, (question) => !isDriving(question)]);
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await measure(...next, guests);
  };
  // Figures need the machine for themselves; seeing that it works does not.
  await Promise.all(Array.from({ length: quick ? 3 : 1 }, work));
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
const seconds = (Date.now() - started) / 1000;

const order = Object.keys(questions);
const byOrder = (a, b) => order.indexOf(a.question) - order.indexOf(b.question);
rows.sort(byOrder);
const judged = barsOf(rows, bars);
const processor = cpus()[0]?.model ?? "unknown";
const report = {
  machine: `${cpus().length} cores, ${processor}`,
  /** Processes that wanted to run, on average, in the quarter of an hour behind: beyond the number of cores figures scatter. */
  load: loadavg()[2],
  node: process.version,
  quick,
  seconds,
  rows,
  bars: judged,
};

// A question that gave no figure in a runtime that it is asked in is a fault, and so is a bar without one.
for (const name of wantedQuestions) {
  for (const runtime of wantedRuntimes.filter((runtime) => questions[name].includes(runtime))) {
    const found = rows.some(
      (row) => row.question === name && row.value !== undefined && (row.runtime === runtime || runtime === "node"),
    );
    if (!found) faults.push(`${name} in ${runtime}: no figure`);
  }
}
// What a whole run found, a quick one must find too.
const kept = await readFile(`${results}/bench.json`, "utf8").then(JSON.parse, () => undefined);
const keyOf = ({ question, runtime, group, what }) => `${question} in ${runtime}: ${group}: ${what}`;
const found = new Set(rows.filter(({ value }) => value !== undefined).map(keyOf));
for (const row of quick ? (kept?.rows ?? []) : []) {
  const asked = wantedQuestions.includes(row.question) && (wantedRuntimes.includes(row.runtime) || words.length === 0);
  if (asked && row.value !== undefined && !row.whole && !found.has(keyOf(row)))
    faults.push(`No figure for ${keyOf(row)}`);
}
if (words.length === 0) {
  for (const { id, held } of judged) if (held === undefined) faults.push(`The bar "${id}" was not measured`);
}

if (flags.has("--json")) console.log(JSON.stringify(report, null, 1));
else {
  console.log(tableOf(rows, Object.keys(runtimes), bars));
  if (words.length === 0) console.log(barTableOf(judged));
  console.log(
    `\n${report.machine}; ${rows.length} figures in ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`,
  );
}
if (flags.has("--write")) {
  if (quick || words.length > 0) faults.push("Only a whole run is kept: leave out --quick and names");
  else {
    await mkdir(results, { recursive: true });
    await writeFile(`${results}/bench.json`, `${JSON.stringify(report, null, 1)}\n`);
    await writeFile(`${results}/bench.svg`, chartOf(report));
  }
}
for (const fault of faults) console.error(`FAULT ${fault}`);
process.exit(faults.length > 0 ? 1 : 0);
