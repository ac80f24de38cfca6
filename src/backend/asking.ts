// What the transports and wrappers share: one promise per question, settled by the answer, an abort or the close, whichever is first.
import { abortError, BackendError, type FaultContext, isGuardError } from "../errors.ts";
import type { Backend } from "./backend.ts";

const phase = "call_backend";
export const closedState = "it was closed";
export const emptyState = "it answered nothing, not even null";

/** A guest chooses what it asks: shown as JSON, and cut. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** The error of one question, in the library's words. */
export function failure(
  name: string,
  tool: string,
  state: string,
  context?: FaultContext & { readonly transient?: boolean | undefined },
): BackendError {
  return new BackendError(`Cannot ask ${quote(tool)} of backend "${name}": ${state}`, { phase, ...context });
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

const abortActions = new WeakMap<AbortSignal, Set<() => void>>();

/** One listener for a signal however many questions share it: Node warns of a leak at the eleventh. Gives back the way out. */
function onAbort(signal: AbortSignal, action: () => void): () => void {
  const known = abortActions.get(signal);
  const actions = known ?? new Set();
  if (!known) {
    abortActions.set(signal, actions);
    signal.addEventListener("abort", () => {
      for (const act of actions) act();
    });
  }
  actions.add(action);
  return () => actions.delete(action);
}

/** What a run knows of its question. */
export interface Asking {
  /** Fires for the caller's abort, for `close` and for `fail`. Made when it is first looked at: most runs never do. */
  readonly signal: AbortSignal;
  /** Settles the question at once, whatever the run still does. */
  fail(error: Error): void;
}

/** A question without an answer. A class: an object literal with a getter takes microseconds to make. */
class OpenQuestion implements Asking {
  readonly tool: string;
  /** Where it stands among the others; -1 once it is settled. */
  place: number;
  readonly fail: (error: Error) => void;
  #controller: AbortController | undefined;
  #failed: { readonly error: Error } | undefined;

  constructor(tool: string, place: number, settle: (error: Error) => void) {
    this.tool = tool;
    this.place = place;
    this.fail = (error) => {
      settle(error);
      this.#failed ??= { error };
      this.#controller?.abort(error);
    };
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#failed !== undefined) this.#controller.abort(this.#failed.error);
    }
    return this.#controller.signal;
  }
}

/**
 * Makes an asynchronous backend of a function that runs one question. An abort, `close` and `fail` settle the question at
 * once. `close` rejects the questions that wait and all later ones.
 */
export function askingBackend(
  { name, speculate = true }: { readonly name: string; readonly speculate?: boolean | undefined },
  run: (tool: string, args: unknown, asking: Asking) => unknown,
  close?: () => unknown,
): Required<Backend> {
  // Not a Set: what is added and deleted all the time leaves a chain of tables behind, each of which keeps later questions alive.
  const waiting: OpenQuestion[] = [];
  const leave = (one: OpenQuestion): void => {
    if (one.place < 0) return;
    const last = waiting.pop() as OpenQuestion;
    if (last !== one) {
      waiting[one.place] = last;
      last.place = one.place;
    }
    one.place = -1;
  };
  let closed = false;
  return {
    name,
    synchronous: false,
    speculate,
    callTool: (tool, args, options = {}) =>
      new Promise((resolve, reject) => {
        if (closed) throw failure(name, tool, closedState);
        const signal = options.subscribe === undefined ? options.signal : undefined;
        checkSignal(signal);
        let forget: (() => void) | undefined;
        const settled = (): void => {
          leave(asking);
          forget?.();
        };
        const asking = new OpenQuestion(tool, waiting.length, (error) => {
          settled();
          reject(error);
        });
        const { fail } = asking;
        waiting.push(asking);
        forget = options.subscribe?.((reason) => fail(abortError(reason, { phase })));
        if (signal) forget = onAbort(signal, () => fail(abortError(signal.reason, { phase })));
        const answered = (answer: unknown): void => {
          settled();
          if (answer === undefined) reject(failure(name, tool, emptyState));
          else resolve(answer);
        };
        const broken = (error: unknown): void => {
          settled();
          reject(asFault(name, tool, error));
        };
        try {
          const answer = run(tool, args, asking);
          if (isPromise(answer)) answer.then(answered, broken);
          else answered(answer);
        } catch (error) {
          broken(error);
        }
      }),
    async close() {
      if (closed) return;
      closed = true;
      for (const { fail, tool } of [...waiting]) fail(failure(name, tool, closedState));
      await close?.();
    },
  };
}

/** Waits; ends early when the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Checks a numeric option. */
export function checkNumber(
  option: string,
  value: number,
  least: number,
  most: number = Number.POSITIVE_INFINITY,
): number {
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw new RangeError(`Option "${option}" must be a number from ${least} to ${most}: it is ${value}`);
  }
  return value;
}

/** A copy that shares nothing with the original and holds what JSON holds. */
export function jsonCopy(value: unknown): unknown {
  return value !== null && typeof value === "object" ? JSON.parse(JSON.stringify(value)) : value;
}
