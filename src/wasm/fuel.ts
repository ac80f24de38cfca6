// Adds a countdown to a module, so that a guest that does not end can be ended in every runtime.
//
// The contract of the rewritten module (design.md, Budgets):
// - A global of its own is the count of what is left to burn: 0 at first, never negative while the guest may run. It is not exported:
//   JavaScriptCore reaches what is exported through a pointer, and a guard would take 1.29 times as long there instead of 1.18.
// - It exports the function `edge_guard.fuel: (i32) -> i32`, which sets the count and answers what it was. The host sets it before a call
//   (0 to 2^31 - 1) and asks for it afterwards; after a trap the number may lag behind.
// - It imports the function `edge_guard.out_of_fuel: () -> i32`, called when the count went below zero. It answers how much to add
//   (and is asked again until that is enough), or sets the count itself and answers 0. When the count is still negative after an
//   answer of 0 or less, the guest traps (`unreachable`), which it cannot catch. Throwing ends the guest too, but a guest with
//   `catch_all` sees that, so it must go on throwing until the guest has returned. A start function runs before the host can reach
//   the count: it lives on what the import answers.
// - Fuel used by a call = what the host put in or added - what is left. The same call uses the same fuel in every runtime.
//
// The cost model: every instruction costs 1; blocks, loops, ends, elses cost nothing; a call through a table or a reference costs as
// much more as the dearest leaf function; growing a memory or a table 64; a bulk instruction 1 per 8 bytes or elements, by its length
// at run time. It is charged ahead: at the entry of a function the dearest way through it, loops gone through once; at a branch back to
// the head of a loop the dearest way through one iteration (a loop with many such branches charges at its head). So fuel used is never
// less than the instructions run, and often some times more. A leaf function (calls and throws nothing, at most 200 to charge) is paid
// for by its callers; the host is not charged for calling one.
// A loop that calls nothing that counts keeps the count in a local and puts it into the global where it ends or is left.
// Every cycle of control flow passes a branch to a loop or the entry of a function that calls: no run is endless.

import { ModuleError } from "../errors.ts";
import { type ModuleOutline, readModule, type SectionOutline } from "./binary.ts";
import { fuelExport, fuelImport } from "./contract.ts";
import { writeBodies } from "./fuel-code.ts";
import { writeNames } from "./fuel-names.ts";
import {
  copyPatched,
  type Patches,
  type Plan,
  patchElements,
  patchExpression,
  patchFunction,
  patchTable,
  readPlan,
  section,
} from "./fuel-sections.ts";
import { skipValueType } from "./instructions.ts";
import {
  type Cursor,
  createCursor,
  createWriter,
  malformed,
  readByte,
  readBytes,
  readUnsigned,
  type Writer,
} from "./leb.ts";

// The order of sections; 13 (tags) and 12 (data count) are out of numerical order.
const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

// Sections that hold offsets into the code, or symbols for a linker: the rewrite would make liars of them.
const stale = /^(\.debug_|reloc\.|metadata\.code\.|linking$|sourceMappingURL$|external_debug_info$)/;

/**
 * Rewrites a module so that it counts what it burns; see the top of this file for what the result imports and exports.
 * Same bytes in, same bytes out. Results, memory and traps stay the same as long as there is fuel.
 * Exported names, custom sections and the name section survive, except those that hold code offsets: DWARF, source maps, branch hints.
 *
 * No function moves but one: the new import takes the index of the first defined function, which becomes the last.
 * Throws ModuleError "bad-module" for unknown instructions (with opcode and offset), garbage-collected types, more than one memory,
 * 64-bit memories, and a module that counts already.
 */
export function addFuel(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const outline = readModule(bytes);
  checkOutline(outline);
  const plan = readPlan(bytes, outline);
  const writer = createWriter(bytes.length * 2 + 1024);
  writer.copy(bytes, 0, 8);
  const added = new Set<number>([section.type, section.import, section.global]);
  if (plan.functionTypes.length > 0) added.add(section.function).add(section.export).add(section.code);
  const addMissing = (below: number): void => {
    for (const id of order.slice(0, below)) if (added.delete(id)) writeSection(writer, bytes, plan, id);
  };
  for (const entry of outline.sections) {
    if (entry.id !== section.custom) {
      addMissing(order.indexOf(entry.id));
      added.delete(entry.id);
      writeSection(writer, bytes, plan, entry.id, entry);
    } else if (entry.name === "name") {
      addMissing(order.length);
      writeNames(writer, bytes, entry, plan);
    } else if (!stale.test(entry.name ?? "")) writer.copy(bytes, entry.start, entry.end);
  }
  addMissing(order.length);
  return writer.finish().slice();
}

