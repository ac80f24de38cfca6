// What the guarded proxy costs against a plain one that hands every byte on, in Node and in workerd: lists of 30 issues, servers on
// loopback and 30 ms away, 1, 16 and 64 agents that call without a pause.
import type { Environment, Row } from "./environment.ts";
import { createAgents } from "./proxy/agents.ts";
import { ITEMS, LIST, startServer } from "./proxy/server.ts";
import { ratio } from "./row.ts";

const ROUNDS = 5;
/** Calls of each agent per round. */
const CALLS: Readonly<Record<number, number>> = { 1: 60, 16: 12, 64: 4 };

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

const middle = (times: number[]): number =>
  quantile(
    times.sort((a, b) => a - b),
    0.5,
  );

/** The guard's own time in the calls so far, in milliseconds. Not on Workers, whose clocks stand still while they compute. */
async function labelTimeInCalls(url: string): Promise<number> {
  return middle((await (await fetch(`${url}/label-times`)).json()) as number[]);
}

/** The guard's own time without a proxy around it, timed from outside: what many calls take more than none. */
async function labelTime(url: string, times: number): Promise<number> {
  const body = JSON.stringify(LIST);
  const once = async (count: number): Promise<number> => {
    const started = performance.now();
    const { status } = await fetch(`${url}/labels?times=${count}`, { method: "POST", body });
    if (status !== 204) throw new Error(`The guard could not be timed: HTTP ${status}`);
    return performance.now() - started;
  };
  await once(times);
  const found: number[] = [];
  for (let round = 0; round < ROUNDS; round++) found.push(((await once(times)) - (await once(0))) / times);
  return middle(found);
}

/** All by turns, so that what the machine does besides hits all. */
async function compare(
  call: (path: string) => Promise<readonly number[]>,
  paths: readonly string[],
  rounds: number,
): Promise<number[][]> {
  const times = paths.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, path] of paths.entries()) {
      const taken = await call(path);
      // The first round only warms up.
      if (round >= 0) times[index]!.push(...taken);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b));
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
        const alone = await labelTime(host.url, quick ? 5 : 200);
        for (const count of [1, 16, 64]) {
          const calls = quick ? 2 : CALLS[count]!;
          const call = (path: string): Promise<number[]> => agents.call(`${host.url}${path}`, count, calls);
          const [ours, theirs] = await compare(call, ["/guarded", "/plain"], quick ? 1 : ROUNDS);
          const at = (part: number): [number, number] => [quantile(ours!, part), quantile(theirs!, part)];
          const [p50, plain] = at(0.5);
          // Only one agent's calls hold the guard's time and nobody else's.
          const isClear = count === 1 && runtime === "node";
          const label = isClear ? await labelTimeInCalls(host.url) : alone;
          const where = `${delay === 0 ? "loopback" : `${delay} ms away`}, ${count} agent${count === 1 ? "" : "s"}`;
          const note = `${p50.toFixed(2)} ms, plain ${plain.toFixed(2)} ms, labels ${label.toFixed(2)} ms`;
          const isFar = delay > 0 && count === 1;
          const found = [ratio(`${where}, p50`, p50, plain, isFar ? "proxy-far" : undefined, note)];
          if (delay === 0 && count === 1)
            found.push(ratio(`${where}, p50 less labels`, p50 - label, plain, "proxy-near"));
          found.push(ratio(`${where}, p99`, ...at(0.99)));
          rows.push(...found.map((row) => ({ ...row, runtime })));
        }
      } finally {
        await host.close();
        server.close();
      }
    }
  }
  agents.close();
  return rows.map((row) => ({ ...row, group: `a list of ${ITEMS} issues: guarded proxy / plain proxy` }));
}
