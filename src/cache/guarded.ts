// A driver that cannot fail a load: what throws, or does not answer in time, becomes an event and an empty answer.
import { CacheError } from "../errors.ts";
import type { CacheEvent, MaybePromise, ModuleCache } from "./cache.ts";

export interface Guarded {
  readonly name: string;
  /** Does something with the driver, for as long as one can wait for it; `undefined` when it failed. */
  attempt<T>(
    what: string,
    action: (cache: ModuleCache) => MaybePromise<T>,
    tell: (event: CacheEvent) => void,
  ): Promise<T | undefined>;
  /** Like attempt, with nobody waiting for it; {@link Guarded.settled} does. */
  later(what: string, action: (cache: ModuleCache) => MaybePromise<unknown>, tell: (event: CacheEvent) => void): void;
  /** Resolves when nothing is under way any more, or nothing has moved for long. */
  settled(): Promise<void>;
  /** From here on the driver is not touched. */
  close(): void;
}

/** Milliseconds; longer than any healthy store takes. A blocked database would make one wait for ever. */
const patience = 3_000;
const lastPatience = 10_000;
/** Operations that wait behind a store that does not move; each holds a module's bytes. */
const mostWaiting = 64;

async function within<T>(milliseconds: number, work: Promise<T>, late: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<T>((resolve, reject) => {
        timer = setTimeout(() => {
          try {
            resolve(late());
          } catch (error) {
            reject(error);
          }
        }, milliseconds);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

export function guardStore(cache: ModuleCache): Guarded {
  let tail: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let stuck = 0;
  let closed = false;

  const report = (what: string, cause: unknown): CacheEvent => {
    const message = cause instanceof Error ? cause.message : String(cause);
    const error = new CacheError(`Cannot ${what} the cache "${cache.name}": ${message}`, { cause });
    return { type: "failed", cache: cache.name, error };
  };

  /** Who waited for a stuck store once need not wait for it again; it is asked again when it has moved. */
  const obstacle = (): string | undefined => {
    if (closed) return "the cache is closed";
    return stuck > 0 ? "an earlier request has not been answered" : undefined;
  };

  return {
    name: cache.name,
    async attempt(what, action, tell) {
      const reason = obstacle();
      if (reason !== undefined) {
        tell({ type: "bypass", cache: cache.name, reason });
        return undefined;
      }
      try {
        const work = Promise.resolve(action(cache));
        return await within(patience, work, () => {
          const moved = (): void => void stuck--;
          stuck++;
          work.then(moved, moved);
          throw new Error(`it did not answer within ${patience} ms`);
        });
      } catch (cause) {
        tell(report(what, cause));
        return undefined;
      }
    },
    later(what, action, tell) {
      const reason = obstacle() ?? (waiting >= mostWaiting ? "too much waits to be written" : undefined);
      if (reason !== undefined) return tell({ type: "bypass", cache: cache.name, reason });
      waiting++;
      // One after the other: what deletes must not overtake what writes.
      tail = tail
        .then(() => action(cache))
        .catch((cause) => tell(report(what, cause)))
        .then(() => void waiting--);
    },
    async settled() {
      await within<unknown>(lastPatience, tail, () => {});
    },
    close() {
      closed = true;
    },
  };
}
