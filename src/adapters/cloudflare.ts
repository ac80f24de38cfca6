// Cloudflare Workers: modules come compiled with the deployment, so there is nothing to keep; bytes can be kept for others.
import type { ModuleCache } from "../cache/cache.ts";
import { type CacheStorageCacheOptions, cacheStorageCache } from "../cache/cache-storage.ts";
import { inMemory } from "../cache/process-wide.ts";

export {
  AgentLabelsObject,
  type DurableObjectAgentsOptions,
  type DurableObjectNamespaceLike,
  type DurableObjectStateLike,
  durableObjectAgents,
} from "./durable-object-agents.ts";

/**
 * The cache for Workers: none but memory. A handler cannot compile bytes, so a guard is imported as a `WebAssembly.Module` and passes
 * straight through; the load's events say so (`bypass`).
 */
export function defaultCache(): ModuleCache {
  return inMemory;
}

/**
 * Keeps bytes in the data centre's Cache API, with the lifetime without which workerd would drop them: for bytes that are handed
 * on, as to a Worker Loader. Not shared between data centres, and gone when Cloudflare needs the room.
 */
export function edgeCache(options: CacheStorageCacheOptions = {}): ModuleCache {
  const { name, get, set, delete: remove } = cacheStorageCache(options);
  // workerd has no way to empty a cache.
  return { name, get, set, delete: remove };
}
