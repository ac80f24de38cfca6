// The coordinator's dealings with a driver: which keys it uses, how it verifies what comes back, what it deletes.
import { hex, sha256 } from "../wasm/compile.ts";
import type { LoadProgress } from "../wasm/source.ts";
import type { AddressRecord } from "./address.ts";
import { parseRecord } from "./address.ts";
import type { CacheEvent, ModuleCache, StreamedModule } from "./cache.ts";
import { guardStore } from "./guarded.ts";

type Listener = (event: CacheEvent) => void;
type Tell = (told: CacheEvent | LoadProgress) => void;

/** Something that is kept, and can be opened if it turns out to be of use. */
export interface Recalled {
  from: "memory" | "store" | "streaming";
  /** `undefined`: it could not be opened after all, and was deleted. */
  open(): Promise<WebAssembly.Module | undefined>;
}

export interface Opening {
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module>;
  /** Whether prepared modules of the store may be used. */
  readonly prepared: boolean;
  /** `undefined` for what was not prepared as wanted; absent where preparing costs too little to keep the result. */
  compilePrepared?(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module | undefined>;
  keep(module: WebAssembly.Module, bytes: number): void;
}

export interface Store {
  readonly name: string;
  recall(digest: string, key: string, tell: Tell, opening: Opening): Promise<Recalled | undefined>;
  save(digest: string, bytes: Uint8Array<ArrayBuffer>, tell: Listener): void;
  /** Keeps a prepared module beside the bytes that it was made from. */
  keepPrepared(key: string, prepared: Uint8Array<ArrayBuffer>, tell: Listener): void;
  /** Drops a guard's bytes, what was prepared from them under this key, and the states that were kept under the other. */
  forget(digest: string, key: string, stateKey: string, tell: Listener): void;
  /** Compiles a module by way of where its code can be kept, if there is such a place; else `undefined`. */
  prepared(key: string, bytes: Uint8Array<ArrayBuffer>, tell: Listener): Promise<WebAssembly.Module | undefined>;
  remembered(address: string, tell: Listener): Promise<AddressRecord | undefined>;
  remember(address: string, record: AddressRecord, tell: Listener): void;
  /** A stored checkpoint: bytes that nobody has looked at yet. */
  image(name: string, tell: Listener): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps a checkpoint; with a list, as one of those on it, of which the oldest leave. */
  keepImage(name: string, encode: () => Promise<Uint8Array<ArrayBuffer>>, tell: Listener, list?: string): void;
  dropImage(name: string, digest: string, tell: Listener): void;
  /** Resolves when everything is written. */
  settled(): Promise<void>;
  close(): void;
}

/** Where a prepared module is kept, behind its digest. */
const preparedName = (key: string): string => `p-${key}`;
const sealBytes = 32;
/** Where the state after `_initialize` is kept, and the names of the states after `label_agent`. */
export const imageName = (key: string): string => `w-${key}`;
export const toldList = (key: string): string => `w-${key}-told`;
/** States after label_agent that are kept per guard. */
const mostListed = 16;

/** Names only: what else a list may hold is somebody else's. */
async function listed(driver: ModuleCache, list: string): Promise<string[]> {
  const text = new TextDecoder().decode((await driver.get(list)) ?? new Uint8Array());
  return text.split(" ").filter((name) => /^w-[0-9a-f]{64}$/.test(name));
}

async function enlist(driver: ModuleCache, list: string, added: string): Promise<void> {
  const names = [...(await listed(driver, list)).filter((name) => name !== added), added];
  for (const name of names.splice(0, names.length - mostListed)) await driver.delete(name);
  await driver.set(list, new TextEncoder().encode(names.join(" ")));
}

async function addressKey(address: string): Promise<string> {
  return `url-${hex(await sha256(new TextEncoder().encode(address)))}`;
}

const isBytes = (value: unknown): value is Uint8Array<ArrayBuffer> =>
  value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;

/** Compiles out of the response as it arrives, with the digest of a clone beside; only both together count. */
async function compileStreamed({ url, digest }: StreamedModule): Promise<Streamed> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`"${url}" answered with status ${response.status}`);
  const copy = response.clone();
  const compiling = WebAssembly.compileStreaming(response);
  // Waiting for the digest must not leave a refusal unheard.
  compiling.catch(() => {});
  const bytes = new Uint8Array(await copy.arrayBuffer());
  const intact = hex(await sha256(bytes)) === digest;
  return intact ? { module: await compiling, size: bytes.length } : "corrupt";
}

type Streamed = { readonly module: WebAssembly.Module; readonly size: number } | "corrupt";

