// Driver: bytes in memory, the least recently used leave first. For tests, and as the first tier before a slow store.
import type { ModuleCache } from "./cache.ts";

export interface MemoryCacheOptions {
  /** How many bytes are kept. Default: 64 MiB. */
  readonly maximumBytes?: number;
}

/**
 * Keeps modules' bytes in memory. Compiled modules are kept in memory by every cache anyway; this saves the store's reading.
 *
 * @throws {RangeError} when `maximumBytes` is not a positive number.
 */
export function memoryCache({ maximumBytes = 64 * 1024 * 1024 }: MemoryCacheOptions = {}): ModuleCache {
  if (!(maximumBytes > 0)) {
    throw new RangeError(`Cannot make a cache: "maximumBytes" must be a positive number, got ${maximumBytes}`);
  }
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  let used = 0;
  const remove = (key: string): void => {
    used -= kept.get(key)?.length ?? 0;
    kept.delete(key);
  };
  return {
    name: "memory",
    get(key) {
      const bytes = kept.get(key);
      if (bytes === undefined) return undefined;
      kept.delete(key);
      kept.set(key, bytes);
      // A copy both ways: nobody else's writing reaches what is kept.
      return bytes.slice();
    },
    set(key, bytes) {
      remove(key);
      if (bytes.length > maximumBytes) return;
      kept.set(key, bytes.slice());
      used += bytes.length;
      for (const oldest of kept.keys()) {
        if (used <= maximumBytes) break;
        remove(oldest);
      }
    },
    delete: remove,
    clear() {
      kept.clear();
      used = 0;
    },
  };
}
