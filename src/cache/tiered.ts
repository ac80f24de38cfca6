// Driver: several caches, one behind the other.
import type { MaybePromise, ModuleCache } from "./cache.ts";

/**
 * Puts caches behind each other, the fastest first: what a later one has is copied to those before it. A cache that fails is passed
 * over; only when every one failed does the operation fail.
 *
 * @throws {TypeError} when there is no cache.
 */
export function tieredCache(...caches: readonly ModuleCache[]): ModuleCache {
  const [first] = caches;
  if (first === undefined) throw new TypeError("Cannot make a cache: tieredCache needs at least one cache");

  const all = async (action: (cache: ModuleCache) => MaybePromise<void>): Promise<void> => {
    const done = await Promise.allSettled(caches.map(async (cache) => action(cache)));
    const failed = done.filter((result) => result.status === "rejected");
    if (failed.length === caches.length) throw failed[0]?.reason;
  };
  const streaming = caches.find((cache) => cache.streaming !== undefined)?.streaming;

  return {
    name: caches.map(({ name }) => name).join("+"),
    async get(key) {
      const failures: unknown[] = [];
      for (const [index, cache] of caches.entries()) {
        try {
          const bytes = await cache.get(key);
          if (bytes === undefined) continue;
          const before = caches.slice(0, index).map(async (faster) => faster.set(key, bytes));
          // Nobody waits for the copies, nor needs to know that one failed: the next reading makes it again.
          void Promise.allSettled(before);
          return bytes;
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length === caches.length) throw failures[0];
      return undefined;
    },
    set: (key, bytes) => all((cache) => cache.set(key, bytes)),
    delete: (key) => all((cache) => cache.delete(key)),
    clear: () => all((cache) => cache.clear?.()),
    dispose: () => all((cache) => cache.dispose?.()),
    ...(streaming === undefined ? {} : { streaming }),
  };
}
