// The store that this runtime is best served by, found by what it can do.
import { canStreamModules, hasCacheStorage, hasIndexedDb } from "../capabilities.ts";
import type { ModuleCache } from "./cache.ts";
import { cacheStorageCache } from "./cache-storage.ts";
import { indexedDbCache } from "./indexed-db.ts";
import { inMemory } from "./process-wide.ts";

/**
 * The cache that suits the runtime: IndexedDB where there is one (browsers), else the Cache API (Deno), else memory (Node and Bun; their
 * file system is at `edge-guard/node`). Where bytes cannot be compiled at run time (Workers), keeping them would gain nothing: memory.
 */
export function defaultCache(): ModuleCache {
  // workerd has the Cache API, but neither streaming compilation nor, in a handler, any other.
  if (!canStreamModules()) return inMemory;
  if (hasIndexedDb()) return indexedDbCache();
  if (hasCacheStorage()) return cacheStorageCache();
  return inMemory;
}
