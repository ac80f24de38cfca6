// Compiled modules in memory: the least recently used one leaves first when the byte budget is used up.

interface Kept {
  readonly module: WebAssembly.Module;
  readonly bytes: number;
}

export interface CompiledModules {
  get(key: string): WebAssembly.Module | undefined;
  /** Keeps a module; gives the keys that had to leave. One that is larger than the whole budget is not kept. */
  set(key: string, module: WebAssembly.Module, bytes: number): string[];
  clear(): void;
}

/** `budget` counts the bytes that the modules were compiled from: no engine tells how large its code is. */
export function createCompiledModules(budget: number): CompiledModules {
  const kept = new Map<string, Kept>();
  let used = 0;
  return {
    get(key) {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found.module;
    },
    set(key, module, bytes) {
      if (kept.has(key)) return [];
      if (bytes > budget) return [key];
      kept.set(key, { module, bytes });
      used += bytes;
      const evicted: string[] = [];
      for (const [oldest, { bytes: size }] of kept) {
        if (used <= budget) break;
        kept.delete(oldest);
        used -= size;
        evicted.push(oldest);
      }
      return evicted;
    },
    clear() {
      kept.clear();
      used = 0;
    },
  };
}
