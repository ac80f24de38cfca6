// From a source to a compiled module, once: memory, then the store, then the network; every byte is digested before it is compiled.
import { canDigest } from "../capabilities.ts";
import { ModuleError } from "../errors.ts";
import { compileModule, hex, sha256 } from "../wasm/compile.ts";
import { defaultMemoryPages, preparationVersion } from "../wasm/contract.ts";
import type { PrepareOptions } from "../wasm/prepare.ts";
import { addressOf, download, isRequest, isResponse, send } from "../wasm/source.ts";
import { createCompiledModules } from "./compiled.ts";
import type { Coordinator, Core, GuardRequest, Load, LoadedModule, LoadOptions, Tell, Told } from "./core.ts";
import { createJobs } from "./jobs.ts";
import type { Store } from "./store.ts";

/** The compiled modules that a coordinator keeps, by the bytes that they were compiled from. */
const defaultBudget = 64 * 1024 * 1024;
const rememberedAddresses = 1_000;

/** Stands for one guard, prepared in one way; fits ModuleCache's keys. */
const keyOf = (digest: string, prepare: PrepareOptions): string =>
  `${digest}-p${preparationVersion}-${Object.values(prepare).join("-")}`;

const stateKeyOf = (digest: string, { memoryPages = defaultMemoryPages }: PrepareOptions): string =>
  keyOf(digest, { memoryPages });

let fetches = 0;
const fetchNumbers = new WeakMap<typeof fetch, number>();
/** Loads share a request only when the same function would send it. */
function fetchNumber(own: typeof fetch = fetch): number {
  const number = fetchNumbers.get(own) ?? ++fetches;
  fetchNumbers.set(own, number);
  return number;
}

const pinning = () => import("../wasm/integrity.ts");
const noSubtle = "crypto.subtle is missing here";
const uncheckable = (why: string): ModuleError =>
  new ModuleError("integrity-mismatch", `Cannot load the guard: its integrity cannot be checked, because ${why}`);

/** Loaded for who brings bytes: on Workers, modules come compiled. */
const rewriting = () => import("../wasm/prepare-module.ts");

/** The rewrite for fuel is loaded only where it is needed. */
async function prepared(bytes: Uint8Array, options: PrepareOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { prepareModule } = await rewriting();
  const plain = prepareModule(bytes, options);
  if (plain !== undefined) return plain;
  const { fuelRewrite } = await import("../wasm/fuel-rewrite.ts");
  return prepareModule(bytes, options, fuelRewrite) as Uint8Array<ArrayBuffer>;
}

