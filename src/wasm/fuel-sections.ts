// What both directions of the rewrite know of a module's sections: its indices, and where function indices stand that change.

import type { ModuleOutline } from "./binary.ts";
import type { CodeContext } from "./fuel-context.ts";
import { decodeExpression, opcode, skipValueType } from "./instructions.ts";
import { type Cursor, createCursor, malformed, readByte, readUnsigned, type Writer } from "./leb.ts";

export const section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
} as const;

export interface Plan extends CodeContext {
  readonly outline: ModuleOutline;
}

/** Counts what a module has, and gives what the rewrite adds its indices. */
export function readPlan(bytes: Uint8Array, outline: ModuleOutline): Plan {
  const parameters: number[] = [];
  const functionTypes: number[] = [];
  for (const { id, content, end } of outline.sections) {
    const cursor = createCursor(bytes, content, end);
    if (id === section.type) {
      for (let left = readUnsigned(cursor); left > 0; left--) {
        readByte(cursor);
        const count = readUnsigned(cursor);
        for (let index = 0; index < count; index++) skipValueType(cursor);
        for (let results = readUnsigned(cursor); results > 0; results--) skipValueType(cursor);
        parameters.push(count);
      }
    } else if (id === section.function) {
      for (let left = readUnsigned(cursor); left > 0; left--) functionTypes.push(readUnsigned(cursor));
    }
  }
  const importedFunctions = outline.imports.filter(({ kind }) => kind === "function").length;
  const functionCount = importedFunctions + functionTypes.length;
  return {
    outline,
    bytes,
    typeCount: parameters.length,
    globalCount: outline.globals.length,
    importedFunctions,
    functionCount,
    functionTypes,
    parameters,
    moved: { from: importedFunctions, to: functionCount },
    fuelGlobal: outline.globals.length,
    refill: functionCount + 1,
    chargeLength: functionCount + 2,
    exchange: functionCount + 3,
    renew: functionCount + 4,
  };
}

/** Offsets of function indices that change, and where the original goes on: pairs. All change to the same index. */
export type Patches = { from: number; to: number; index: number }[];

export function copyPatched(writer: Writer, bytes: Uint8Array, start: number, end: number, patches: Patches): void {
  let position = start;
  for (const { from, to, index } of patches) {
    writer.copy(bytes, position, from);
    writer.unsigned(index);
    position = to;
  }
  writer.copy(bytes, position, end);
}

export function patchFunction(cursor: Cursor, { moved, functionCount }: Plan, patches: Patches): void {
  const from = cursor.position;
  const index = readUnsigned(cursor);
  if (index >= functionCount) throw malformed(`an index (${index}) of a function that does not exist`, from);
  if (index === moved.from) patches.push({ from, to: cursor.position, index: moved.to });
}

export function patchExpression(cursor: Cursor, plan: Plan, patches: Patches): void {
  decodeExpression(cursor, (code, offset, first, at) => {
    if (code === opcode.refFunc) patchFunction(createCursor(cursor.bytes, at, cursor.end), plan, patches);
    else if (code === opcode.globalGet && first >= plan.globalCount) {
      throw malformed(`an index (${first}) of a global that does not exist`, offset);
    }
  });
}

export function patchTable(cursor: Cursor, plan: Plan, patches: Patches): void {
  const initialised = cursor.bytes[cursor.position] === 0x40;
  if (initialised) cursor.position += 2;
  skipValueType(cursor);
  const flags = readByte(cursor);
  readUnsigned(cursor);
  if ((flags & 1) !== 0) readUnsigned(cursor);
  if (initialised) patchExpression(cursor, plan, patches);
}

/** One element segment: bit 0 not active, bit 1 table index or kind given, bit 2 expressions instead of indices. */
export function patchElements(cursor: Cursor, plan: Plan, patches: Patches): void {
  const flags = readUnsigned(cursor);
  if (flags > 7) throw malformed(`an element segment of unknown kind ${flags}`, cursor.position - 1);
  if ((flags & 1) === 0) {
    if ((flags & 2) !== 0) readUnsigned(cursor);
    patchExpression(cursor, plan, patches);
  }
  if ((flags & 3) !== 0) skipValueType(cursor);
  const patch = (flags & 4) === 0 ? patchFunction : patchExpression;
  for (let left = readUnsigned(cursor); left > 0; left--) patch(cursor, plan, patches);
}
