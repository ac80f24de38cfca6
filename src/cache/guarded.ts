// A driver that cannot fail a load: what throws, or does not answer in time, becomes an event and an empty answer.
import { CacheError } from "../errors.ts";
import type { CacheEvent, MaybePromise, ModuleCache } from "./cache.ts";

export interface Guarded {
  readonly name: string;
  /** Does something with the driver; `undefined` when it failed. `wait`: how long, in milliseconds. */
  attempt<T>(
    what: string,
    action: (cache: ModuleCache) => MaybePromise<T>,
    tell: (event: CacheEvent) => void,
    wait?: number,
  ): Promise<T | undefined>;
  /** Like attempt, with nobody waiting for it; {@link Guarded.settled} does. */
  later(what: string, action: (cache: ModuleCache) => MaybePromise<unknown>, tell: (event: CacheEvent) => void): void;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
  /** From here on the driver is not touched. */
  close(): void;
}

/** Longer than any healthy store takes; a blocked database would wait for ever. */
const readPatience = 3_000;
const writePatience = 60_000;

export function guardStore(cache: ModuleCache): Guarded {
  const underWay = new Set<Promise<unknown>>();
  let stuck = 0;
  let closed = false;

  const attempt: Guarded["attempt"] = async (what, action, tell, wait = readPatience) => {
    // Who waits for a stuck store once need not wait for it again; it is asked again when it has moved.
    if (closed || stuck > 0) {
      tell({
        type: "bypass",
        cache: cache.name,
        reason: closed ? "the cache is closed" : "an earlier request has not been answered",
      });
      return undefined;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const result = Promise.resolve(action(cache));
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const moved = (): void => void stuck--;
          stuck++;
          result.then(moved, moved);
          reject(new Error(`it did not answer within ${wait} ms`));
        }, wait);
      });
      return await Promise.race([result, late]);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      tell({
        type: "failed",
        cache: cache.name,
        error: new CacheError(`Cannot ${what} the cache "${cache.name}": ${message}`, { cause }),
      });
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    name: cache.name,
    attempt,
    later(what, action, tell) {
      const work = attempt(what, action, tell, writePatience).finally(() => underWay.delete(work));
      underWay.add(work);
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    close() {
      closed = true;
    },
  };
}
