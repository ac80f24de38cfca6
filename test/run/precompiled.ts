// A library that takes its guards precompiled, for runtimes that do not compile bytes: suites hand over bytes all the same.
import type { GuardSource } from "edge-guard";
import type { Library } from "../suites/suite.ts";

/** What tells one compiled guard from another: the digest of its bytes and the cap on its memory. */
async function keyOf(bytes: Uint8Array<ArrayBuffer>, memoryPages: number): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}-${memoryPages}`;
}

/** Puts something in the place of a guard's bytes, or `undefined` to leave them. */
export type Replace = (
  key: string,
  bytes: Uint8Array<ArrayBuffer>,
  memoryPages: number,
) => WebAssembly.Module | undefined;

/**
 * The library with `loadGuard` and `compileGuard` that ask `replace` for the module of the bytes that they are given. Loads with
 * `integrity` or a `cache` are about bytes and stay as they are.
 */
export function withPrecompiled(library: Library, replace: Replace): Library {
  async function settled(source: GuardSource, options: Parameters<Library["loadGuard"]>[1] = {}): Promise<GuardSource> {
    const given = (await (source as Promise<unknown>)) as GuardSource;
    const memoryPages = options.limits?.memoryPages ?? 512;
    if (!(given instanceof Uint8Array) || "integrity" in options || "cache" in options) return given;
    const bytes = given as Uint8Array<ArrayBuffer>;
    return replace(await keyOf(bytes, memoryPages), bytes, memoryPages) ?? given;
  }
  return {
    ...library,
    loadGuard: async (source, options) => library.loadGuard(await settled(source, options), options),
    compileGuard: async (source, options) => library.compileGuard(await settled(source, options), options),
  };
}
