// Which coordinator serves which cache, the cache that loads use when they name none, and the order of closing.
import type { ModuleCache } from "./cache.ts";
import { createCoordinator } from "./coordinator.ts";
import type { Coordinator } from "./core.ts";
import type { Store } from "./store.ts";

/** As much of a guard as closing a cache needs to know. */
interface LiveGuard {
  readonly name: string;
  readonly health: string;
}

interface Use {
  readonly coordinator: Coordinator;
  readonly store: Store | undefined;
  /** Weakly: a guard that was dropped without closing it keeps nothing open. */
  readonly guards: Set<WeakRef<LiveGuard>>;
  /** At how many guards those that ended are swept out: each sweep looks at all of them. */
  sweepAt: number;
}

const firstSweep = 64;

/** Keeps nothing itself: compiled modules are in the coordinator's memory anyway. */
export const inMemory: ModuleCache = { name: "memory", get: () => undefined, set: () => {}, delete: () => {} };

let current: ModuleCache = inMemory;
const uses = new WeakMap<ModuleCache, Use | Promise<Use>>();

async function begin(cache: ModuleCache): Promise<Use> {
  // Who keeps modules in memory only does not load the code for stores.
  const store = cache === inMemory ? undefined : (await import("./store.ts")).createStore(cache);
  return { coordinator: createCoordinator(store, cache.compiledBytes), store, guards: new Set(), sweepAt: firstSweep };
}

function checkCache(cache: ModuleCache): ModuleCache {
  if (typeof cache?.get === "function" && typeof cache.set === "function" && typeof cache.delete === "function")
    return cache;
  throw new TypeError('Cannot use the cache: "cache" must be a ModuleCache with get, set and delete');
}

/** The coordinator of a cache; default: of the process-wide one. */
export function useCache(cache: ModuleCache = current): Use | Promise<Use> {
  let use = uses.get(checkCache(cache));
  if (use === undefined) {
    use = begin(cache);
    uses.set(cache, use);
  }
  return use;
}

/** Notes that a guard was started from a cache's module. */
export function noteGuard(use: Use, guard: LiveGuard): void {
  const { guards } = use;
  if (guards.size >= use.sweepAt) {
    for (const known of guards) {
      if ((known.deref()?.health ?? "closed") === "closed") guards.delete(known);
    }
    use.sweepAt = Math.max(firstSweep, guards.size * 2);
  }
  guards.add(new WeakRef(guard));
}

/**
 * Replaces the cache of loads that name none, in one step: nobody sees a state between, and two replacements at the same time both
 * take effect, one after the other. Guards that are running, and loads under way, are not affected. The cache before is given back
 * and stays open: close it with {@link closeCache} when its guards are closed.
 *
 * ```ts
 * replaceCache((before) => tieredCache(before, indexedDbCache()));
 * ```
 *
 * @param next the cache, or a function from the present one to the next; it must not be asynchronous.
 * @throws {TypeError} when it is no ModuleCache.
 */
export function replaceCache(next: ModuleCache | ((before: ModuleCache) => ModuleCache)): ModuleCache {
  const before = current;
  current = checkCache(typeof next === "function" ? next(before) : next);
  return before;
}

/**
 * Closes a cache: waits for what it is writing, drops its compiled modules, disposes of the driver. The order of shutting down is
 * monitor, then guards, then caches: a cache with a guard that was loaded through it and is still open is not closed. Loads that
 * use a closed cache all the same go on without it. Closing the process-wide cache puts the one in memory in its place. The one in
 * memory cannot be closed, only emptied.
 *
 * @param cache default: the process-wide cache.
 * @throws {TypeError} when guards are open; the message names them.
 */
export async function closeCache(cache: ModuleCache = current): Promise<void> {
  const use = await uses.get(cache);
  const open = [...(use?.guards ?? [])]
    .map((guard) => guard.deref())
    .filter((guard) => guard && guard.health !== "closed");
  if (open.length > 0) {
    const names = [...new Set(open.map((guard) => `"${guard?.name}"`))].join(", ");
    throw new TypeError(`Cannot close the cache "${cache.name}": its guards ${names} are open; close them first`);
  }
  if (current === cache) current = inMemory;
  use?.coordinator.clear();
  use?.store?.close();
  await use?.store?.settled();
  await cache.dispose?.();
}
