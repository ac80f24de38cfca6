// Times contenders by turns within one process, so that what else the machine does falls on all of them alike.
import type { BarId } from "./bars.ts";
import { median, type Row, rowOf } from "./row.ts";

/** One way of doing what a group measures. */
export interface Contender {
  readonly name: string;
  /** Makes the body that is timed. What it throws is the reason why there is no figure here. */
  start(): (() => unknown) | Promise<() => unknown>;
}

/** A figure that is not simply a contender's time over the reference's. */
export interface Comparison {
  readonly over: string;
  readonly under: string;
  /** A contender whose time is taken off that of `over`: work that is the engine's. */
  readonly less?: string;
  readonly bar?: BarId;
  /** Default: the name of `over`, when `under` is the reference. */
  readonly what?: string;
}

/** Contenders that do the same. */
export interface Group {
  readonly what: string;
  /** The contender whose time is 1: the limit, or what everybody would write. */
  readonly reference: string;
  readonly contenders: readonly Contender[];
  readonly comparisons?: readonly Comparison[];
  /** One call takes long and mostly waits: few rounds of one call, all contenders at once. */
  readonly waits?: boolean;
  /** For so long each contender is called before anything is timed, in a whole run. Default: as long as the pace says. */
  readonly warmMs?: number;
  /** How many rounds at least, in a whole run, for figures that scatter. Default: as many as the pace says. */
  readonly rounds?: number;
  /** Takes too long for a quick run. */
  readonly whole?: boolean;
}

/** A contender that is ready, wherever it runs. */
export interface Started {
  readonly name: string;
  readonly failed?: string;
  /** Calls it so often and resolves to the milliseconds that this took. */
  batch(calls: number): Promise<number>;
}

export interface Pace {
  readonly rounds: number;
  /** What slow contenders may take in all, in milliseconds; they still get `fewest` rounds. */
  readonly budgetMs: number;
  readonly fewest: number;
  /** How long one batch should take, in milliseconds. */
  readonly batchMs: number;
  /** What comes before anything is timed: so many calls, or as many as fit in so many milliseconds. */
  readonly warmCalls: number;
  readonly warmMs: number;
}

export const paceOf = (quick: boolean): Pace =>
  quick
    ? { rounds: 3, batchMs: 1, budgetMs: 200, fewest: 2, warmCalls: 1, warmMs: 1 }
    : { rounds: 41, batchMs: 3, budgetMs: 3000, fewest: 5, warmCalls: 20_000, warmMs: 120 };

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

/** Runs a body so often. A body that answers at once is not awaited: its callers would not wait either. */
export async function repeat(body: () => unknown, calls: number): Promise<void> {
  const first = body();
  if (isPromise(first)) {
    await first;
    for (let index = 1; index < calls; index++) await body();
  } else {
    for (let index = 1; index < calls; index++) body();
  }
}

/** A contender in this process. */
export async function startHere(contender: Contender): Promise<Started> {
  try {
    const body = await within(60_000, contender.start());
    return {
      name: contender.name,
      async batch(calls): Promise<number> {
        const started = performance.now();
        await repeat(body, calls);
        return performance.now() - started;
      },
    };
  } catch (error) {
    return { name: contender.name, failed: reasonOf(error), batch: async () => Number.NaN };
  }
}

export const reasonOf = (error: unknown): string =>
  String(error instanceof Error ? error.message : error)
    .split("\n", 1)[0]!
    .slice(0, 160);

