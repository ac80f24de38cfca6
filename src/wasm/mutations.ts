// Looks for instructions that change state which a host can neither read nor write back: tables and dropped segments.

import type { ModuleOutline } from "./binary.ts";
import { decodeExpression, opcode, skipValueType } from "./instructions.ts";
import { createCursor, malformed, readUnsigned } from "./leb.ts";

/** An instruction, by its name in the text format, whose effect is neither in linear memory nor in globals. */
export type StateMutation =
  | "table.set"
  | "table.init"
  | "table.copy"
  | "table.grow"
  | "table.fill"
  | "elem.drop"
  | "data.drop";

const names: ReadonlyMap<number, StateMutation> = new Map([
  [opcode.tableSet, "table.set"],
  [opcode.tableInit, "table.init"],
  [opcode.tableCopy, "table.copy"],
  [opcode.tableGrow, "table.grow"],
  [opcode.tableFill, "table.fill"],
  [opcode.elemDrop, "elem.drop"],
  [opcode.dataDrop, "data.drop"],
]);

/**
 * The kinds of such instructions in a module's functions, each once, reachable or not; empty when a checkpoint of memory and globals is
 * complete. `memory.init` is not among them: it writes linear memory only. Bodies that cannot have one are not decoded.
 * Throws ModuleError "bad-module" when a body that must be decoded has an unknown instruction.
 */
export function stateMutations(bytes: Uint8Array, outline: Pick<ModuleOutline, "sections">): readonly StateMutation[] {
  const found = new Set<StateMutation>();
  // Tables are section 4, or imported (2); without one and without the data count (12), no such instruction is valid.
  if (outline.sections.some(({ id }) => id === 2 || id === 4 || id === 12)) {
    for (const { id, content, end } of outline.sections) if (id === 10) scanCode(bytes, content, end, found);
  }
  return [...names.values()].filter((name) => found.has(name));
}

function scanCode(bytes: Uint8Array, start: number, end: number, found: Set<StateMutation>): void {
  const cursor = createCursor(bytes, start, end);
  // Where the next byte is that could begin such an instruction: table.set, or the prefix of all others.
  let set = -1;
  let bulk = -1;
  for (let left = readUnsigned(cursor); left > 0; left--) {
    const size = readUnsigned(cursor);
    const body = cursor.position;
    const bodyEnd = body + size;
    if (bodyEnd > end) throw malformed("a function goes past the end of the code", body);
    if (set < body) set = next(bytes, opcode.tableSet, body);
    if (bulk < body) bulk = next(bytes, opcode.dataDrop >> 12, body);
    if (set < bodyEnd || bulk < bodyEnd) {
      const code = createCursor(bytes, body, bodyEnd);
      for (let groups = readUnsigned(code); groups > 0; groups--) {
        readUnsigned(code);
        skipValueType(code);
      }
      decodeExpression(code, (instruction) => {
        const name = instruction === opcode.tableSet || instruction > 0xff ? names.get(instruction) : undefined;
        if (name !== undefined) found.add(name);
      });
      if (found.size === names.size) return;
    }
    cursor.position = bodyEnd;
  }
}

function next(bytes: Uint8Array, byte: number, from: number): number {
  const index = bytes.indexOf(byte, from);
  return index < 0 ? bytes.length : index;
}
