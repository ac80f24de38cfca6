// What the guarded proxy costs against a plain one that hands every byte on, in Node and in workerd: lists of 30 issues, servers on
// loopback and 30 ms away, 1, 16 and 64 agents: without a pause, which may ask more than one thread serves, and at half of what it serves.
import type { Environment, Row } from "./environment.ts";
import { type Agents, createAgents } from "./proxy/agents.ts";
import { ITEMS } from "./proxy/list.ts";
import { startServer } from "./proxy/server.ts";
import { ratio } from "./row.ts";

const ROUNDS = 4;
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

async function measure(url: string, agents: Agents, where: string, isFar: boolean, quick: boolean): Promise<Row[]> {
  const rounds = quick ? 1 : ROUNDS;
  const callsOf = (count: number): number => (quick ? 2 : count === 1 && isFar ? FAR_CALLS : CALLS[count]!);
  const at = (path: string): string => `${url}/${path}`;
  const both = ["guarded", "plain"] as const;
  const four = [...both, "held", "labelled"] as const;
  for (const path of quick ? [] : isFar ? both : four) await agents.call(at(path), WARM_AGENTS, WARM_CALLS);
  const busy = new Map<number, Readonly<Record<"guarded" | "plain", Figures>>>();
  let label = Number.NaN;
  for (const count of COUNTS) {
    const call = (path: string): ReturnType<Agents["call"]> => agents.call(at(path), count, callsOf(count));
    if (count === 1 && !isFar) {
      const found = await compare(call, four, rounds);
      label = quantile(found.labelled, 0.5) - quantile(found.held, 0.5);
      busy.set(count, found);
    } else busy.set(count, await compare(call, both, rounds));
  }
  /** What one thread serves, in calls per second. */
  const most = busy.get(64)!.guarded.perSecond;
  const rows: Row[] = [];
  const add = (
    what: string,
    { guarded, plain }: Readonly<Record<"guarded" | "plain", Figures>>,
    load: string,
  ): void => {
    const [p50, theirs] = [quantile(guarded, 0.5), quantile(plain, 0.5)];
    const note = `${p50.toFixed(2)} ms, plain ${theirs.toFixed(2)} ms${load}`;
    rows.push(ratio(`${where}, ${what}, p50`, p50, theirs, isFar && load === "" ? "proxy-far" : undefined, note));
    rows.push(ratio(`${where}, ${what}, p99`, quantile(guarded, 0.99), quantile(plain, 0.99)));
  };
  for (const [count, figures] of busy) {
    const { guarded, plain } = figures;
    const served = `${guarded.perSecond.toFixed(0)} calls/s, plain ${plain.perSecond.toFixed(0)}`;
    add(count === 1 ? "1 agent" : `${count} agents`, figures, count === 1 ? "" : `; without a pause: ${served}`);
    if (count === 1 && !isFar) {
      const [p50, theirs] = [quantile(guarded, 0.5), quantile(plain, 0.5)];
      const note = `labels ${label.toFixed(2)} ms`;
      rows.push(ratio(`${where}, 1 agent, p50 less labels`, p50 - label, theirs, "proxy-near", note));
    }
  }
  for (const count of COUNTS.slice(1)) {
    const figures = await compare((path) => agents.call(at(path), count, callsOf(count), most / 2), both, rounds);
    add(`${count} agents at half of what the guarded one serves`, figures, "");
  }
  return rows;
}

export async function bench({ name, quick }: Environment): Promise<Row[]> {
  if (name !== "node") return [];
  const rows: Row[] = [];
  // Only Node has what starts them.
  const { hosts } = await import("./proxy/hosts.ts");
  const agents = createAgents();
  for (const [runtime, start] of Object.entries(hosts)) {
    for (const delay of [0, 30]) {
      const server = await startServer(delay);
      const host = await start(server.url);
      try {
        const where = delay === 0 ? "loopback" : `${delay} ms away`;
        const found = await measure(host.url, agents, where, delay > 0, quick);
        rows.push(...found.map((row) => ({ ...row, runtime })));
      } finally {
        await host.close();
        server.close();
      }
    }
  }
  agents.close();
  return rows.map((row) => ({ ...row, group: `a list of ${ITEMS} issues: guarded proxy / plain proxy` }));
}