async function within<T>(milliseconds: number, promise: T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened for ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Engines compile what is hot, after some thousand calls: what was calibrated cold would get few calls a batch, and stay cold. Not in one
 * go: what an engine compiles meanwhile takes effect where something begins anew.
 */
async function warmUp({ batch }: Started, { warmCalls, warmMs }: Pace): Promise<void> {
  let spent = 0;
  for (let done = 0, calls = 1; done < warmCalls && spent < warmMs; done += calls, calls = Math.min(calls * 2, 100)) {
    spent += await batch(calls);
  }
}

/** Warms a contender up and finds how many calls make a batch of the wanted length. */
async function calibrate(
  started: Started,
  pace: Pace,
): Promise<{ readonly calls: number; readonly milliseconds: number }> {
  const { batchMs } = pace;
  await warmUp(started, pace);
  let calls = 1;
  for (;;) {
    const taken = await started.batch(calls);
    if (taken >= batchMs) {
      const fitting = Math.max(1, Math.round((calls * batchMs) / taken));
      return { calls: fitting, milliseconds: (taken / calls) * fitting };
    }
    calls = Math.max(calls + 1, Math.min(calls * 8, Math.ceil((calls * batchMs * 1.2) / Math.max(taken, 0.01))));
  }
}

type Times = ReadonlyMap<string, number[]>;

async function takeTurns(running: readonly Started[], failures: Map<string, string>, pace: Pace): Promise<Times> {
  const times = new Map(running.map(({ name }) => [name, [] as number[]]));
  const calls = new Map<string, number>();
  let perRound = 0;
  for (const started of running) {
    try {
      const found = await calibrate(started, pace);
      calls.set(started.name, found.calls);
      perRound += found.milliseconds;
    } catch (error) {
      failures.set(started.name, reasonOf(error));
    }
  }
  const rounds = Math.max(pace.fewest, Math.min(pace.rounds, Math.floor(pace.budgetMs / perRound)));
  for (let round = 0; round < rounds; round++) {
    // Everybody comes first as often as last.
    for (let turn = 0; turn < running.length; turn++) {
      const started = running[(turn + round) % running.length]!;
      if (failures.has(started.name)) continue;
      const count = calls.get(started.name)!;
      try {
        times.get(started.name)!.push((await started.batch(count)) / count);
      } catch (error) {
        failures.set(started.name, reasonOf(error));
      }
    }
  }
  return times;
}

async function waitTogether(running: readonly Started[], failures: Map<string, string>, pace: Pace): Promise<Times> {
  const times = new Map(running.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < (pace.rounds > 5 ? 3 : 1); round++) {
    await Promise.all(
      running.map(async ({ name, batch }) => {
        try {
          times.get(name)!.push(await within(60_000, batch(1)));
        } catch (error) {
          failures.set(name, reasonOf(error));
        }
      }),
    );
  }
  return times;
}

/** Measures a group whose contenders have been started. */
export async function compare(
  group: Omit<Group, "contenders">,
  started: readonly Started[],
  pace: Pace,
): Promise<Row[]> {
  const failures = new Map(
    started.flatMap(({ name, failed }) => (failed === undefined ? [] : [[name, failed] as const])),
  );
  const running = started.filter(({ failed }) => failed === undefined);
  const paced =
    pace.rounds > 5
      ? { ...pace, warmMs: group.warmMs ?? pace.warmMs, rounds: Math.max(group.rounds ?? 0, pace.rounds) }
      : pace;
  const times = await (group.waits ? waitTogether : takeTurns)(running, failures, paced);
  const { comparisons = [], reference, what } = group;
  const rows = started.map(({ name }) => {
    const comparison = comparisons.find(
      (item) => item.over === name && item.under === reference && item.what === undefined,
    );
    return rowFor(what, { over: name, under: reference, ...comparison }, times, failures);
  });
  for (const comparison of comparisons) {
    if (comparison.what !== undefined) rows.push(rowFor(what, comparison, times, failures));
  }
  return group.whole ? rows.map((row) => ({ ...row, whole: true })) : rows;
}

function rowFor(group: string, comparison: Comparison, times: Times, failures: ReadonlyMap<string, string>): Row {
  const { over, under, less, bar, what = over } = comparison;
  const base = { group, what, unit: "x", ...(bar === undefined ? {} : { bar }) } as const;
  const failed = failures.get(over) ?? failures.get(under) ?? failures.get(less ?? "");
  if (failed !== undefined) return { group, what, unit: "x", failed };
  const taken = less === undefined ? [] : (times.get(less) ?? []);
  const mine = (times.get(over) ?? []).map((value, round) => value - (taken[round] ?? 0));
  const theirs = times.get(under) ?? [];
  const ratios = mine.map((value, round) => value / (theirs[round] ?? Number.NaN));
  return rowOf(ratios, { ...base, milliseconds: median(mine) });
}
