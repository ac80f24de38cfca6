// From a source to a compiled module, once: memory, then the store, then the network; every byte is digested before it is compiled.
import { ModuleError } from "../errors.ts";
import { checkIntegrity, compileModule, hex, pinnedDigests, sha256 } from "../wasm/compile.ts";
import { preparationVersion } from "../wasm/contract.ts";
import { type PrepareOptions, prepareGuard } from "../wasm/prepare.ts";
import {
  addressOf,
  download,
  isRequest,
  isResponse,
  type LoadProgress,
  type SettledSource,
  type SourceOptions,
  send,
} from "../wasm/source.ts";
import { type AddressRecord, conditions, describeAnswer, isFresh } from "./address.ts";
import type { CacheEvent, CacheListener } from "./cache.ts";
import { createCompiledModules } from "./compiled.ts";
import { createJobs } from "./jobs.ts";
import type { Recalled, Store } from "./store.ts";

export interface LoadOptions extends SourceOptions {
  readonly integrity?: string | undefined;
  readonly onCacheEvent?: CacheListener | undefined;
}

export interface LoadedModule {
  readonly module: WebAssembly.Module;
  /** SHA-256 of the original bytes in lower-case hexadecimal. */
  readonly digest?: string;
}

/** What a job tells its waiters. */
export type Told = CacheEvent | LoadProgress;
export type Tell = (told: Told) => void;

export interface Coordinator {
  load(source: SettledSource, prepare: PrepareOptions, options: LoadOptions): Promise<LoadedModule>;
  /** Drops the compiled modules. */
  clear(): void;
}

/** The compiled modules that a coordinator keeps, by the bytes that they were compiled from. */
const defaultBudget = 64 * 1024 * 1024;
const rememberedAddresses = 1_000;

/** Stands for the key of one guard, prepared in one way; fits {@link ModuleCache}'s keys. */
function keyOf(digest: string, prepare: PrepareOptions): string {
  const way = JSON.stringify(prepare)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  return `${digest}-p${preparationVersion}${way}`.replace(/-$/, "");
}

let fetches = 0;
const fetchNumbers = new WeakMap<typeof fetch, number>();
/** Loads share a request only when the same function would send it. */
function fetchNumber(own: typeof fetch | undefined): number {
  if (own === undefined) return 0;
  const number = fetchNumbers.get(own) ?? ++fetches;
  fetchNumbers.set(own, number);
  return number;
}

/** Whether the answer to this request is the same for everybody who may ask for its address. */
function isPlain(request: string | URL | Request, address: string): boolean {
  if (!/^https?:/.test(address)) return false;
  if (!isRequest(request)) return true;
  const { method, headers, cache = "default" } = request;
  return method === "GET" && (cache === "default" || cache === "no-cache") && [...headers].length === 0;
}

/** A question by headers needs a preflight across origins, which few servers expect; the browser's own cache asks there. */
function mayAsk(address: string): boolean {
  const page = (globalThis as { location?: { origin?: string } }).location?.origin;
  return page === undefined || page === "null" || new URL(address).origin === page;
}

const uncheckable = (why: string): ModuleError =>
  new ModuleError("integrity-mismatch", `Cannot load the guard: its integrity cannot be checked, because ${why}`);

/** Not so in pages that came over plain http. */
const canDigest = (): boolean => (globalThis.crypto as Crypto | undefined)?.subtle !== undefined;

