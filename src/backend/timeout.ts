// A deadline around another backend.
import { TimeoutError } from "../errors.ts";
import { askingBackend, checkNumber } from "./asking.ts";
import type { Backend } from "./backend.ts";

/**
 * Gives up on a question after `ms` milliseconds with a TimeoutError, and tells the inner backend through its signal.
 * A synchronous backend cannot be interrupted: it is returned as it is.
 *
 * @throws RangeError when `ms` is below 1 or above 2147483647
 */
export function withTimeout(inner: Backend, ms: number): Backend {
  checkNumber("ms", ms, 1, 2 ** 31 - 1);
  if (inner.synchronous) return inner;
  return askingBackend(
    inner,
    async (tool, args, asking) => {
      const { signal } = asking;
      const timer = setTimeout(
        () =>
          asking.fail(
            new TimeoutError(`Cannot ask backend "${inner.name}": no answer within ${ms} ms`, {
              phase: "call_backend",
            }),
          ),
        ms,
      );
      const stop = (): void => clearTimeout(timer);
      signal.addEventListener("abort", stop);
      try {
        return await inner.callTool(tool, args, { signal });
      } finally {
        stop();
      }
    },
    () => inner.close?.(),
  );
}
