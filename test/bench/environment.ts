// What a bench gets from the runtime that runs it, and the helpers that every bench uses.
export { alternate, median, milliseconds, type Row, ratio } from "./row.ts";

export interface Environment {
  readonly name: string;
  /** A compiled guard of test/guards by its name without ending, or `repo-guard`, the sample guard. */
  guard(name: string): Promise<Uint8Array<ArrayBuffer>>;
}
