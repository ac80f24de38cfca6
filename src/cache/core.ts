// What the parts of the coordinator share: types only.
import type { PrepareOptions } from "../wasm/prepare.ts";
import type { LoadProgress, SettledSource, SourceOptions } from "../wasm/source.ts";
import type { AddressRecord } from "./address.ts";
import type { CacheEvent, CacheListener } from "./cache.ts";
import type { Store } from "./store.ts";

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
  /** Stands for one guard under one cap on its memory: whether it counts its fuel is no part of its state. */
  stateKeyOf(digest: string, prepare: PrepareOptions): string;
  /** Drops the compiled modules. */
  clear(): void;
}

export type GuardRequest = string | URL | Request;

/** A URL's last answer: what is known of it, or the headers to find that out from. */
export type Answer = AddressRecord | { readonly digest: string; readonly headers: Headers; readonly at: number };

/** What the ways of loading share. */
export interface Core {
  readonly store: Store | undefined;
  /** The driver's name, or "memory". */
  readonly name: string;
  readonly answers: Map<string, Answer>;
  /** Stands for one guard, prepared in one way. */
  keyOf(digest: string, prepare: PrepareOptions): string;
  /** Stands for its kept states. */
  stateKeyOf(digest: string, prepare: PrepareOptions): string;
  note(address: string, answer: Answer): void;
  compiled(digest: string, prepare: PrepareOptions): WebAssembly.Module | undefined;
  keep(key: string, module: WebAssembly.Module, size: number, tell: Tell): void;
  /** Does what compiles a module, unless somebody else does or did. */
  once(
    digest: string,
    load: Load,
    compile: (key: string, tell: Tell) => Promise<[module: WebAssembly.Module, size: number]>,
  ): Promise<WebAssembly.Module>;
  /** Compiles verified bytes, or gives what was compiled from them before. */
  compile(bytes: Uint8Array<ArrayBuffer>, digest: string, load: Load): Promise<WebAssembly.Module>;
  /** Digests, checks and compiles bytes. */
  fromBytes(bytes: Uint8Array<ArrayBuffer>, load: Load): Promise<LoadedModule>;
}

/** One load, as its options and its listeners want it. */
export interface Load {
  readonly prepare: PrepareOptions;
  readonly options: LoadOptions;
  readonly tell: Tell;
  /** The module that was made to count for this load, when that is worth keeping. */
  counting?: Uint8Array<ArrayBuffer>;
}
