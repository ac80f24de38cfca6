// Deno: its Cache API needs no permission and outlives the process, in Deno's own folder.
import type { ModuleCache } from "../cache/cache.ts";
import { type CacheStorageCacheOptions, cacheStorageCache } from "../cache/cache-storage.ts";

export {
  type DenoKvAgentsOptions,
  type DenoKvAtomic,
  type DenoKvEntry,
  type DenoKvLike,
  denoKvAgents,
} from "./deno-kv-agents.ts";

/** Keeps modules' bytes in Deno's Cache API, per application as Deno tells them apart (`--location`, or the main script). */
export function defaultCache(options: CacheStorageCacheOptions = {}): ModuleCache {
  return cacheStorageCache(options);
}
