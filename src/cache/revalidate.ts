// The way of a URL of which something may be known: fresh, confirmed, replaced, or used because the server is out of reach.
import { ModuleError } from "../errors.ts";
import { compileModule } from "../wasm/compile.ts";
import { readPreparation } from "../wasm/prepare.ts";
import { download, send } from "../wasm/source.ts";
import { type AddressRecord, conditions, describeAnswer, isFresh } from "./address.ts";
import type { CacheEvent } from "./cache.ts";
import type { Core, GuardRequest, Load, LoadedModule } from "./core.ts";
import type { Recalled } from "./store.ts";

/** A question by headers needs a preflight across origins, which few servers expect; the browser's own cache asks there. */
function mayAsk(address: string): boolean {
  const page = (globalThis as { location?: { origin?: string } }).location?.origin;
  return page === undefined || page === "null" || new URL(address).origin === page;
}

/** What is kept of these bytes, in memory or in the store; not yet compiled. */
async function recall(core: Core, digest: string, load: Load): Promise<Recalled | undefined> {
  const { prepare, tell } = load;
  const module = core.compiled(digest, prepare);
  if (module !== undefined) return { from: "memory", open: async () => module };
  const key = core.keyOf(digest, prepare);
  return core.store?.recall(digest, key, tell, {
    async compile(bytes) {
      const compiled = await core.compile(bytes, digest, load);
      keepCounting(core, key, load);
      return compiled;
    },
    keep: (streamed, size) => core.keep(key, streamed, size, tell),
    // Only the store knows what its prepared modules were made from: not enough where the bytes are pinned.
    prepared: load.options.integrity === undefined,
    ...(prepare.fuel && { compilePrepared: (bytes) => compilePrepared(core, bytes, digest, load) }),
  });
}

/** Compiles what was prepared earlier; `undefined` when it was prepared in another way. */
async function compilePrepared(
  core: Core,
  bytes: Uint8Array<ArrayBuffer>,
  digest: string,
  load: Load,
): Promise<WebAssembly.Module | undefined> {
  const { fuel, memoryPages } = load.prepare;
  const unfit = Symbol();
  try {
    return await core.once(digest, load, async () => {
      const module = await compileModule(bytes).catch(() => undefined);
      const found = module && readPreparation(module);
      if (found?.memoryPages !== memoryPages || found?.fuel !== fuel) throw unfit;
      return [module as WebAssembly.Module, bytes.length];
    });
  } catch (error) {
    if (error === unfit) return undefined;
    throw error;
  }
}

/** To make a guard count takes several times as long as to compile it, so that is kept. */
function keepCounting(core: Core, key: string, load: Load): void {
  if (load.counting !== undefined) core.store?.keepPrepared(key, load.counting, load.tell);
}

async function knownAnswer(core: Core, address: string, load: Load): Promise<AddressRecord | undefined> {
  const answer = core.answers.get(address);
  if (answer === undefined) return core.store?.remembered(address, load.tell);
  return "headers" in answer ? describeAnswer(answer.headers, answer.digest, answer.at) : answer;
}

/** Whether an answer may be kept; if so, it is. */
function remember(core: Core, address: string, digest: string, headers: Headers, load: Load, before?: AddressRecord) {
  const described = describeAnswer(headers, digest, Date.now());
  if (described === undefined) {
    core.answers.delete(address);
    return false;
  }
  const record = { ...before, ...described };
  core.note(address, record);
  core.store?.remember(address, record, load.tell);
  return true;
}

/** Only what kept bytes from arriving. A guard that arrived and is bad stays bad, and a refusal (4xx) is the server's word. */
const isOutOfReach = (error: unknown): boolean =>
  error instanceof ModuleError && error.code === "load-failed" && !/ status 4\d\d$/.test(error.message);

/** Loads a URL: from what is kept while that is fresh, else by asking the server, else from what is kept all the same. */
export async function revalidate(
  core: Core,
  request: GuardRequest,
  address: string,
  pins: readonly string[],
  load: Load,
): Promise<LoadedModule> {
  const { options, tell } = load;
  const open = async (copy: Recalled, digest: string, event: Omit<CacheEvent, "cache">) => {
    const module = await copy.open();
    if (module === undefined) return undefined;
    tell({ ...event, url: address, from: copy.from, cache: copy.from === "memory" ? "memory" : core.name, digest });
    return { module, digest };
  };

  for (const pin of pins) {
    const copy = await recall(core, pin, load);
    const loaded = copy && (await open(copy, pin, { type: "hit" }));
    if (loaded) return loaded;
  }
  // A pin says which bytes; what the URL gave last time does not matter then.
  const record = pins.length > 0 ? undefined : await knownAnswer(core, address, load);
  let copy = record && (await recall(core, record.digest, load));
  if (record && copy && isFresh(record, Date.now())) {
    const loaded = await open(copy, record.digest, { type: "hit" });
    if (loaded) return loaded;
    copy = undefined;
  }
  const fetchAnew = async (): Promise<LoadedModule> => {
    const response = await send(request, options);
    return accept(response);
  };
  const accept = async (response: Response): Promise<LoadedModule> => {
    const bytes = await download(response, options);
    const loaded = await core.fromBytes(bytes, load);
    const digest = loaded.digest as string;
    if (copy) {
      const outcome = digest === record?.digest ? "revalidated" : "replaced";
      tell({ type: "stale", outcome, cache: core.name, digest, url: address });
    }
    if (record && record.digest !== digest)
      core.store?.forget(
        record.digest,
        core.keyOf(record.digest, load.prepare),
        core.stateKeyOf(record.digest, load.prepare),
        tell,
      );
    if (remember(core, address, digest, response.headers, load)) {
      core.store?.save(digest, bytes, tell);
      keepCounting(core, core.keyOf(digest, load.prepare), load);
    }
    return loaded;
  };

  if (!record || !copy) {
    tell({ type: "miss", cache: core.name, url: address });
    return fetchAnew();
  }
  try {
    const response = await send(request, options, mayAsk(address) ? conditions(record) : {});
    if (response.status !== 304) return await accept(response);
    const loaded = await open(copy, record.digest, { type: "stale", outcome: "revalidated" });
    if (loaded) {
      remember(core, address, record.digest, response.headers, load, record);
      return loaded;
    }
    copy = undefined;
    tell({ type: "miss", cache: core.name, url: address });
    return await fetchAnew();
  } catch (error) {
    const loaded =
      copy && isOutOfReach(error) && (await open(copy, record.digest, { type: "stale", outcome: "offline" }));
    if (!loaded) throw error;
    return loaded;
  }
}
