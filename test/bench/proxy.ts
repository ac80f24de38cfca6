// What the guarded proxy costs against a plain one that hands every byte on, in Node and in workerd: lists of 30 issues, servers on
// loopback and 30 ms away, 1, 16 and 64 agents: without a pause, which may ask more than one thread serves, and far away at half of that.
import type { BarId } from "./bars.ts";
import type { Environment } from "./environment.ts";
import { type Agents, createAgents } from "./proxy/agents.ts";
import type { ProxyHost } from "./proxy/hosts.ts";
import { ITEMS } from "./proxy/list.ts";
import { startServer } from "./proxy/server.ts";
import { median, type Row, ratio, rowOf } from "./row.ts";

const ROUNDS = 4;
/** One launch of the same code differs from the next by as much as is to be seen. */
const LAUNCHES = 3;
const COUNTS = [1, 16, 64] as const;
/** Calls of each agent per round; of one agent alone to a server far away fewer, for it mostly waits. */
const CALLS: Readonly<Record<number, number>> = { 1: 60, 16: 12, 64: 4 };
const FAR_CALLS = 20;
/** A server lives long: the first calls, before the engine knows the code, are not measured. */
const WARM_CALLS = 32;
const WARM_AGENTS = 16;

interface Figures {
  /** In milliseconds, the shortest first. */
  readonly times: readonly number[];
  readonly perSecond: number;
}

const quantile = ({ times }: Figures, part: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;

/** All by turns, everybody first as often as last, so that what the machine does besides hits all. */
async function compare<P extends string>(
  call: (path: P) => ReturnType<Agents["call"]>,
  paths: readonly P[],
  rounds: number,
): Promise<Readonly<Record<P, Figures>>> {
  const all = paths.map((path) => ({ path, times: [] as number[], seconds: 0 }));
  for (let round = 0; round < rounds; round++) {
    for (const own of round % 2 === 0 ? all : all.toReversed()) {
      const { times, seconds } = await call(own.path);
      own.times.push(...times);
      own.seconds += seconds;
    }
  }
  const figures = all.map(({ path, times, seconds }) => {
    const perSecond = times.length / seconds;
    return [path, { times: times.sort((a, b) => a - b), perSecond }] as const;
  });
  return Object.fromEntries(figures) as unknown as Readonly<Record<P, Figures>>;
}

const both = ["guarded", "plain"] as const;
const four = [...both, "held", "labelled"] as const;
type Both = Readonly<Record<(typeof both)[number], Figures>>;
type Four = Readonly<Record<(typeof four)[number], Figures>>;

const p50 = (figures: Figures): number => quantile(figures, 0.5);
const labelTime = ({ labelled, held }: Four): number => p50(labelled) - p50(held);
/** What the guarded proxy takes without its guard, in terms of the plain one. */
const withoutLabels = (found: Four): number => (p50(found.guarded) - labelTime(found)) / p50(found.plain);

/** What one agent sees, of each of the launches. */
function rowsOfLaunches(where: string, launches: readonly Four[]): Row[] {
  const row = (what: string, figureOf: (found: Four) => number, more: Partial<Row> = {}): Row =>
    rowOf(launches.map(figureOf), { group: "", what: `${where}, 1 agent, ${what}`, unit: "x", ...more });
  const middle = (figureOf: (found: Four) => number): string => `${median(launches.map(figureOf)).toFixed(2)} ms`;
  const guarded = median(launches.map((found) => p50(found.guarded)));
  return [
    row("p50", (found) => p50(found.guarded) / p50(found.plain), {
      milliseconds: guarded,
      note: `${guarded.toFixed(2)} ms, plain ${middle(({ plain }) => p50(plain))}`,
    }),
    row("p99", (found) => quantile(found.guarded, 0.99) / quantile(found.plain, 0.99)),
    row("p50 less labels", withoutLabels, { bar: "proxy-near", note: `labels ${middle(labelTime)}` }),
  ];
}

function rowsOf(where: string, what: string, { guarded, plain }: Both, load: string, bar?: BarId): Row[] {
  const [ours, theirs] = [p50(guarded), p50(plain)];
  const note = `${ours.toFixed(2)} ms, plain ${theirs.toFixed(2)} ms${load}`;
  return [
    ratio(`${where}, ${what}, p50`, ours, theirs, bar, note),
    ratio(`${where}, ${what}, p99`, quantile(guarded, 0.99), quantile(plain, 0.99)),
  ];
}

/** Many agents, and of a server far away one too. */
async function measure(url: string, agents: Agents, where: string, isFar: boolean, quick: boolean): Promise<Row[]> {
  const rounds = quick ? 1 : ROUNDS;
  const rows: Row[] = [];
  for (const count of isFar ? COUNTS : COUNTS.slice(1)) {
    const calls = quick ? 2 : count === 1 ? FAR_CALLS : CALLS[count]!;
    const run = (perSecond?: number): Promise<Both> =>
      compare((path) => agents.call(`${url}/${path}`, count, calls, perSecond), both, rounds);
    const found = await run();
    const { guarded, plain } = found;
    const served = `${guarded.perSecond.toFixed(0)} calls/s, plain ${plain.perSecond.toFixed(0)}`;
    if (count === 1) rows.push(...rowsOf(where, "1 agent", found, "", "proxy-far"));
    else rows.push(...rowsOf(where, `${count} agents`, found, `; without a pause: ${served}`));
    // Without a pause most of the time is a queue.
    if (!isFar || count === 1) continue;
    const what = `${count} agents at half of what the guarded one serves`;
    rows.push(...rowsOf(where, what, await run(guarded.perSecond / 2), "", "proxy-far"));
  }
  return rows;
}

type Start = (upstream: string) => Promise<ProxyHost>;

/** All rows of a runtime and a server that takes so many milliseconds. */
async function rowsOfServer(start: Start, delay: number, agents: Agents, quick: boolean): Promise<Row[]> {
  const isFar = delay > 0;
  const where = isFar ? `${delay} ms away` : "loopback";
  const [calls, rounds] = quick ? [2, 1] : [CALLS[1]!, ROUNDS];
  const launches: Four[] = [];
  const rows: Row[] = [];
  const server = await startServer(delay);
  try {
    for (let left = isFar || quick ? 1 : LAUNCHES; left > 0; left--) {
      const { url, close } = await start(server.url);
      try {
        const paths = isFar ? both : four;
        for (const path of quick ? [] : paths) await agents.call(`${url}/${path}`, WARM_AGENTS, WARM_CALLS);
        if (!isFar) launches.push(await compare((path) => agents.call(`${url}/${path}`, 1, calls), four, rounds));
        if (left === 1) rows.push(...(await measure(url, agents, where, isFar, quick)));
      } finally {
        await close();
      }
    }
  } finally {
    server.close();
  }
  return isFar ? rows : [...rowsOfLaunches(where, launches), ...rows];
}

export async function bench({ name, quick }: Environment): Promise<Row[]> {
  if (name !== "node") return [];
  const rows: Row[] = [];
  // Only Node has what starts them.
  const { hosts } = await import("./proxy/hosts.ts");
  const agents = createAgents();
  const group = `a list of ${ITEMS} issues: guarded proxy / plain proxy`;
  for (const [runtime, start] of Object.entries(hosts)) {
    for (const delay of [0, 30]) {
      const found = await rowsOfServer(start, delay, agents, quick);
      rows.push(...found.map((row) => ({ ...row, runtime, group })));
    }
  }
  agents.close();
  return rows;
}
