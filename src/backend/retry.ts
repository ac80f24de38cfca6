// Asking again after a transient fault, with jitter so that many guards do not come back at the same moment.
import { type BackendError, isGuardError } from "../errors.ts";
import { askingBackend, checkNumber, checkSignal, sleep } from "./asking.ts";
import type { Backend } from "./backend.ts";

export interface RetryOptions {
  /** How often a question is asked at most. @default 3 */
  readonly attempts?: number;
  /** The longest pause before the second attempt, doubled for each further one, in milliseconds. @default 100 */
  readonly baseMs?: number;
  /** No pause is longer, in milliseconds. @default 2000 */
  readonly maxMs?: number;
  /** From 0 to below 1: each pause is this share of its longest. @default Math.random */
  readonly random?: () => number;
  /** Waits; may end early when the signal fires. @default setTimeout */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const isTransient = (error: unknown): boolean =>
  isGuardError(error) && (error.code === "timeout" || (error.code === "backend" && (error as BackendError).transient));

/**
 * Asks again when a question fails with a transient BackendError or a TimeoutError. Anything else, and an abort, ends the
 * question at once. Always asynchronous, also around a synchronous backend.
 *
 * @throws TypeError, RangeError for an option that is not a number in its range
 */
export function withRetry(inner: Backend, options: RetryOptions = {}): Backend {
  const { random = Math.random, sleep: pause = sleep } = options;
  const attempts = checkNumber("attempts", options.attempts ?? 3, 1);
  const baseMs = checkNumber("baseMs", options.baseMs ?? 100, 0);
  const maxMs = checkNumber("maxMs", options.maxMs ?? 2000, 0, 2 ** 31 - 1);
  return askingBackend(
    inner,
    async (tool, args, { signal }) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await inner.callTool(tool, args, { signal });
        } catch (error) {
          if (attempt >= attempts || signal.aborted || !isTransient(error)) throw error;
        }
        await pause(random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1)), signal);
        checkSignal(signal);
      }
    },
    () => inner.close?.(),
  );
}
