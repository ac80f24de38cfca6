// A compiled guard: verified, prepared, ready to be instantiated many times.
import type { CacheListener, ModuleCache } from "../cache/cache.ts";
import { noteGuard, useCache } from "../cache/process-wide.ts";
import type { WarmStartOptions } from "../cache/warm.ts";
import { ModuleError } from "../errors.ts";
import { checkCompiled } from "../wasm/compile.ts";
import { defaultMemoryPages, wasiModule } from "../wasm/contract.ts";
import type { GuestModule } from "../wasm/guest.ts";
import { captureObstacle } from "../wasm/instance.ts";
import { checkMemoryPages, type PrepareOptions, readPreparation } from "../wasm/prepare.ts";
import { type GuardSource, nameOf, type SourceOptions, settleSource } from "../wasm/source.ts";
import { countsByDefault, readCapabilities } from "./fuel-default.ts";
import type { GuardLimits, InstantiateOptions } from "./instance-options.ts";
import { instantiateGuard, type WasmGuard } from "./wasm-guard.ts";

/** How a guard is compiled. */
export interface CompileGuardOptions extends SourceOptions {
  /** Default: the file's name without its ending, else "guard". */
  readonly name?: string;
  /** Subresource Integrity: "sha256-<base64>", checked against the original bytes. Default: unchecked. */
  readonly integrity?: string;
  /**
   * Where the guard's bytes rest between loads. Compiled modules are kept in memory besides. Default: the process-wide cache, which
   * is in memory only unless `replaceCache` says otherwise. A cache that fails means a slower load, never a failed
   * one. URLs are looked up and revalidated; a Request is sent as it is, every time.
   */
  readonly cache?: ModuleCache | undefined;
  /**
   * Starts instances from the state that the first one had after `_initialize`, and keeps that state beside the module in `cache`: for
   * guards with a heavy runtime; with `{ labelAgent: true }` also the state after `label_agent`, by policy. What the guard then read of clocks
   * and random numbers is the same in every instance. State is refused when guard, preparation, limits or policy differ, or a byte
   * is not as it was written. Against whoever can write to the store that is no protection, as for bytes without `integrity`: for that give a
   * `key`; where `integrity` is given, stored state is not used without one. Guards whose state cannot be captured start as usual.
   * Default: false.
   */
  readonly warmStart?: boolean | WarmStartOptions;
  /**
   * Whether the guard counts what it burns, so that `limits.fuel` and `limits.timeoutMs` end it in the middle of a computation, on any
   * thread. Costs about a fifth of its speed. A module that came compiled counts when it was prepared so. Default: true where
   * nothing else could end it: on a page, in Deno, in Bun, with a limit that only fuel can hold; not in Node without one, nor in a worker that
   * ends at once (Node, Firefox).
   */
  readonly fuel?: boolean | undefined;
  /** Hears what the cache did for this load, and for later warm starts of its instances. */
  readonly onCacheEvent?: CacheListener | undefined;
  /** Only `memoryPages` matters here, and whether `fuel` or `timeoutMs` is set. */
  readonly limits?: GuardLimits;
}

export interface GuardModule {
  readonly name: string;
  /** SHA-256 of the original bytes in lower-case hexadecimal; absent for a module that came compiled. */
  readonly digest?: string;
  readonly module: WebAssembly.Module;
  /** Whether checkpoints, and with them replay, fork and recover, work without bounds; and why not. */
  readonly checkpoint: { readonly possible: boolean; readonly obstacle?: string };
  /** Whether it counts what it burns, so that a host can end it when it runs away. */
  readonly counts: boolean;
  /** Whether label calls use the guest's allocator; otherwise pages that the host grows. */
  readonly guestAllocates: boolean;
  /** Starts an instance, `_initialize` included. Rejects with a GuardError when the guard does not start. */
  instantiate(options?: InstantiateOptions): Promise<WasmGuard>;
}

