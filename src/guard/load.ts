// From a source to a running guard in one call.
import { abortError } from "../errors.ts";
import type { GuardSource } from "../wasm/source.ts";
import type { InstantiateOptions } from "./instance-options.ts";
import { type CompileGuardOptions, compileGuard } from "./module.ts";
import type { WasmGuard } from "./wasm-guard.ts";

/** How a guard is loaded and run. */
export type LoadGuardOptions = CompileGuardOptions & InstantiateOptions;

/**
 * Loads a guard: fetches it if need be, verifies and prepares its bytes, compiles and starts it.
 *
 * ```ts
 * const guard = await loadGuard(new URL("./repo-guard.wasm", import.meta.url), { backend });
 * const { agent, mode } = await guard.labelAgent({ "allow-only": { repos: ["acme/*"], "min-integrity": "approved" } });
 * ```
 *
 * A guard that is loaded again comes out of memory, or out of `cache`; loads of one URL at the same time share one request and one
 * compilation. Shut down in this order: the monitor, its guards (`guard.close()`), then the caches (`closeCache`).
 *
 * @throws {ModuleError} when it cannot be a guard, or not here; the message says what to do.
 * @throws {TrapError} | {ExitError} when it does not start.
 * @throws {AbortError} when the signal fires.
 * @throws {TypeError} | {RangeError} naming the option.
 */
export async function loadGuard(source: GuardSource, options: LoadGuardOptions = {}): Promise<WasmGuard> {
  const module = await compileGuard(source, options);
  options.onProgress?.({ phase: "instantiate", loaded: 0, total: 1 });
  const guard = await module.instantiate({ ...options, name: options.name ?? module.name });
  if (options.signal?.aborted) {
    await guard.close();
    throw abortError(options.signal.reason, { guard: guard.name, phase: "load" });
  }
  options.onProgress?.({ phase: "instantiate", loaded: 1, total: 1 });
  return guard;
}
