// When a call ends at the latest: the caller's signal and a time-out in one, without a timer as long as nothing is awaited.
import { abortError, type FaultContext, TimeoutError } from "../errors.ts";

export interface Deadline {
  /** For the backend: fires when nobody waits any more. */
  readonly signal: AbortSignal;
  /** Whether it comes by itself, by a signal or a time-out; otherwise only `end` ends the call. */
  readonly bounded: boolean;
  /** How long there is, in milliseconds; `Infinity` without a time-out. */
  readonly remaining: number;
  /** Throws once the time is over or the caller's signal fired. */
  check(): void;
  /** Settles like the promise, or rejects as soon as the deadline passes. */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Calls back, once, when the call ends before its time. */
  listen(listener: (reason: unknown) => void): void;
  /** The same, with the function that withdraws it. */
  subscribe(listener: (reason: unknown) => void): () => void;
  /** Ends the call before its time: everything that is raced rejects with the reason. */
  end(reason: unknown): void;
}

class NoDeadline implements Deadline {
  readonly bounded = false;
  readonly remaining = Number.POSITIVE_INFINITY;

  get signal(): AbortSignal {
    return new AbortController().signal;
  }

  check(): void {}

  race<T>(promise: Promise<T>): Promise<T> {
    return promise;
  }

  listen(): void {}

  subscribe(): () => void {
    return () => {};
  }

  end(): void {}
}

/** For a call that has no deadline and never waits: nothing can end it. Shared, because such calls are most of all. */
export const noDeadline: Deadline = /* @__PURE__ */ new NoDeadline();

// A class, for its methods exist once: a deadline is made for every call that may wait.
class CallDeadline implements Deadline {
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #expires: number | undefined;
  readonly #context: FaultContext;
  // Few, so not a Set, which would be the largest part of a question.
  #listeners: ((reason: unknown) => void)[] | undefined;
  #controller: AbortController | undefined;
  #ended: { readonly reason: unknown } | undefined;

  constructor(signal: AbortSignal | undefined, timeoutMs: number | undefined, context: FaultContext) {
    this.#signal = signal;
    this.#timeoutMs = timeoutMs;
    this.#context = context;
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY)
      this.#expires = performance.now() + timeoutMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#ended !== undefined) this.#controller.abort(this.#ended.reason);
    }
    return this.#controller.signal;
  }

  get bounded(): boolean {
    return this.#signal !== undefined || this.#expires !== undefined;
  }

  get remaining(): number {
    return this.#expires === undefined ? Number.POSITIVE_INFINITY : Math.max(this.#expires - performance.now(), 0);
  }

  check(): void {
    const found = this.#failure();
    if (found !== undefined) throw found;
  }

  listen(listener: (reason: unknown) => void): void {
    if (this.#ended !== undefined) listener(this.#ended.reason);
    else if (this.#listeners === undefined) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  subscribe(listener: (reason: unknown) => void): () => void {
    this.listen(listener);
    return () => this.#forget(listener);
  }

  end(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { reason };
    this.#controller?.abort(reason);
    for (const listener of [...(this.#listeners ?? [])]) listener(reason);
  }

  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const stop = (): void => {
        if (timer !== undefined) clearTimeout(timer);
        this.#signal?.removeEventListener("abort", over);
        this.#forget(fail);
      };
      const fail = (reason: unknown): void => {
        stop();
        reject(reason);
      };
      const over = (): void => {
        const found = this.#failure();
        // Timers may fire a little early.
        if (found === undefined) arm();
        else {
          fail(found);
          this.end(found);
        }
      };
      const arm = (): void => {
        if (this.#expires === undefined) return;
        // Longer delays overflow to "at once".
        timer = setTimeout(over, Math.min(Math.max(this.#expires - performance.now(), 0), 2 ** 31 - 1));
      };
      promise.then((value) => {
        stop();
        resolve(value);
      }, fail);
      if (this.#failure() !== undefined) return over();
      this.listen(fail);
      this.#signal?.addEventListener("abort", over, { once: true });
      arm();
    });
  }

  #forget(listener: (reason: unknown) => void): void {
    const place = this.#listeners?.indexOf(listener) ?? -1;
    if (place >= 0) this.#listeners?.splice(place, 1);
  }

  #failure(): unknown {
    if (this.#ended !== undefined) return this.#ended.reason;
    if (this.#signal?.aborted === true) return abortError(this.#signal.reason, this.#context);
    if (this.#expires === undefined || performance.now() < this.#expires) return undefined;
    return new TimeoutError(`The call took longer than ${this.#timeoutMs} ms`, this.#context);
  }
}

/**
 * A deadline that may be without bounds, and can still be ended.
 *
 * @throws {RangeError} when `timeoutMs` is not a positive number.
 */
export function createDeadline(
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  context: FaultContext,
): Deadline {
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    throw new RangeError(
      `Cannot set a deadline: "timeoutMs" must be a positive number of milliseconds, got ${timeoutMs}`,
    );
  }
  return new CallDeadline(signal, timeoutMs, context);
}
