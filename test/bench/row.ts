// One figure of the bench: a ratio within one run, beside the bar that it must hold.

export interface Row {
  readonly what: string;
  /** Measured; without a unit it is a ratio. */
  readonly figure: string;
  readonly bar?: string;
  readonly held?: boolean;
  /** Absolute values for orientation only: machines differ. */
  readonly note?: string;
}

/** The median of several timings, in milliseconds per call of `body`. */
export async function median(
  body: () => unknown,
  { batches = 9, calls = 1, warmup = 1 }: { batches?: number; calls?: number; warmup?: number } = {},
): Promise<number> {
  for (let index = 0; index < warmup; index++) await body();
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const started = performance.now();
    for (let index = 0; index < calls; index++) await body();
    times.push((performance.now() - started) / calls);
  }
  return times.sort((a, b) => a - b)[batches >> 1] ?? Number.NaN;
}

/** Times two bodies in turn, so that what else the machine does falls on both: the medians over all rounds, in milliseconds. */
export async function alternate(
  one: () => unknown,
  other: () => unknown,
  options: { batches?: number; calls?: number; warmup?: number },
  rounds = 9,
): Promise<[one: number, other: number]> {
  const times: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round++) {
    const found = [await median(one, options), await median(other, options)] as const;
    // The first round only warms up.
    if (round < 0) continue;
    times[0].push(found[0]);
    times[1].push(found[1]);
  }
  const middle = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
  return [middle(times[0]), middle(times[1])];
}

export function ratio(
  what: string,
  ours: number,
  theirs: number,
  bar: { atMost?: number; atLeast?: number } = {},
  note?: string,
): Row {
  const value = ours / theirs;
  const held = (bar.atMost === undefined || value <= bar.atMost) && (bar.atLeast === undefined || value >= bar.atLeast);
  const text =
    bar.atMost !== undefined ? `<= ${bar.atMost}` : bar.atLeast !== undefined ? `>= ${bar.atLeast}` : undefined;
  return {
    what,
    figure: `${value.toFixed(2)}x`,
    ...(text === undefined ? {} : { bar: text, held }),
    ...(note === undefined ? {} : { note }),
  };
}

export const milliseconds = (value: number): string =>
  `${value < 1 ? `${(value * 1000).toFixed(1)} us` : `${value.toFixed(1)} ms`}`;