/** Without a store, compiled modules and addresses are kept in memory only. */
export function createCoordinator(store?: Store, budget: number = defaultBudget): Coordinator {
  const compiled = createCompiledModules(budget);
  const addresses = new Map<string, AddressRecord>();
  const jobs = createJobs<LoadedModule, Told>();
  const name = store?.name ?? "memory";

  const keep = (key: string, module: WebAssembly.Module, size: number, tell: Tell): void => {
    for (const left of compiled.set(key, module, size))
      tell({ type: "evicted", cache: "memory", digest: left.slice(0, 64) });
  };

  /** Compiles verified bytes, or gives what was compiled from them before. */
  const compile = (
    bytes: Uint8Array<ArrayBuffer>,
    digest: string,
    prepare: PrepareOptions,
    tell: Tell,
  ): Promise<WebAssembly.Module> => {
    const key = keyOf(digest, prepare);
    return compiling(key, { signals: [], hear: tell }, async (_, tellAll) => {
      const known = compiled.get(key);
      if (known !== undefined) {
        tellAll({ type: "hit", from: "memory", cache: "memory", digest });
        return known;
      }
      tellAll({ phase: "compile", loaded: 0, total: 1 });
      const prepared = prepareGuard(bytes, prepare);
      const module = await compileModule(prepared);
      keep(key, module, prepared.length, tellAll);
      store?.prepared(key, prepared, tellAll);
      tellAll({ phase: "compile", loaded: 1, total: 1 });
      return module;
    });
  };
  const compiling = createJobs<WebAssembly.Module, Told>();

  /** What is kept of these bytes, in memory or in the store; not yet compiled. */
  const recall = async (digest: string, prepare: PrepareOptions, tell: Tell): Promise<Recalled | undefined> => {
    const key = keyOf(digest, prepare);
    const module = compiled.get(key);
    if (module !== undefined) return { from: "memory", open: async () => module };
    return store?.recall(digest, key, tell, {
      compile: (bytes) => compile(bytes, digest, prepare, tell),
      keep: (streamed, size) => keep(key, streamed, size, tell),
    });
  };

  const open = async (
    copy: Recalled,
    digest: string,
    event: Omit<CacheEvent, "cache" | "digest">,
    tell: Tell,
  ): Promise<LoadedModule | undefined> => {
    const module = await copy.open();
    if (module === undefined) return undefined;
    tell({ ...event, from: copy.from, cache: copy.from === "memory" ? "memory" : name, digest });
    return { module, digest };
  };

  const fromBytes = async (
    bytes: Uint8Array<ArrayBuffer>,
    prepare: PrepareOptions,
    options: LoadOptions,
    tell: Tell,
  ): Promise<LoadedModule> => {
    if (!canDigest()) {
      if (options.integrity !== undefined)
        throw uncheckable("crypto.subtle is missing here; serve the page over https");
      tell({ type: "bypass", cache: name, reason: "crypto.subtle is missing here" });
      return { module: await compileModule(prepareGuard(bytes, prepare)) };
    }
    const raw = await sha256(bytes);
    if (options.integrity !== undefined) checkIntegrity(raw, options.integrity);
    const digest = hex(raw);
    return { module: await compile(bytes, digest, prepare, tell), digest };
  };

  const remember = (
    address: string,
    digest: string,
    response: Response,
    before: AddressRecord | undefined,
    tell: Tell,
  ): boolean => {
    const described = describeAnswer(response.headers, digest, Date.now());
    if (described === undefined) {
      addresses.delete(address);
      return false;
    }
    if (addresses.size >= rememberedAddresses) addresses.clear();
    const record = { ...before, ...described };
    addresses.set(address, record);
    store?.remember(address, record, tell);
    return true;
  };

  /** The whole way of one URL. */
  const fromAddress = async (
    request: string | URL | Request,
    address: string,
    prepare: PrepareOptions,
    options: LoadOptions,
    tell: Tell,
  ): Promise<LoadedModule> => {
    const pins = options.integrity === undefined ? [] : pinnedDigests(options.integrity);
    for (const pin of pins) {
      const copy = await recall(pin, prepare, tell);
      const loaded = copy && (await open(copy, pin, { type: "hit", url: address }, tell));
      if (loaded) return loaded;
    }
    let record = pins.length > 0 ? undefined : (addresses.get(address) ?? (await store?.remembered(address, tell)));
    let copy = record && (await recall(record.digest, prepare, tell));
    if (record && copy && isFresh(record, Date.now())) {
      const loaded = await open(copy, record.digest, { type: "hit", url: address }, tell);
      if (loaded) return loaded;
      copy = undefined;
    }
    for (;;) {
      const ask = record && copy && mayAsk(address) ? conditions(record) : {};
      try {
        if (copy === undefined) tell({ type: "miss", cache: name, url: address });
        const response = await send(request, options, ask);
        if (response.status === 304 && record && copy) {
          const loaded = await open(copy, record.digest, { type: "stale", outcome: "revalidated", url: address }, tell);
          if (loaded) {
            remember(address, record.digest, response, record, tell);
            return loaded;
          }
        } else {
          const bytes = await download(response, options);
          const loaded = await fromBytes(bytes, prepare, options, tell);
          const { digest } = loaded;
          if (digest === undefined) return loaded;
          if (record && copy) {
            const outcome = digest === record.digest ? "revalidated" : "replaced";
            tell({ type: "stale", outcome, cache: name, digest, url: address });
          }
          if (record && record.digest !== digest) store?.forget(record.digest, tell);
          if (remember(address, digest, response, undefined, tell)) store?.save(digest, bytes, tell);
          return loaded;
        }
      } catch (error) {
        // Only what kept the bytes from arriving; a guard that arrived and is bad stays bad. Refused (4xx) means withdrawn.
        const unreachable =
          error instanceof ModuleError && error.code === "load-failed" && !/ status 4/.test(error.message);
        const loaded =
          unreachable &&
          record &&
          copy &&
          (await open(copy, record.digest, { type: "stale", outcome: "offline", url: address }, tell));
        if (!loaded) throw error;
        return loaded;
      }
      record = copy = undefined;
    }
  };

  return {
    async load(source, prepare, options) {
      const tell: Tell = (told) => ("phase" in told ? options.onProgress?.(told) : options.onCacheEvent?.(told));
      if (options.integrity !== undefined) pinnedDigests(options.integrity);
      if (source instanceof WebAssembly.Module) {
        if (options.integrity !== undefined) throw uncheckable("the guard came as a compiled module; pass its bytes");
        tell({ type: "bypass", cache: name, reason: "the guard came as a compiled module" });
        return { module: source };
      }
      if (source instanceof Uint8Array) return fromBytes(source, prepare, options, tell);
      if (isResponse(source)) return fromBytes(await download(source, options), prepare, options, tell);
      const address = addressOf(source).split("#", 1)[0] as string;
      if (!canDigest() || !isPlain(source, address)) {
        return fromBytes(await download(await send(source, options), options), prepare, options, tell);
      }
      const job = JSON.stringify([address, options.integrity, prepare, fetchNumber(options.fetch)]);
      const signals = [options.signal, isRequest(source) ? source.signal : undefined];
      return jobs(job, { signals, hear: tell }, (signal, tellAll) =>
        fromAddress(source, address, prepare, { ...options, signal, onProgress: tellAll }, tellAll),
      );
    },
    clear() {
      compiled.clear();
      addresses.clear();
    },
  };
}
