// No more than so many questions at once; the others wait their turn, first come first served.
import { LimitError } from "../errors.ts";
import { askingBackend, checkNumber } from "./asking.ts";
import type { Backend } from "./backend.ts";

export interface LimitOptions {
  /** Questions that the inner backend has at the same time. @default 16 */
  readonly concurrency?: number;
  /** Questions that may wait beside those; the next one fails with a LimitError. @default no bound */
  readonly maxQueued?: number;
}

/**
 * Bounds how many questions reach the inner backend at the same time. A question can be aborted while it waits, and an
 * aborted one gives its place up at once. Questions to a synchronous backend never overlap: it is returned as it is.
 *
 * @throws TypeError, RangeError for an option that is not a number in its range
 */
export function withLimit(inner: Backend, options: LimitOptions = {}): Backend {
  let free = checkNumber("concurrency", options.concurrency ?? 16, 1);
  const maxQueued = checkNumber("maxQueued", options.maxQueued ?? Number.POSITIVE_INFINITY, 0);
  if (inner.synchronous) return inner;
  const queue = new Set<() => void>();

  const leave = (): void => {
    const [next] = queue;
    if (!next) {
      free++;
      return;
    }
    queue.delete(next);
    next();
  };

  /** Resolves when there is a place, to the function that gives it up; aborted before, it never resolves and takes no place. */
  const enter = (signal: AbortSignal): Promise<() => void> =>
    new Promise((enter) => {
      let inside = false;
      const exit = (): void => {
        if (inside) leave();
        inside = false;
      };
      const start = (): void => {
        inside = true;
        enter(exit);
      };
      signal.addEventListener("abort", () => {
        queue.delete(start);
        exit();
      });
      if (free > 0) {
        free--;
        start();
      } else if (queue.size < maxQueued) {
        queue.add(start);
      } else {
        throw new LimitError("maxQueued", `Cannot ask backend "${inner.name}": ${maxQueued} questions wait already`, {
          phase: "call_backend",
        });
      }
    });

  return askingBackend(
    inner,
    async (tool, args, { signal }) => {
      const exit = await enter(signal);
      try {
        return await inner.callTool(tool, args, { signal });
      } finally {
        exit();
      }
    },
    () => inner.close?.(),
  );
}
