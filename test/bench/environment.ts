// What a bench gets from the runtime that runs it.
import type { Group } from "./measure.ts";
import type { Row } from "./row.ts";

export { type Comparison, type Contender, type Group, paceOf } from "./measure.ts";
export { median, milliseconds, type Row, ratio, rowOf } from "./row.ts";

export interface Environment {
  /** "node", "deno", "bun", "chromium" or "workerd". */
  readonly name: string;
  /** Few repetitions: to see that the bench works, not for figures. */
  readonly quick: boolean;
  /** The bytes of a guard of test/guards by its name without ending, or of `repo-guard`, the sample guard. Rejects where no bytes can be compiled. */
  guard(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** What loadGuard takes here: those bytes, or on Workers the prepared module that was deployed. */
  source(name: string): Promise<Uint8Array<ArrayBuffer> | WebAssembly.Module>;
  /** The same guard as it is, or a rival's guest, compiled: for hosts written by hand and for rivals. */
  module(name: string): Promise<WebAssembly.Module>;
  /** A scenario of demo/scenarios. */
  scenario(name: string): Promise<unknown>;
  rivals(): Promise<Rivals>;
}

/** rivals/index.mjs. */
export interface Rivals {
  extism(
    version: 1 | 2,
    module: WebAssembly.Module,
    options?: { readonly ask?: (question: string) => Promise<unknown>; readonly worker?: boolean },
  ): Promise<{ call(name: string, text: string): Promise<string>; close(): Promise<void> }>;
  waPC(module: WebAssembly.Module): Promise<{ call(text: string): Promise<string> }>;
  policy(module: WebAssembly.Module): Promise<{ evaluate(input: unknown, entrypoint: string): unknown }>;
  /** What jco made of a component; `module` is its core. */
  component(module: WebAssembly.Module): Promise<{ call(text: string): string }>;
}

/** One question: groups of contenders, or rows that it makes by itself. */
export interface Bench {
  groups?(environment: Environment): Group[] | Promise<Group[]>;
  bench?(environment: Environment): Promise<Row[]>;
}
