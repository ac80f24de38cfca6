// Cloudflare Workers: modules come compiled with the deployment, or as bytes for a dynamic Worker; agents' labels rest in Durable Objects.
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

export { type LoaderGuard, type LoaderGuardOptions, loaderGuard } from "./loader-guard.ts";
export type { LoadedWorkerCode, WorkerLoaderLike } from "./loader-module.ts";

/**
 * The cache for Workers: none but memory. A handler cannot compile bytes, so a guard is imported as a `WebAssembly.Module` and passes
 * straight through; the load's events say so (`bypass`). Bytes that arrive at run time are {@link loaderGuard}'s.
 */
export function defaultCache(): ModuleCache {
  return inMemory;
}

/**
 * Keeps bytes in the data centre's Cache API, with the lifetime without which workerd would drop them: for bytes that are handed
 * on, as {@link loaderGuard} does with those that are pinned. Not shared between data centres, and gone when Cloudflare needs the room.
 */
export function edgeCache(options: CacheStorageCacheOptions = {}): ModuleCache {
  const { name, get, set, delete: remove } = cacheStorageCache(options);
  // workerd has no way to empty a cache.
  return { name, get, set, delete: remove };
}
