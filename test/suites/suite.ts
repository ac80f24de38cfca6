// What a runtime-neutral suite gets: a runner, the library under test, and the environment that it runs in.
import type * as edgeGuard from "edge-guard";
import type { WorkerLike } from "edge-guard";

/** Registers one test; a suite never runs anything outside a test. */
export interface Runner {
  test(name: string, body: () => void | Promise<void>): void;
}

/** The package's root, however the runtime loaded it. */
export type Library = typeof edgeGuard;

export interface Environment {
  /** `node`, `chromium`, `workerd`, `deno`, `bun`, …: for messages only. */
  readonly name: string;
  /** A compiled guard of test/guards by its name without ending, or `repo-guard`, the sample guard. */
  guard(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Starts a worker that hosts a guard; absent where there are no workers. */
  createWorker?(): WorkerLike;
  /** In a page: the address of the module that registers `<policy-preview>`. */
  readonly elementModule?: string;
  /** In a page: the address of the built playground, on the page's own origin. */
  readonly playground?: string;
  /** Whether ending a worker ends its wasm loop too; where not, a runaway guard would spin on after the tests. */
  readonly endsLoops?: boolean;
}
