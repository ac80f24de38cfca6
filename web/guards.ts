// The guards of the worker: each source is loaded and compiled once, with progress, and then serves every evaluation.
import { type CompileGuardOptions, compileGuard, defaultCache, type GuardModule, ModuleError } from "edge-guard";
import { readSource } from "./guard-source.ts";
import type { GuardOnWire, PreviewGuardSource, PreviewView, Progress } from "./protocol.ts";

interface ChooseOptions {
  readonly signal: AbortSignal;
  tell(progress: Progress): void;
}

/** The guards of one evaluation. */
export interface GuardChoices {
  /** Resolves when all of them are loaded. */
  ready(): Promise<void>;
  /** The guard under the name that a scenario gives it. */
  get(name: string, sha256?: string): Promise<WebAssembly.Module>;
  digests(): PreviewView["digests"];
}

export interface Guards {
  /** Keeps the sources that came with a request. */
  take(entries: readonly GuardOnWire[]): void;
  choose(entries: readonly GuardOnWire[], options: ChooseOptions): GuardChoices;
}

interface Loading {
  readonly module: Promise<GuardModule>;
  readonly listeners: Set<ChooseOptions["tell"]>;
}

async function load(source: PreviewGuardSource, options: CompileGuardOptions): Promise<GuardModule> {
  const from = typeof source === "string" || source instanceof URL ? source : await readSource(source);
  // Counting, so that it can be ended in every engine; one that came compiled is as it is.
  return compileGuard(from, from instanceof WebAssembly.Module ? options : { ...options, fuel: true });
}

/** Lets messages in: an evaluation whose backend answers at once would otherwise keep the worker busy from end to end. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function checked({ module, digest }: GuardModule, name: string, wanted: string | undefined): WebAssembly.Module {
  if (wanted === undefined || wanted.toLowerCase() === digest) return module;
  const found = digest === undefined ? "cannot be digested here" : `has the SHA-256 "${digest}"`;
  const message = `Cannot load the guard "${name}": it ${found}, and the scenario wants "${wanted}"; take the guard that the scenario was made with, or drop the digest`;
  throw new ModuleError("integrity-mismatch", message);
}

export function createGuards(): Guards {
  const sources = new Map<number, PreviewGuardSource>();
  const loadings = new Map<number, Loading>();
  const cache = defaultCache();

  function start(key: number): Loading {
    const known = loadings.get(key);
    if (known !== undefined) return known;
    const listeners = new Set<ChooseOptions["tell"]>();
    const onProgress = (progress: Progress) => {
      for (const tell of listeners) tell(progress);
    };
    const loading = { module: load(sources.get(key)!, { cache, onProgress }), listeners };
    loadings.set(key, loading);
    loading.module.catch(() => loadings.delete(key));
    return loading;
  }

  return {
    take(entries) {
      for (const { key, source } of entries) if (source !== undefined) sources.set(key, source);
    },
    choose(entries, { signal, tell }) {
      const byName = new Map(entries.map(({ name, key }) => [name, key]));
      const digests: { [name: string]: string } = Object.create(null);
      return {
        async ready() {
          const waiting = entries.map(async ({ name, key }) => {
            const { module, listeners } = start(key);
            const hear = (progress: Progress) => tell({ ...progress, guard: name });
            listeners.add(hear);
            signal.addEventListener("abort", () => listeners.delete(hear), { once: true });
            await module.finally(() => listeners.delete(hear));
          });
          // A newer evaluation does not wait for this one's download, it joins it.
          const ended = new Promise<never>((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          });
          await Promise.race([Promise.all(waiting), ended]);
        },
        async get(name, sha256) {
          const key = byName.get(name) ?? byName.get("*");
          if (key === undefined) return undefined as never; // preview names the guard that is missing
          const module = await start(key).module;
          await pause();
          const compiled = checked(module, name, sha256);
          if (module.digest !== undefined) digests[name] = module.digest;
          return compiled;
        },
        digests: () => ({ ...digests }),
      };
    },
  };
}