async function guestModule(compiled: WebAssembly.Module, memoryPages: number): Promise<GuestModule> {
  const usesWasi = WebAssembly.Module.imports(compiled).some(({ module }) => module === wasiModule);
  const preparation = readPreparation(compiled);
  checkCompiled(compiled, preparation?.fuel === true);
  // Code that not every guard needs is loaded for those that do.
  return {
    module: compiled,
    preparation,
    memoryPages,
    ...(usesWasi && { createWasi: (await import("../wasm/wasi.ts")).createWasi }),
    ...(preparation?.fuel && { createMeter: (await import("../wasm/meter.ts")).createMeter }),
  };
}

/** How a guard's bytes are to be prepared. Throws RangeError when the options contradict each other. */
function preparationOf({ fuel, limits = {} }: CompileGuardOptions): PrepareOptions {
  const memoryPages = checkMemoryPages(limits.memoryPages ?? defaultMemoryPages);
  const [budget, deadline] = [limits.fuel !== undefined, limits.timeoutMs !== undefined];
  if (fuel === false && budget)
    throw new RangeError('Cannot load the guard: "limits.fuel" needs a guard that counts, but "fuel" is false');
  const counts = fuel ?? countsByDefault(readCapabilities(), { inWorker: false, budget, deadline });
  return counts ? { memoryPages, fuel: true } : { memoryPages };
}

/**
 * Verifies, prepares and compiles a guard from any source.
 *
 * @throws {ModuleError} with what is wrong and how to mend it.
 * @throws {AbortError} when the signal fires.
 * @throws {TypeError} | {RangeError} naming the option.
 */
export async function compileGuard(source: GuardSource, options: CompileGuardOptions = {}): Promise<GuardModule> {
  const prepare = preparationOf(options);
  const { memoryPages = defaultMemoryPages } = prepare;
  const settled = await settleSource(source, options.signal);
  const name = options.name ?? nameOf(settled) ?? "guard";
  try {
    const use = await useCache(options.cache);
    const { module: compiled, digest } = await use.coordinator.load(settled, prepare, options);
    let guest = await guestModule(compiled, memoryPages);
    const counts = guest.createMeter !== undefined;
    if (options.fuel === true && !counts) {
      throw new RangeError(
        'Cannot load the guard: "fuel" is true, but it came compiled and does not count; prepare it with fuel (edge-guard prepare --fuel)',
      );
    }
    const obstacle = captureObstacle(guest);
    const exported = new Set(WebAssembly.Module.exports(compiled).map((item) => item.name));
    const initializes = exported.has("_initialize");
    const warm = options.warmStart === true ? {} : options.warmStart || undefined;
    if (warm && digest !== undefined && obstacle === undefined && (initializes || warm.labelAgent)) {
      const { openWarmStart } = await import("../cache/warm.ts");
      const of = {
        digest,
        key: use.coordinator.stateKeyOf(digest, prepare),
        memoryPages,
        globals: guest.preparation?.globals.length ?? 0,
        initializes,
        pinned: options.integrity !== undefined,
      };
      guest = { ...guest, warm: await openWarmStart(use.store, of, warm, (event) => options.onCacheEvent?.(event)) };
    }
    const noted = (guard: WasmGuard): WasmGuard => {
      const { fork } = guard;
      guard.fork = async (own) => noted(await fork(own));
      noteGuard(use, guard);
      return guard;
    };
    const module: GuardModule = {
      name,
      ...(digest === undefined ? {} : { digest }),
      module: compiled,
      checkpoint: obstacle === undefined ? { possible: true } : { possible: false, obstacle },
      counts,
      guestAllocates: exported.has("alloc") && exported.has("dealloc"),
      async instantiate(instanceOptions = {}): Promise<WasmGuard> {
        return noted(await instantiateGuard(module, guest, instanceOptions));
      },
    };
    return module;
  } catch (error) {
    throw error instanceof ModuleError
      ? Object.assign(error, { guard: error.guard ?? name, phase: error.phase ?? "load" })
      : error;
  }
}
