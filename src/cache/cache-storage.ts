// Driver: bytes in the Cache API of browsers, Deno and workerd.
import type { ModuleCache } from "./cache.ts";

export interface CacheStorageCacheOptions {
  /** The name of the cache within Cache Storage. Default: "edge-guard". */
  readonly cacheName?: string;
  /** Default: the global `caches`. */
  readonly caches?: Pick<CacheStorage, "open" | "delete">;
}

/** Never fetched: the Cache API wants absolute http(s) addresses as keys, and `.invalid` can belong to nobody. */
const base = "https://edge-guard.invalid/";
const year = 365 * 24 * 60 * 60;

/**
 * Keeps modules' bytes in the Cache API. In browsers it exists on https pages and on localhost only. On Workers an entry lives in one data
 * centre, and bytes cannot be compiled while a request is handled; it serves those who pass them on, such as the Worker Loader.
 */
export function cacheStorageCache(options: CacheStorageCacheOptions = {}): ModuleCache {
  const { cacheName = "edge-guard" } = options;
  let opened: Promise<Cache> | undefined;

  const open = (): Promise<Cache> => {
    if (opened !== undefined) return opened;
    const storage = options.caches ?? globalThis.caches;
    const opening = Promise.resolve(storage.open(cacheName));
    opened = opening;
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  };

  return {
    name: "cache-storage",
    async get(key) {
      const response = await (await open()).match(base + key);
      return response && new Uint8Array(await response.arrayBuffer());
    },
    async set(key, bytes) {
      const headers = {
        "content-type": "application/octet-stream",
        "content-length": String(bytes.length),
        // Without a lifetime workerd drops the entry, and says nothing.
        "cache-control": `public, max-age=${year}, immutable`,
      };
      await (await open()).put(base + key, new Response(bytes, { headers }));
    },
    async delete(key) {
      await (await open()).delete(base + key);
    },
    async clear() {
      opened = undefined;
      await (options.caches ?? globalThis.caches).delete(cacheName);
    },
    dispose() {
      opened = undefined;
    },
  };
}
