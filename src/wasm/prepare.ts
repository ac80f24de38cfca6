// How modules are prepared, and how a compiled one says that it was. The rewrite itself is in prepare-module.ts.
import { fuelExport, pageSize, preparationVersion, preparedSection, reserved } from "./contract.ts";

/** How `prepareGuard` rewrites a module. */
export interface PrepareOptions {
  /** The cap on the linear memory, in pages of 64 KiB: 1 to 65536. Default: 512 (32 MiB). */
  readonly memoryPages?: number;
  /**
   * Makes the guard count what it burns, so that a host can end it when it runs away, in every runtime and on any thread; costs it about
   * a fifth of its speed and a tenth of its size (design.md, Budgets). Default: false.
   */
  readonly fuel?: boolean;
}

/** What a prepared module says of itself, in the custom section `edge-guard.prepared`. */
export interface Preparation {
  readonly version: number;
  readonly memoryPages: number;
  /** Indices of the mutable globals, each exported as `edge_guard.g<index>`. */
  readonly globals: readonly number[];
  /** It counts what it burns. */
  readonly fuel?: true;
  /** Why the state of an instance cannot be captured; absent when it can. */
  readonly obstacle?: string;
}

/** Throws RangeError unless `memoryPages` is a number of pages that a memory can have. */
export function checkMemoryPages(memoryPages: number): number {
  if (!Number.isInteger(memoryPages) || memoryPages < 1 || memoryPages > 65536) {
    throw new RangeError(
      `Cannot cap the memory: "memoryPages" must be a whole number from 1 to 65536, got ${memoryPages}`,
    );
  }
  return memoryPages;
}

/** Reads what a compiled module says of its preparation; `undefined` when it was not prepared, by another version, or lies. */
export function readPreparation(module: WebAssembly.Module): Preparation | undefined {
  const [section] = WebAssembly.Module.customSections(module, preparedSection);
  if (section === undefined || section.byteLength > pageSize) return undefined;
  const exports = WebAssembly.Module.exports(module);
  const globals = new Set(exports.filter(({ kind }) => kind === "global").map(({ name }) => name));
  const counts = exports.some(({ name, kind }) => name === fuelExport && kind === "function");
  try {
    const found = JSON.parse(new TextDecoder().decode(section)) as Preparation;
    const valid =
      found.version === preparationVersion &&
      Number.isInteger(found.memoryPages) &&
      Array.isArray(found.globals) &&
      found.globals.every((index) => globals.has(`${reserved}g${index}`)) &&
      (found.fuel === true ? counts : found.fuel === undefined) &&
      (found.obstacle === undefined || typeof found.obstacle === "string");
    return valid ? found : undefined;
  } catch {
    return undefined;
  }
}
