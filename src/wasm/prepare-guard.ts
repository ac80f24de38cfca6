// The rewrite before compiling for who has the bytes at hand: build tools, command line, tests.
import { fuelRewrite } from "./fuel-rewrite.ts";
import type { PrepareOptions } from "./prepare.ts";
import { prepareModule } from "./prepare-module.ts";

/**
 * Prepares a guard's module: lowers its memory's maximum to the cap and exports every mutable global under a reserved name, so
 * that checkpoints can hold its whole state; with `fuel`, makes it count what it burns. Pure; the same bytes and options give the same
 * result, and a prepared module is prepared again from scratch. Runtimes that take only precompiled modules run this at build time.
 *
 * @throws {ModuleError} with the first problem when the module cannot be a guard (guard-abi.md); with `fuel` also for instructions that the
 * rewrite does not know, with opcode and offset.
 * @throws {RangeError} when `memoryPages` is not a whole number from 1 to 65536.
 */
export function prepareGuard(bytes: Uint8Array | ArrayBuffer, options: PrepareOptions = {}): Uint8Array<ArrayBuffer> {
  const source = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return prepareModule(source, options, fuelRewrite) as Uint8Array<ArrayBuffer>;
}
