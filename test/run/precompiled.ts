// A library that takes its guards precompiled, for runtimes that do not compile bytes: suites hand over bytes all the same.
import type { CompileGuardOptions, GuardSource, PrepareOptions } from "edge-guard";
import type { Library } from "../suites/suite.ts";

/** What tells one compiled guard from another: the digest of its bytes and how it was prepared, or that it is as it came. */
async function keyOf(bytes: Uint8Array<ArrayBuffer>, prepare: PrepareOptions | undefined): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}-${prepare === undefined ? "plain" : Object.values(prepare).join("-")}`;
}

/**
 * Gives the module to use in the place of a guard's bytes, or `undefined` to leave them. With `prepare` it is to be prepared so,
 * without it is what the suite itself wants compiled.
 */
export type Replace = (
  key: string,
  bytes: Uint8Array<ArrayBuffer>,
  prepare: PrepareOptions | undefined,
) => WebAssembly.Module | undefined;

/** Where suites call `WebAssembly.compile` themselves they call this, in bundles for runtimes that cannot; the library does not. */
export function offerCompile(replace: Replace): void {
  // Taken apart, for the bundle's rule must not lead from here to here.
  const { compile: compileBytes } = WebAssembly;
  const compile = async (bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> =>
    replace(await keyOf(bytes, undefined), bytes, undefined) ?? compileBytes(bytes);
  Object.assign(globalThis, { compileForSuite: compile });
}

/**
 * The library with `loadGuard` and `compileGuard` that ask `replace` for the module of the bytes that they are given. Loads with
 * `integrity` or a `cache` are about bytes and stay as they are.
 */
export function withPrecompiled(library: Library, replace: Replace): Library {
  type Settled = Exclude<GuardSource, Promise<GuardSource>>;
  async function settled(source: GuardSource, options: CompileGuardOptions = {}): Promise<Settled> {
    const given = (await (source as Promise<unknown>)) as Settled;
    const { limits = {}, fuel = limits.fuel !== undefined } = options;
    const prepare = { memoryPages: limits.memoryPages ?? 512, ...(fuel && { fuel }) };
    if (!(given instanceof Uint8Array) || "integrity" in options || "cache" in options) return given;
    const bytes = given as Uint8Array<ArrayBuffer>;
    return replace(await keyOf(bytes, prepare), bytes, prepare) ?? given;
  }
  return {
    ...library,
    loadGuard: async (source, options) => library.loadGuard(await settled(source, options), options),
    compileGuard: async (source, options) => library.compileGuard(await settled(source, options), options),
  };
}
