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
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortError(signal.reason, context));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  aborted.catch(() => {});
  return {
    wait: (promise) => Promise.race([promise, aborted]),
    check,
    release: () => signal.removeEventListener("abort", onAbort!),
  };
}
