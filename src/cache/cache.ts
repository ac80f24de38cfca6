// Where module bytes rest: the interface that every driver has, and what the coordinator tells about its work.
import type { CacheError } from "../errors.ts";

export type MaybePromise<T> = T | Promise<T>;

/**
 * A driver: a carrier of bytes under short names, and nothing more. The coordinator chooses the keys, checks every byte that comes
 * back, and goes on without the driver when a method throws, rejects or never settles. Methods do not use `this`.
 */
export interface ModuleCache {
  /** For events and messages. */
  readonly name: string;
  /** The bytes under a key, exactly as they were set; `undefined` when there are none. A key matches `[a-z0-9-]{1,100}`. */
  get(key: string): MaybePromise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps the bytes. Whoever reads meanwhile sees the old ones or the new ones, never a mixture. */
  set(key: string, bytes: Uint8Array<ArrayBuffer>): MaybePromise<void>;
  /** Forgets a key; does nothing when it is not there. */
  delete(key: string): MaybePromise<void>;
  /** Forgets everything. */
  clear?(): MaybePromise<void>;
  /** Lets go of what the driver holds open. Used again, it opens again. */
  dispose?(): MaybePromise<void>;
  /** How many bytes' worth of compiled modules loads through this cache keep in memory, counted in wasm bytes. Default: 64 MiB. */
  readonly compiledBytes?: number;
  /** Prepared modules under an address of their own; absent where no engine would gain by it. */
  readonly streaming?: StreamingStore;
}

/** An http(s) address whose response an engine may compile from, and keep the compiled code of. */
export interface StreamedModule {
  readonly url: string;
  /** SHA-256 of the prepared bytes in lower-case hexadecimal. */
  readonly digest: string;
}

/**
 * Prepared modules behind addresses, for `WebAssembly.compileStreaming(fetch(url))`: the only way on which compiled code survives a
 * page load, and only in Chromium (a service worker answers out of Cache Storage).
 */
export interface StreamingStore {
  get(key: string): MaybePromise<StreamedModule | undefined>;
  /** Keeps a module, and says where; `undefined` when it is not worth it, or not possible now. */
  set(key: string, prepared: Uint8Array<ArrayBuffer>): MaybePromise<StreamedModule | undefined>;
  delete(key: string): MaybePromise<void>;
}

/**
 * What happened to a load on its way through the cache:
 * - `hit`: no download; `from` says whether the compiled module was in memory, its bytes in the store, or its address answered;
 * - `miss`: nothing was kept, so the guard is downloaded;
 * - `stale`: what was kept is out of date: the server confirmed it (`revalidated`), sent another one (`replaced`), or could not be
 *   reached, so that it is used all the same (`offline`);
 * - `corrupt`: the store gave back other bytes than it was given; they were deleted and are not used;
 * - `evicted`: a compiled module left memory, because the byte budget was used up;
 * - `restored`: a stored state was put in place, `reason` says of what: `_initialize` or `label_agent` did not have to run;
 * - `bypass`: the cache was not used, `reason` says why: the guard came as a compiled module, or the platform has no digest;
 * - `failed`: the store threw, or did not answer in time; the load goes on without it.
 */
export interface CacheEvent {
  readonly type: "hit" | "miss" | "stale" | "corrupt" | "evicted" | "restored" | "bypass" | "failed";
  /** The driver's name; "memory" for compiled modules. */
  readonly cache: string;
  /** SHA-256 of the guard's original bytes, where it is known. */
  readonly digest?: string;
  readonly url?: string;
  readonly from?: "memory" | "store" | "streaming";
  readonly outcome?: "revalidated" | "replaced" | "offline";
  readonly reason?: string;
  readonly error?: CacheError;
}

export type CacheListener = (event: CacheEvent) => void;