/** Without a store, compiled modules and addresses are kept in memory only. */
export function createCoordinator(store?: Store, budget: number = defaultBudget): Coordinator {
  const modules = createCompiledModules(budget);
  const downloads = createJobs<LoadedModule, Told>();
  const compilations = createJobs<WebAssembly.Module, Told>();

  const core: Core = {
    store,
    name: store?.name ?? "memory",
    answers: new Map(),
    keyOf,
    stateKeyOf,
    note(address, answer) {
      if (core.answers.size >= rememberedAddresses) core.answers.clear();
      core.answers.set(address, answer);
    },
    compiled: (digest, prepare) => modules.get(keyOf(digest, prepare)),
    keep(key, module, size, tell) {
      for (const left of modules.set(key, module, size)) {
        tell({ type: "evicted", cache: "memory", digest: left.slice(0, 64) });
      }
    },
    once(digest, { prepare, options, tell }, compile) {
      const key = keyOf(digest, prepare);
      return compilations(key, { signal: options.signal, hear: tell }, async (_, tellAll) => {
        const known = modules.get(key);
        if (known !== undefined) {
          tellAll({ type: "hit", from: "memory", cache: "memory", digest });
          return known;
        }
        tellAll({ phase: "compile", loaded: 0, total: 1 });
        const [module, size] = await compile(key, tellAll);
        core.keep(key, module, size, tellAll);
        tellAll({ phase: "compile", loaded: 1, total: 1 });
        return module;
      });
    },
    compile: (bytes, digest, load) =>
      core.once(digest, load, async (key, tell) => {
        const ready = await prepared(bytes, load.prepare);
        let module = await store?.prepared(key, ready, tell);
        if (module === undefined) {
          module = await compileModule(ready);
          if (load.prepare.fuel) load.counting = ready;
        }
        return [module, ready.length];
      }),
    async fromBytes(bytes, load) {
      const { integrity } = load.options;
      if (!canDigest()) {
        if (integrity !== undefined) throw uncheckable(`${noSubtle}; serve the page over https`);
        load.tell({ type: "bypass", cache: core.name, reason: noSubtle });
        return { module: await compileModule(await prepared(bytes, load.prepare)) };
      }
      const raw = await sha256(bytes);
      if (integrity !== undefined) (await pinning()).checkIntegrity(raw, integrity);
      const digest = hex(raw);
      return { module: await core.compile(bytes, digest, load), digest };
    },
  };

  const fromAddress = async (request: GuardRequest, address: string, load: Load): Promise<LoadedModule> => {
    const { options, tell, prepare } = load;
    const pins = options.integrity === undefined ? [] : (await pinning()).pinnedDigests(options.integrity);
    for (const digest of pins) {
      const module = core.compiled(digest, prepare);
      if (module === undefined) continue;
      tell({ type: "hit", from: "memory", cache: "memory", digest, url: address });
      return { module, digest };
    }
    // Who loads each guard once does without the code for what follows.
    if (store !== undefined || (pins.length === 0 && core.answers.has(address))) {
      return (await import("./revalidate.ts")).revalidate(core, request, address, pins, load);
    }
    tell({ type: "miss", cache: core.name, url: address });
    const { headers, bytes } = await fetchGuard(request, options);
    const loaded = await core.fromBytes(bytes, load);
    if (loaded.digest !== undefined) core.note(address, { digest: loaded.digest, headers, at: Date.now() });
    return loaded;
  };

  return {
    stateKeyOf,
    async load(source, prepare, options) {
      const tell: Tell = (told) => ("phase" in told ? options.onProgress?.(told) : options.onCacheEvent?.(told));
      const load: Load = { prepare, options, tell };
      const { integrity } = options;
      if (integrity !== undefined) (await pinning()).pinnedDigests(integrity);
      if (source instanceof WebAssembly.Module) {
        const reason = "the guard came as a compiled module";
        if (integrity !== undefined) throw uncheckable(`${reason}; pass its bytes`);
        tell({ type: "bypass", cache: core.name, reason });
        return { module: source };
      }
      // Meanwhile the bytes are on their way; who needs it hears when that failed.
      rewriting().catch(() => {});
      // A copy: what is digested must be what is compiled, whatever becomes of the caller's buffer meanwhile.
      if (source instanceof Uint8Array) return core.fromBytes(source.slice(), load);
      if (isResponse(source)) return core.fromBytes(await download(source, options), load);
      const address = addressOf(source).split("#", 1)[0] as string;
      // What a Request's method and headers mean to the server is its maker's business: it is sent as it is, every time.
      if (isRequest(source) || !canDigest() || !/^https?:/.test(address)) {
        return core.fromBytes((await fetchGuard(source, options)).bytes, load);
      }
      const job = JSON.stringify([address, integrity, prepare, fetchNumber(options.fetch)]);
      return downloads(job, { signal: options.signal, hear: tell }, (signal, tellAll) =>
        fromAddress(source, address, {
          prepare,
          options: { ...options, signal, onProgress: tellAll },
          tell: tellAll,
        }),
      );
    },
    clear() {
      modules.clear();
      core.answers.clear();
    },
  };
}

async function fetchGuard(request: GuardRequest, options: LoadOptions) {
  const response = await send(request, options);
  return { headers: response.headers, bytes: await download(response, options) };
}
