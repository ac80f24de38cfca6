// A guard's bytes as the code of a dynamic Worker: verified, prepared, without network and without bindings.
import type { ModuleCache } from "../cache/cache.ts";
import { ModuleError } from "../errors.ts";
import { hex, sha256 } from "../wasm/compile.ts";
import { type GuardReport, inspectGuard } from "../wasm/inspect.ts";
import { checkIntegrity, pinnedDigests } from "../wasm/integrity.ts";
import { prepareGuard } from "../wasm/prepare-guard.ts";
import {
  download,
  type GuardSource,
  isRequest,
  isResponse,
  nameOf,
  type SettledSource,
  type SourceOptions,
  send,
  settleSource,
} from "../wasm/source.ts";

/** What a Worker Loader is told to load. */
export interface LoadedWorkerCode {
  compatibilityDate: string;
  mainModule: string;
  modules: { [name: string]: string | { wasm: ArrayBuffer } };
  /** No bindings. */
  env: object;
  /** No network. */
  globalOutbound: null;
  limits?: { cpuMs: number };
}

/** A Worker Loader binding, as Workers give it (`worker_loaders` in the wrangler file). */
export interface WorkerLoaderLike {
  get(id: string, code: () => Promise<LoadedWorkerCode>): { getEntrypoint(): unknown };
}

export interface LoaderModuleOptions extends SourceOptions {
  readonly integrity?: string | undefined;
  readonly cache?: ModuleCache | undefined;
  readonly memoryPages?: number | undefined;
  readonly cpuMs?: number | undefined;
  readonly fuel?: boolean | undefined;
}

export interface LoaderModule {
  /** The file's name without its ending, when the source has an address. */
  readonly name: string | undefined;
  /** SHA-256 of the original bytes in lower-case hexadecimal. */
  readonly digest: string;
  /** The same for the same code. */
  readonly id: string;
  readonly report: GuardReport;
  /** Whether it counts what it burns. */
  readonly counts: boolean;
  code(): LoadedWorkerCode;
}

/** Old enough for every workerd that has Worker Loaders. */
const compatibilityDate = "2025-09-01";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a cache has under a pinned digest, if it is that. A cache that fails means a download, never a failed load. */
async function kept(cache: ModuleCache, digests: readonly string[]): Promise<Bytes | undefined> {
  for (const digest of digests) {
    try {
      const bytes = await cache.get(digest);
      if (bytes !== undefined && hex(await sha256(bytes)) === digest) return bytes;
    } catch {
      // The network has it.
    }
  }
  return undefined;
}

async function keep(cache: ModuleCache, digest: string, bytes: Bytes): Promise<void> {
  try {
    await cache.set(digest, bytes);
  } catch {
    // The next load downloads it again.
  }
}

async function bytesOf(source: SettledSource, options: LoaderModuleOptions): Promise<Bytes> {
  const { cache, integrity } = options;
  if (source instanceof WebAssembly.Module) {
    throw new TypeError(
      'Cannot host the guard: "source" is a compiled module, which cannot be handed to a dynamic Worker; pass its bytes, or load it here with loadGuard',
    );
  }
  if (source instanceof Uint8Array) return source.slice();
  if (isResponse(source)) return download(source, options);
  // A pin says which bytes; without one the server has to be asked anyway.
  const pins = cache === undefined || integrity === undefined || isRequest(source) ? [] : pinnedDigests(integrity);
  const known = cache && (await kept(cache, pins));
  if (known !== undefined) return known;
  const bytes = await download(await send(source, options), options);
  const digest = hex(await sha256(bytes));
  if (cache !== undefined && pins.includes(digest)) await keep(cache, digest, bytes);
  return bytes;
}

/**
 * Reads, verifies and prepares a guard.
 *
 * @throws {ModuleError} with what is wrong and how to mend it.
 * @throws {TypeError} for a compiled module: it cannot be handed on.
 */
export async function loaderModule(source: GuardSource, options: LoaderModuleOptions): Promise<LoaderModule> {
  const settled = await settleSource(source, options.signal);
  const bytes = await bytesOf(settled, options);
  const digest = await sha256(bytes);
  if (options.integrity !== undefined) checkIntegrity(digest, options.integrity);
  const { memoryPages, cpuMs, fuel = true } = options;
  // Nothing else ends a guard there in the middle of a computation, but the platform its whole Worker.
  const prepared = prepareGuard(bytes, { fuel, ...(memoryPages !== undefined && { memoryPages }) });
  if (!WebAssembly.validate(prepared)) {
    throw new ModuleError(
      "bad-module",
      "Cannot compile the guard: its code is not valid here; it may use features that this engine lacks",
    );
  }
  const { loaderScripts } = await import("./loader-script.ts");
  const limits = cpuMs === undefined ? {} : { limits: { cpuMs } };
  const everything = new TextEncoder().encode(JSON.stringify([loaderScripts, hex(await sha256(prepared)), limits]));
  return {
    name: nameOf(settled),
    digest: hex(digest),
    id: `edge-guard-${hex(await sha256(everything))}`,
    report: inspectGuard(prepared, memoryPages === undefined ? {} : { memoryPages }),
    counts: fuel,
    code: () => ({
      compatibilityDate,
      mainModule: "main.js",
      modules: { ...loaderScripts, "guard.wasm": { wasm: prepared.buffer } },
      env: {},
      globalOutbound: null,
      ...limits,
    }),
  };
}