export function createStore(cache: ModuleCache): Store {
  const { attempt, later, settled, close } = guardStore(cache);
  const { name } = cache;

  const corrupt = (digest: string, tell: Listener, remove: (cache: ModuleCache) => unknown): undefined => {
    tell({ type: "corrupt", cache: name, digest });
    later("delete from", async (driver) => remove(driver), tell);
    return undefined;
  };

  const read = async (digest: string, tell: Listener): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const bytes: unknown = await attempt("read", (driver) => driver.get(digest), tell);
    if (bytes === undefined) return undefined;
    if (isBytes(bytes) && hex(await sha256(bytes)) === digest) return bytes;
    return corrupt(digest, tell, (driver) => driver.delete(digest));
  };

  const readSealed = async (digest: string, key: string, tell: Listener) => {
    const sealed: unknown = await attempt("read", (driver) => driver.get(preparedName(key)), tell);
    if (sealed === undefined) return undefined;
    if (isBytes(sealed)) {
      const bytes = sealed.subarray(sealBytes);
      if (hex(await sha256(bytes)) === hex(sealed.subarray(0, sealBytes))) return bytes;
    }
    return corrupt(digest, tell, (driver) => driver.delete(preparedName(key)));
  };

  return {
    name,
    settled,
    close,
    async recall(digest, key, tell, { compile, keep, prepared, compilePrepared }) {
      const streamed =
        prepared && cache.streaming && (await attempt("read", (driver) => driver.streaming?.get(key), tell));
      if (!streamed) {
        const sealed = prepared && compilePrepared && (await readSealed(digest, key, tell));
        if (sealed) return { from: "store", open: async () => (await compilePrepared(sealed)) ?? reopen() };
        const bytes = await read(digest, tell);
        return bytes && { from: "store", open: () => compile(bytes) };
      }
      /** What was prepared is of no use after all. */
      async function reopen(): Promise<WebAssembly.Module | undefined> {
        corrupt(digest, tell, (driver) => driver.delete(preparedName(key)));
        const bytes = await read(digest, tell);
        return bytes && compile(bytes);
      }
      const recalled: Recalled = {
        from: "streaming",
        async open() {
          tell({ phase: "compile", loaded: 0, total: 1 });
          const found = await attempt("read", () => compileStreamed(streamed), tell);
          if (typeof found === "object") {
            tell({ phase: "compile", loaded: 1, total: 1 });
            keep(found.module, found.size);
            return found.module;
          }
          if (found === "corrupt") {
            tell({ type: "corrupt", cache: name, digest });
            // Waited for: what is compiled instead takes its place.
            await attempt("delete from", (driver) => driver.streaming?.delete(key), tell);
          }
          recalled.from = "store";
          const bytes = await read(digest, tell);
          return bytes && compile(bytes);
        },
      };
      return recalled;
    },
    keepPrepared(key, bytes, tell) {
      const write = async (driver: ModuleCache): Promise<void> => {
        const sealed = new Uint8Array(sealBytes + bytes.length);
        sealed.set(await sha256(bytes));
        sealed.set(bytes, sealBytes);
        await driver.set(preparedName(key), sealed);
      };
      later("write to", write, tell);
    },
    save: (digest, bytes, tell) => later("write to", (driver) => driver.set(digest, bytes), tell),
    forget(digest, key, stateKey, tell) {
      const forgetAll = async (driver: ModuleCache): Promise<void> => {
        const list = toldList(stateKey);
        const names = [digest, preparedName(key), imageName(stateKey), ...(await listed(driver, list)), list];
        for (const name of names) await driver.delete(name);
      };
      later("delete from", forgetAll, tell);
      if (cache.streaming) later("delete from", (driver) => driver.streaming?.delete(key), tell);
    },
    async prepared(key, bytes, tell) {
      if (!cache.streaming) return undefined;
      const found = await attempt(
        "write to",
        async ({ streaming }) => {
          const streamed = await streaming?.set(key, bytes);
          return streamed && compileStreamed(streamed);
        },
        tell,
      );
      return typeof found === "object" ? found.module : undefined;
    },
    async image(image, tell) {
      const bytes: unknown = await attempt("read", (driver) => driver.get(image), tell);
      return isBytes(bytes) ? bytes : undefined;
    },
    keepImage(image, encode, tell, list) {
      later(
        "write to",
        async (driver) => {
          const bytes = await encode();
          if (list !== undefined) await enlist(driver, list, image);
          await driver.set(image, bytes);
        },
        tell,
      );
    },
    dropImage: (image, digest, tell) => corrupt(digest, tell, (driver) => driver.delete(image)),
    async remembered(address, tell) {
      const key = await addressKey(address);
      const bytes: unknown = await attempt("read", (driver) => driver.get(key), tell);
      return isBytes(bytes) ? parseRecord(bytes) : undefined;
    },
    remember(address, record, tell) {
      const bytes = new TextEncoder().encode(JSON.stringify(record));
      later("write to", async (driver) => driver.set(await addressKey(address), bytes), tell);
    },
  };
}