function checkOutline({ imports, exports, memories }: ModuleOutline): void {
  if (exports.some(({ name }) => name === fuelExport) || imports.some(({ module }) => module === fuelImport.module)) {
    throw new ModuleError(
      "bad-module",
      'Cannot add fuel: the module imports or exports "edge_guard" names, so it was prepared before; start from the original bytes',
    );
  }
  if (memories.length > 1) {
    throw new ModuleError(
      "bad-module",
      `Cannot add fuel: the module has ${memories.length} memories, and more than one is not supported`,
    );
  }
}

function writeSection(writer: Writer, bytes: Uint8Array, plan: Plan, id: number, entry?: SectionOutline): void {
  const cursor = entry === undefined ? undefined : createCursor(bytes, entry.content, entry.end);
  const rewrite = rewriters[id];
  // A table may have an initial value with a function in it (0x40); all others are left alone.
  const plain =
    rewrite === undefined || (id === section.table && !bytes.subarray(entry?.content, entry?.end).includes(0x40));
  const empty =
    (id === section.function || id === section.export || id === section.code) && plan.functionTypes.length === 0;
  if ((plain || empty) && entry !== undefined) {
    writer.copy(bytes, entry.start, entry.end);
    return;
  }
  writer.u8(id);
  writer.sized(() => rewrite?.(writer, cursor ?? createCursor(new Uint8Array(1)), plan));
}

type Rewrite = (writer: Writer, cursor: Cursor, plan: Plan) => void;

/** Writes a list's count, its entries as `copy` does, and then what `add` writes, which has `more` entries. */
function extended(more: number, add: Rewrite, each?: (cursor: Cursor, plan: Plan, patches: Patches) => void): Rewrite {
  return (writer, cursor, plan) => {
    const count = readUnsigned(cursor);
    writer.unsigned(count + more);
    const start = cursor.position;
    const patches: Patches = [];
    if (each === undefined) cursor.position = cursor.end;
    else {
      for (let left = count; left > 0; left--) each(cursor, plan, patches);
      if (cursor.position !== cursor.end) throw malformed("bytes after the end of a section", cursor.position);
    }
    copyPatched(writer, cursor.bytes, start, cursor.end, patches);
    add(writer, cursor, plan);
  };
}

const i32 = 0x7f;

const rewriters: Readonly<Record<number, Rewrite>> = {
  // () -> i32 for the import, (i32) -> i32 for what takes a length or a count, () -> () to ask for more.
  [section.type]: extended(3, (writer) => writer.bytes([0x60, 0, 1, i32, 0x60, 1, i32, 1, i32, 0x60, 0, 0])),
  [section.import]: extended(1, (writer, _, { typeCount }) => {
    writer.name(fuelImport.module);
    writer.name(fuelImport.name);
    writer.u8(0);
    writer.unsigned(typeCount);
  }),
  [section.function]: (writer, _, { functionTypes, typeCount }) => {
    writer.unsigned(functionTypes.length + 4);
    for (const type of [...functionTypes.slice(1), functionTypes[0] as number]) writer.unsigned(type);
    for (const added of [2, 1, 1, 1]) writer.unsigned(typeCount + added);
  },
  [section.table]: extended(0, () => undefined, patchTable),
  [section.global]: extended(
    1,
    (writer) => writer.bytes([i32, 1, 0x41, 0, 0x0b]),
    (cursor, plan, patches) => {
      skipValueType(cursor);
      readByte(cursor);
      patchExpression(cursor, plan, patches);
    },
  ),
  [section.export]: extended(
    1,
    (writer, _, { exchange }) => {
      writer.name(fuelExport);
      writer.u8(0);
      writer.unsigned(exchange);
    },
    (cursor, plan, patches) => {
      readBytes(cursor);
      const kind = readByte(cursor);
      const offset = cursor.position;
      if (kind === 0) patchFunction(cursor, plan, patches);
      else if (readUnsigned(cursor) >= plan.globalCount && kind === 3)
        throw malformed("an export of a global that does not exist", offset);
    },
  ),
  [section.start]: (writer, cursor, plan) => {
    const patches: Patches = [];
    const { position } = cursor;
    patchFunction(cursor, plan, patches);
    copyPatched(writer, cursor.bytes, position, cursor.end, patches);
  },
  [section.element]: extended(0, () => undefined, patchElements),
  [section.code]: writeBodies,
};
