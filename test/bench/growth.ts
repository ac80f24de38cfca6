// Does cost stay linear? The exponent of the cost by size, between the smallest and the largest: 1 is linear, 0 does not depend on it.
import { createMonitor, functionBackend, loadGuard, noopGuard } from "edge-guard";
import type { BarId } from "./bars.ts";
import type { Bench, Environment, Row } from "./environment.ts";
import { median, milliseconds, rowOf } from "./environment.ts";
import { labelsFor, monitored } from "./filter.ts";
import { issues } from "./material.ts";
import { withMemory } from "./padded.ts";

interface Subject {
  readonly what: string;
  readonly sizes: readonly number[];
  readonly bar?: BarId;
  /** Makes the body that costs as much as the size says. */
  start(size: number): Promise<() => unknown>;
}

const call = { tool: "t" };

function subjects({ quick, guard }: Environment): Subject[] {
  const now = functionBackend(async () => true);
  return [
    {
      what: "the monitor's part of a call, by items",
      sizes: quick ? [1_000, 10_000] : [1_000, 10_000, 100_000],
      bar: "filter-linear",
      async start(count): Promise<() => unknown> {
        return monitored(labelsFor(count, false), { total_count: count, items: issues(count) });
      },
    },
    {
      what: "one call, by agents that the monitor knows",
      sizes: quick ? [1, 1_000] : [1, 100, 10_000],
      async start(count): Promise<() => unknown> {
        const monitor = createMonitor({ servers: { server: { guard: noopGuard() } }, mode: "propagate" });
        let turn = 0;
        const one = (): Promise<unknown> =>
          monitor.callTool({ agentId: `agent-${turn++ % count}`, server: "server", tool: "t" }, () => ({
            content: [],
          }));
        for (let index = 0; index < count; index++) await one();
        return one;
      },
    },
    {
      what: "replay, by questions",
      sizes: [10, 100, 1_000],
      async start(count): Promise<() => unknown> {
        const limits = { backendCalls: 2_000 };
        const asking = await loadGuard(await guard("asks-as-often"), { backend: now, limits, concurrency: 2_000 });
        const args = { ask: "?".repeat(count) };
        return () => asking.labelResource({ tool: "t", args });
      },
    },
    {
      what: "replay of one question, by the guard's memory in pages",
      sizes: [2, 32, 512],
      async start(pages): Promise<() => unknown> {
        const bytes = withMemory(await guard("asker"), pages);
        const asking = await loadGuard(bytes, { backend: now, limits: { memoryPages: 1024 } });
        return () => asking.labelResource(call);
      },
    },
    {
      what: "fork(), by the guard's memory in pages",
      sizes: [2, 32, 512],
      async start(pages): Promise<() => unknown> {
        const loaded = await loadGuard(withMemory(await guard("asker"), pages), { limits: { memoryPages: 1024 } });
        return async () => (await loaded.fork()).close();
      },
    },
  ];
}

async function measure(subject: Subject, quick: boolean): Promise<Row> {
  const bodies: (() => unknown)[] = [];
  for (const size of subject.sizes) bodies.push(await subject.start(size));
  const times: number[][] = bodies.map(() => []);
  const budget = quick ? 3 : 25;
  for (let round = -2; round < (quick ? 3 : 9); round++) {
    for (const [index, body] of bodies.entries()) {
      const started = performance.now();
      let calls = 0;
      do {
        await body();
        calls++;
      } while (performance.now() - started < budget);
      if (round >= 0) times[index]!.push((performance.now() - started) / calls);
    }
  }
  const [smallest = 1, largest = 1] = [subject.sizes[0], subject.sizes.at(-1)];
  const exponents = times[0]!.map(
    (first, round) => Math.log((times.at(-1)?.[round] ?? Number.NaN) / first) / Math.log(largest / smallest),
  );
  const points = times.map(
    (list, index) => `${subject.sizes[index]!.toLocaleString("en")}: ${milliseconds(median(list))}`,
  );
  return rowOf(exponents, {
    group: "growth: exponent of the cost (1 is linear)",
    what: subject.what,
    unit: "x",
    note: points.join(", "),
    ...(subject.bar === undefined ? {} : { bar: subject.bar }),
  });
}

export const growth: Bench = {
  async bench(environment) {
    const rows: Row[] = [];
    for (const subject of subjects(environment)) rows.push(await measure(subject, environment.quick));
    return rows;
  },
};
