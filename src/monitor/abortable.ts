// Waits that end at once when the caller's signal fires, also where the thing waited for does not know of the signal.
import { abortError, type FaultContext } from "../errors.ts";

export interface Abortable {
  /** The promise's result, or the abort if that comes first. What comes later is dropped. */
  wait<T>(promise: T | Promise<T>): Promise<T>;
  /** Throws when the signal has fired. */
  check(): void;
  /** Stops listening to the signal. */
  release(): void;
}

const NEVER: Abortable = { wait: async (promise) => promise, check() {}, release() {} };

export function abortable(signal: AbortSignal | undefined, context: FaultContext): Abortable {
  if (signal === undefined) return NEVER;
  const check = (): void => {
    if (signal.aborted) throw abortError(signal.reason, context);
  };
  // A call waits a few times, so none of them is taken out again.
  const waits: ((reason: unknown) => void)[] = [];
  const onAbort = (): void => {
    const reason = abortError(signal.reason, context);
    for (const reject of waits) reject(reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    wait: (promise) =>
      new Promise((resolve, reject) => {
        Promise.resolve(promise).then(resolve, reject);
        if (signal.aborted) reject(abortError(signal.reason, context));
        else waits.push(reject);
      }),
    check,
    release: () => signal.removeEventListener("abort", onAbort),
  };
}
