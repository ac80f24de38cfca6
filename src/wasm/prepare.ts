// The rewrite before compiling: caps the memory, exports mutable globals, leaves a mark (design.md, Preparing a module).
import { type ModuleOutline, sectionId } from "./binary.ts";
import {
  defaultMemoryPages,
  fuelGlobalName,
  fuelImport,
  pageSize,
  preparationVersion,
  preparedSection,
  reserved,
} from "./contract.ts";
import { examine } from "./examine.ts";
import { createCursor, createWriter, readUnsigned, type Writer } from "./leb.ts";

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

/** Adds the count to a module, and takes it out again; loaded only where it is needed. */
export interface FuelRewrite {
  addFuel(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Throws ModuleError `bad-module` unless {@link FuelRewrite.addFuel} made these very bytes. */
  removeFuel(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
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

function writeSection(writer: Writer, id: number, body: () => void): void {
  writer.u8(id);
  writer.sized(body);
}

function writeMemory(writer: Writer, outline: ModuleOutline, cap: number): void {
  const own = outline.memories.slice(outline.importedMemories);
  writeSection(writer, sectionId.memory, () => {
    writer.unsigned(own.length);
    for (const { minimum, maximum } of own) {
      writer.u8(1);
      writer.unsigned(minimum);
      writer.unsigned(Math.min(maximum ?? cap, cap));
    }
  });
}

function writeExports(writer: Writer, bytes: Uint8Array, start: number, end: number, added: readonly number[]): void {
  const cursor = createCursor(bytes, start, end);
  const count = readUnsigned(cursor);
  writeSection(writer, sectionId.export, () => {
    writer.unsigned(count + added.length);
    writer.copy(bytes, cursor.position, end);
    for (const index of added) {
      writer.name(`${reserved}g${index}`);
      writer.u8(3);
      writer.unsigned(index);
    }
  });
}

/** Whether a module imports what a counting one does: by its name only. */
const importsFuel = (outline: ModuleOutline | undefined): boolean =>
  outline?.imports.some(({ module }) => module === fuelImport.module) ?? false;

/**
 * What `prepareGuard` does, with the rewrite for fuel in hand only where it is needed: gives `undefined` when it would be and is not,
 * because fuel is wanted or must be taken out first.
 */
export function prepareModule(
  source: Uint8Array,
  options: PrepareOptions,
  rewrite?: FuelRewrite,
): Uint8Array<ArrayBuffer> | undefined {
  const cap = checkMemoryPages(options.memoryPages ?? defaultMemoryPages);
  const { outline, problems, stateObstacle } = examine(source, cap);
  if (importsFuel(outline)) return rewrite && prepareModule(rewrite.removeFuel(source), options, rewrite);
  if (outline === undefined || problems[0] !== undefined) throw problems[0];
  if (options.fuel === true && rewrite === undefined) return undefined;

  const exported = new Set(outline.exports.map((item) => item.name));
  const globals = outline.globals.flatMap(({ mutable, type }, index) =>
    mutable && type !== "v" && type !== "r" ? [index] : [],
  );
  const added = globals.filter((index) => !exported.has(`${reserved}g${index}`));

  const writer = createWriter(source.length + 1024);
  writer.copy(source, 0, 8);
  for (const section of outline.sections) {
    if (section.name === preparedSection) continue;
    if (section.id === sectionId.memory) writeMemory(writer, outline, cap);
    else if (section.id === sectionId.export && added.length > 0)
      writeExports(writer, source, section.content, section.end, added);
    else writer.copy(source, section.start, section.end);
  }
  const preparation: Preparation = {
    version: preparationVersion,
    memoryPages: cap,
    globals,
    ...(options.fuel === true ? { fuel: true as const } : {}),
    ...(stateObstacle === undefined ? {} : { obstacle: stateObstacle }),
  };
  writeSection(writer, sectionId.custom, () => {
    writer.name(preparedSection);
    writer.bytes(new TextEncoder().encode(JSON.stringify(preparation)));
  });
  return options.fuel === true && rewrite !== undefined ? rewrite.addFuel(writer.finish()) : writer.finish().slice();
}

/** Reads what a compiled module says of its preparation; `undefined` when it was not prepared, by another version, or lies. */
export function readPreparation(module: WebAssembly.Module): Preparation | undefined {
  const [section] = WebAssembly.Module.customSections(module, preparedSection);
  if (section === undefined || section.byteLength > pageSize) return undefined;
  const exports = WebAssembly.Module.exports(module);
  const globals = new Set(exports.filter(({ kind }) => kind === "global").map(({ name }) => name));
  try {
    const found = JSON.parse(new TextDecoder().decode(section)) as Preparation;
    const valid =
      found.version === preparationVersion &&
      Number.isInteger(found.memoryPages) &&
      Array.isArray(found.globals) &&
      found.globals.every((index) => globals.has(`${reserved}g${index}`)) &&
      (found.fuel === true ? globals.has(fuelGlobalName) : found.fuel === undefined) &&
      (found.obstacle === undefined || typeof found.obstacle === "string");
    return valid ? found : undefined;
  } catch {
    return undefined;
  }
}
