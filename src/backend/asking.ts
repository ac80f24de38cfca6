// What the transports and wrappers share: one promise per question, settled by the answer, an abort or the close, whichever is first.
import { abortError, BackendError, type FaultContext, isGuardError } from "../errors.ts";
import type { Backend } from "./backend.ts";

const phase = "call_backend";

/** A guest chooses its tool names: they are quoted and cut. */
export function failure(
  name: string,
  tool: string,
  state: string,
  context?: FaultContext & { readonly transient?: boolean | undefined },
): BackendError {
  const shown = JSON.stringify(tool.length > 80 ? `${tool.slice(0, 80)}…` : tool);
  return new BackendError(`Cannot ask ${shown} of backend "${name}": ${state}`, { phase, ...context });
}

/** Faults of this library pass as they are; anything else becomes the `cause` of a BackendError, its text stays out of the message. */
export function asFault(name: string, tool: string, error: unknown, transient?: boolean): Error {
  if (isGuardError(error)) return error;
  const kind = error instanceof Error ? error.name : typeof error;
  return failure(name, tool, `it failed with "${kind}"`, { cause: error, transient });
}

/** Throws when nobody waits for the answer any more. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal.reason, { phase });
}

/** The questions of one backend that wait for their answers. */
export interface Asking {
  /**
   * Runs one question. The signal that `run` gets fires for the caller's abort, for {@link Asking.close} and for `fail`,
   * which settles the question at once whatever the run still does.
   */
  ask(
    tool: string,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal, fail: (error: Error) => void) => unknown,
  ): Promise<unknown>;
  /** Rejects the questions that wait and all later ones. */
  close(): void;
}

export function createAsking(name: string): Asking {
  const waiting = new Map<(error: Error) => void, string>();
  let closed = false;
  return {
    ask: (tool, signal, run) =>
      new Promise((resolve, reject) => {
        if (closed) throw failure(name, tool, "it was closed");
        checkSignal(signal);
        const controller = new AbortController();
        const settled = (): void => {
          waiting.delete(fail);
          signal?.removeEventListener("abort", abort);
        };
        const fail = (error: Error): void => {
          settled();
          reject(error);
          controller.abort(error);
        };
        const abort = (): void => fail(abortError(signal?.reason, { phase }));
        waiting.set(fail, tool);
        signal?.addEventListener("abort", abort);
        // The inner promise catches a run that throws at once.
        new Promise((answer) => answer(run(controller.signal, fail))).finally(settled).then(resolve, reject);
      }),
    close() {
      closed = true;
      for (const [fail, tool] of waiting) fail(failure(name, tool, "it was closed"));
    },
  };
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** What a wrapper keeps of its inner backend, as an object without `undefined` members. */
export function keep(inner: Backend): Pick<Backend, "name" | "speculate"> {
  return { name: inner.name, ...(inner.speculate !== undefined && { speculate: inner.speculate }) };
}

/** Checks a numeric option. */
export function checkNumber(
  option: string,
  value: number,
  least: number,
  most: number = Number.POSITIVE_INFINITY,
): number {
  if (typeof value !== "number")
    throw new TypeError(`Option "${option}" must be a number: it is of type "${typeof value}"`);
  if (!(value >= least && value <= most)) {
    throw new RangeError(`Option "${option}" must be from ${least} to ${most}: it is ${value}`);
  }
  return value;
}

/** A copy that shares nothing with the original and holds what JSON holds. */
export function jsonCopy(value: unknown): unknown {
  return value !== null && typeof value === "object" ? JSON.parse(JSON.stringify(value)) : value;
}
