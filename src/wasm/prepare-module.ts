// The rewrite before compiling: caps the memory, exports mutable globals, leaves a mark (design.md, Preparing a module).
import { type ModuleOutline, sectionId } from "./binary.ts";
import { defaultMemoryPages, fuelImport, preparationVersion, preparedSection, reserved } from "./contract.ts";
import { examine } from "./examine.ts";
import { createCursor, createWriter, readUnsigned, type Writer } from "./leb.ts";
import { checkMemoryPages, type Preparation, type PrepareOptions } from "./prepare.ts";

/** Adds the count to a module, and takes it out again; loaded only where it is needed. */
export interface FuelRewrite {
  addFuel(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Throws ModuleError `bad-module` unless {@link FuelRewrite.addFuel} made these very bytes. */
  removeFuel(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
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
