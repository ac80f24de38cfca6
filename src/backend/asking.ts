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

/** The questions without an answer; not a Set: what is added and deleted all the time leaves a chain of tables behind, each of which keeps later questions alive. */
type Waiting = OpenQuestion[];

/** A question without an answer. A class: its methods exist once, and an object literal with a getter takes microseconds to make. */
class OpenQuestion implements Asking {
  readonly name: string;
  readonly tool: string;
  readonly #waiting: Waiting;
  /** Where it stands among the others; -1 once it is settled. */
  #place: number;
  readonly #resolve: (answer: unknown) => void;
  readonly #reject: (error: Error) => void;
  /** Withdraws from whoever would tell that nobody waits any more. */
  forget: (() => void) | undefined = undefined;
  #controller: AbortController | undefined;
  #failed: { readonly error: Error } | undefined;

  constructor(
    name: string,
    tool: string,
    waiting: Waiting,
    resolve: (answer: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.name = name;
    this.tool = tool;
    this.#waiting = waiting;
    this.#place = waiting.length;
    this.#resolve = resolve;
    this.#reject = reject;
    waiting.push(this);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#failed !== undefined) this.#controller.abort(this.#failed.error);
    }
    return this.#controller.signal;
  }

  fail(error: Error): void {
    this.#settled();
    this.#reject(error);
    this.#failed ??= { error };
    this.#controller?.abort(error);
  }

  answered(answer: unknown): void {
    this.#settled();
    if (answer === undefined) this.#reject(failure(this.name, this.tool, emptyState));
    else this.#resolve(answer);
  }

  broken(error: unknown): void {
    this.#settled();
    this.#reject(asFault(this.name, this.tool, error));
  }

  #settled(): void {
    if (this.#place >= 0) {
      const last = this.#waiting.pop() as OpenQuestion;
      if (last !== this) {
        this.#waiting[this.#place] = last;
        last.#place = this.#place;
      }
      this.#place = -1;
    }
    this.forget?.();
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
  const waiting: Waiting = [];
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
        const asking = new OpenQuestion(name, tool, waiting, resolve, reject);
        if (signal) asking.forget = onAbort(signal, () => asking.fail(abortError(signal.reason, { phase })));
        else asking.forget = options.subscribe?.((reason) => asking.fail(abortError(reason, { phase })));
        try {
          const answer = run(tool, args, asking);
          if (!isPromise(answer)) asking.answered(answer);
          else
            answer.then(
              (value) => asking.answered(value),
              (error) => asking.broken(error),
            );
        } catch (error) {
          asking.broken(error);
        }
      }),
    async close() {
      if (closed) return;
      closed = true;
      for (const asking of [...waiting]) asking.fail(failure(name, asking.tool, closedState));
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
