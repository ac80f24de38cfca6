// Keeps the name section right: the import and the functions of the rewrite get names, and the function that moved keeps its own.

import { ModuleError } from "../errors.ts";
import type { SectionOutline } from "./binary.ts";
import type { CodeContext } from "./fuel-context.ts";
import { createCursor, createWriter, readByte, readBytes, readName, readUnsigned, type Writer } from "./leb.ts";

const functionNames = 1;
const localNames = 2;
const labelNames = 3;
const globalNames = 7;

/** Writes the section again; drops it when it is malformed, as engines ignore it then. */
export function writeNames(writer: Writer, bytes: Uint8Array, entry: SectionOutline, context: CodeContext): void {
  const content = createWriter(entry.end - entry.start + 128);
  try {
    content.name("name");
    const cursor = createCursor(bytes, entry.content, entry.end);
    readName(cursor);
    while (cursor.position < cursor.end) {
      const id = readByte(cursor);
      const subsection = readBytes(cursor);
      content.u8(id);
      content.sized(() => writeSubsection(content, id, subsection, context));
    }
  } catch (error) {
    if (error instanceof ModuleError) return;
    throw error;
  }
  writer.u8(0);
  writer.sized(() => writer.bytes(content.finish()));
}

function writeSubsection(writer: Writer, id: number, bytes: Uint8Array, context: CodeContext): void {
  const { moved, fuelGlobal, refill } = context;
  const hasCode = context.functionCount > context.importedFunctions;
  if (id !== functionNames && id !== localNames && id !== labelNames && id !== globalNames) {
    writer.bytes(bytes);
    return;
  }
  // Entries are sorted by index: those before the moved one, it, those after it.
  const cursor = createCursor(bytes);
  let count = readUnsigned(cursor);
  const before = cursor.position;
  let from = bytes.length;
  let name = from;
  let to = from;
  for (let left = count; left > 0; left--) {
    const start = cursor.position;
    const index = readUnsigned(cursor);
    const value = cursor.position;
    if (id === localNames || id === labelNames) {
      for (let inner = readUnsigned(cursor); inner > 0; inner--) {
        readUnsigned(cursor);
        readBytes(cursor);
      }
    } else readBytes(cursor);
    if (id === globalNames || index < moved.from) continue;
    if (from === bytes.length) from = to = start;
    if (index === moved.from) {
      name = value;
      to = cursor.position;
    }
  }
  const add = (index: number, text: string): void => {
    writer.unsigned(index);
    writer.name(text);
  };
  if (id === functionNames) count += hasCode ? 5 : 1;
  if (id === globalNames) count++;
  writer.unsigned(count);
  writer.copy(bytes, before, from);
  if (id === functionNames) add(moved.from, "edge_guard.out_of_fuel");
  writer.copy(bytes, to, bytes.length);
  if (to > from) {
    writer.unsigned(moved.to);
    writer.copy(bytes, name, to);
  }
  if (id === functionNames && hasCode) {
    let index = refill;
    for (const name of ["refill", "charge_length", "exchange", "renew"]) add(index++, `edge_guard.${name}`);
  }
  if (id === globalNames) add(fuelGlobal, "edge_guard.fuel");
}
