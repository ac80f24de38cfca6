// When a call ends at the latest: the caller's signal and a time-out in one, without a timer as long as nothing is awaited.
import { abortError, type FaultContext, TimeoutError } from "../errors.ts";

export interface Deadline {
  /** For the backend: fires when nobody waits any more. */
  readonly signal: AbortSignal;
  /** Throws once the time is over or the caller's signal fired. */
  check(): void;
  /** Settles like the promise, or rejects as soon as the deadline passes. */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Calls back, once, when the call ends before its time; gives the function that withdraws it. */
  subscribe(listener: (reason: unknown) => void): () => void;
  /** Ends the call before its time: everything that is raced rejects with the reason. */
  readonly end: (reason: unknown) => void;
}

/**
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
  const expires =
    timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY ? undefined : performance.now() + timeoutMs;
  let controller: AbortController | undefined;
  let ended: { reason: unknown } | undefined;
  const racing = new Set<(reason: unknown) => void>();
  const failure = (): unknown => {
    if (ended !== undefined) return ended.reason;
    if (signal?.aborted) return abortError(signal.reason, context);
    if (expires === undefined || performance.now() < expires) return undefined;
    return new TimeoutError(`The call took longer than ${timeoutMs} ms`, context);
  };
  const end = (reason: unknown): void => {
    if (ended !== undefined) return;
    ended = { reason };
    controller?.abort(reason);
    for (const reject of racing) reject(reason);
  };

  return {
    get signal(): AbortSignal {
      if (controller === undefined) {
        controller = new AbortController();
        if (ended !== undefined) controller.abort(ended.reason);
      }
      return controller.signal;
    },
    check(): void {
      if (signal === undefined && expires === undefined && ended === undefined) return;
      const found = failure();
      if (found !== undefined) throw found;
    },
    race<T>(promise: Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const stop = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", over);
          racing.delete(fail);
        };
        const fail = (reason: unknown): void => {
          stop();
          reject(reason);
        };
        const over = (): void => {
          const found = failure();
          // Timers may fire a little early.
          if (found === undefined) arm();
          else {
            fail(found);
            end(found);
          }
        };
        const arm = (): void => {
          // Longer delays overflow to "at once".
          if (expires !== undefined)
            timer = setTimeout(over, Math.min(Math.max(expires - performance.now(), 0), 2 ** 31 - 1));
        };
        promise.then(
          (value) => {
            stop();
            resolve(value);
          },
          (error: unknown) => fail(error),
        );
        if (failure() !== undefined) return over();
        racing.add(fail);
        signal?.addEventListener("abort", over, { once: true });
        arm();
      });
    },
    subscribe(listener): () => void {
      if (ended !== undefined) listener(ended.reason);
      else racing.add(listener);
      return () => void racing.delete(listener);
    },
    end,
  };
}
