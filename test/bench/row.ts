// One figure of the bench and how it is made from timings.
import { type BarId, bars } from "./bars.ts";

export interface Row {
  /** What is compared with what; rows of one group stand together. */
  readonly group: string;
  readonly what: string;
  /** In `unit`; absent when it could not be measured. */
  readonly value?: number;
  /** `x`: a ratio, to the group's reference unless `what` says otherwise. */
  readonly unit: "x" | "ms" | "bytes";
  /** The middle half of the rounds, in `unit`. */
  readonly low?: number;
  readonly high?: number;
  /** Of one call, for orientation only: machines differ. */
  readonly milliseconds?: number;
  readonly bar?: BarId;
  readonly held?: boolean;
  /** Why there is no value. */
  readonly failed?: string;
  readonly note?: string;
  /** Measured in whole runs only. */
  readonly whole?: boolean;
  /** Where it was measured, when that is not the runtime that the bench ran in. */
  readonly runtime?: string;
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Whether a value is on the right side of a bar. */
export function holds(id: BarId, value: number): boolean {
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = bars[id];
  return value <= atMost && value >= atLeast;
}

/** A row from what each round gave. */
export function rowOf(
  values: readonly number[],
  row: Pick<Row, "group" | "what" | "unit"> & Partial<Row> & { readonly also?: boolean },
): Row {
  const value = median(values);
  const { also = true, ...rest } = row;
  const spread = values.length > 2 ? { low: quantile(values, 0.25), high: quantile(values, 0.75) } : {};
  const judged = row.bar === undefined ? {} : { held: also && holds(row.bar, value) };
  return { ...rest, value, ...spread, ...judged };
}

/** A row out of two timings of one run, for benches that time by themselves. */
export function ratio(what: string, ours: number, theirs: number, bar?: BarId, note?: string): Row {
  return rowOf([ours / theirs], {
    group: "",
    what,
    unit: "x",
    milliseconds: ours,
    ...(bar === undefined ? {} : { bar }),
    ...(note === undefined ? {} : { note }),
  });
}

export const milliseconds = (value: number): string =>
  `${value < 1 ? `${(value * 1000).toFixed(1)} us` : `${value.toFixed(1)} ms`}`;
