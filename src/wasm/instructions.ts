// Decodes instructions: reports each one with its offset and the immediates that matter, and refuses what it does not know.

import { ModuleError } from "../errors.ts";
import { type Cursor, malformed, readByte, readSigned33, readUnsigned, skipLeb } from "./leb.ts";

/** Opcodes by their field name; those with a prefix byte are `prefix * 0x1000 + number`. */
export const opcode = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableGet: 0x25,
  tableSet: 0x26,
  memoryGrow: 0x40,
  i32Const: 0x41,
  refFunc: 0xd2,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  memoryInit: 0xfc008,
  dataDrop: 0xfc009,
  memoryCopy: 0xfc00a,
  memoryFill: 0xfc00b,
  tableInit: 0xfc00c,
  elemDrop: 0xfc00d,
  tableCopy: 0xfc00e,
  tableGrow: 0xfc00f,
  tableFill: 0xfc011,
  /** Not an opcode: one target of the `br_table` that is reported after its targets. */
  branchTarget: 0x0e001,
  /** Not an opcode: one catch clause of the `try_table` that is reported after its clauses. */
  catchClause: 0x1f001,
} as const;

/**
 * Called for each instruction. `offset` is where it begins.
 * `first` is its branch depth (`br`, `br_if`, `br_on_*`, `rethrow`, `delegate`, `branchTarget`, `catchClause`), function index
 * (`call`, `ref.func`), type index (`call_indirect`, `call_ref`), local, global, tag, table or segment index, or its block type
 * (a type index, or negative); else 0. `at` is where the immediates begin; the cursor is at their end.
 */
export type Visit = (code: number, offset: number, first: number, at: number) => void;

const none = 0;
const unknown = 1;
const index = 2;
const blockType = 3;
const memory = 4;
const memoryIndex = 5;
const twoIndices = 6;
const special = 7;

// Runs of opcodes with the same shape of immediates: first opcode, last opcode, shape.
const shapes: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(unknown);
  const runs = [
    [0x00, 0x01, none],
    [0x02, 0x04, blockType],
    [0x05, 0x05, none],
    [0x06, 0x06, blockType],
    [0x07, 0x09, index],
    [0x0a, 0x0b, none],
    [0x0c, 0x0d, index],
    [0x0e, 0x0e, special],
    [0x0f, 0x0f, none],
    [0x10, 0x10, index],
    [0x11, 0x11, twoIndices],
    [0x12, 0x12, index],
    [0x13, 0x13, twoIndices],
    [0x14, 0x15, index],
    [0x18, 0x18, index],
    [0x19, 0x1b, none],
    [0x1c, 0x1c, special],
    [0x1f, 0x1f, special],
    [0x20, 0x26, index],
    [0x28, 0x3e, memory],
    [0x3f, 0x40, memoryIndex],
    [0x41, 0x44, special],
    [0x45, 0xc4, none],
    [0xd0, 0xd0, special],
    [0xd1, 0xd1, none],
    [0xd2, 0xd2, index],
    [0xd4, 0xd4, none],
    [0xd5, 0xd6, index],
    [0xfc, 0xfd, special],
  ] as const;
  for (const [from, to, shape] of runs) table.fill(shape, from, to + 1);
  return table;
})();

// Numbers after 0xfd that no proposal has given a meaning.
const simdGaps: ReadonlySet<number> = new Set([
  0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2,
  0xee,
]);

const refusals: Readonly<Record<number, string>> = {
  251: "garbage collection is not supported",
  254: "threads and atomics are not supported",
};

function refused(code: string, offset: number, why = "unknown opcode"): ModuleError {
  return new ModuleError("bad-module", `Cannot decode the instruction ${code} at offset ${offset}: ${why}`);
}

function skip(cursor: Cursor, count: number): void {
  if (cursor.end - cursor.position < count) throw malformed("the bytes end too early", cursor.position);
  cursor.position += count;
}

/** Advances over a value type: one byte, or a reference with its heap type. Throws ModuleError "bad-module". */
export function skipValueType(cursor: Cursor): void {
  const byte = readByte(cursor);
  if (byte === 0x63 || byte === 0x64) readSigned33(cursor);
}

function skipMemoryIndex(cursor: Cursor): void {
  const start = cursor.position;
  if (readUnsigned(cursor) !== 0)
    throw malformed("a second memory is used, and more than one memory is not supported", start);
}

function skipMemoryArgument(cursor: Cursor): void {
  const start = cursor.position;
  if (readUnsigned(cursor) > 63)
    throw malformed("a second memory is used, and more than one memory is not supported", start);
  readUnsigned(cursor);
}

/** Decodes what follows the prefix 0xfc and reports it. */
function decodeBulk(cursor: Cursor, offset: number, visit: Visit): void {
  const number = readUnsigned(cursor);
  const at = cursor.position;
  let first = 0;
  if (number >= 8) {
    if (number === 8) {
      first = readUnsigned(cursor);
      skipMemoryIndex(cursor);
    } else if (number === 10 || number === 11) {
      skipMemoryIndex(cursor);
      if (number === 10) skipMemoryIndex(cursor);
    } else if (number <= 17) {
      first = readUnsigned(cursor);
      if (number === 12 || number === 14) readUnsigned(cursor);
    } else throw refused(`0xfc 0x${number.toString(16)}`, offset);
  }
  visit(0xfc000 + number, offset, first, at);
}

/** Decodes what follows the prefix 0xfd and reports it. */
function decodeVector(cursor: Cursor, offset: number, visit: Visit): void {
  const number = readUnsigned(cursor);
  if (number > 0x113 || simdGaps.has(number)) throw refused(`0xfd 0x${number.toString(16)}`, offset);
  if (number < 12 || (number >= 0x54 && number <= 0x5d)) skipMemoryArgument(cursor);
  if (number === 12 || number === 13) skip(cursor, 16);
  if ((number >= 0x15 && number <= 0x22) || (number >= 0x54 && number <= 0x5b)) skip(cursor, 1);
  visit(0xfd000 + number, offset, 0, cursor.position);
}

/** Decodes the instructions whose immediates have a shape of their own, and reports them. */
function decodeSpecial(cursor: Cursor, code: number, offset: number, visit: Visit): void {
  const at = cursor.position;
  switch (code) {
    case 0x41:
      skipLeb(cursor, 5);
      break;
    case 0x42:
      skipLeb(cursor, 10);
      break;
    case 0x43:
      skip(cursor, 4);
      break;
    case 0x44:
      skip(cursor, 8);
      break;
    case 0xd0:
      readSigned33(cursor);
      break;
    case 0x1c:
      for (let left = readUnsigned(cursor); left > 0; left--) skipValueType(cursor);
      break;
    case 0x0e:
      for (let left = readUnsigned(cursor); left >= 0; left--) {
        const target = cursor.position;
        visit(opcode.branchTarget, offset, readUnsigned(cursor), target);
      }
      break;
    case 0x1f: {
      const type = readBlockType(cursor);
      for (let left = readUnsigned(cursor); left > 0; left--) {
        const clause = cursor.position;
        const kind = readByte(cursor);
        if (kind > 3) throw malformed("a catch clause of an unknown kind", clause);
        if (kind < 2) readUnsigned(cursor);
        visit(opcode.catchClause, offset, readUnsigned(cursor), clause);
      }
      visit(code, offset, type, at);
      return;
    }
    case 0xfc:
      decodeBulk(cursor, offset, visit);
      return;
    case 0xfd:
      decodeVector(cursor, offset, visit);
      return;
  }
  visit(code, offset, 0, at);
}

function readBlockType(cursor: Cursor): number {
  const type = readSigned33(cursor);
  // A reference with its heap type (0x63, 0x64).
  if (type === -29 || type === -28) readSigned33(cursor);
  return type;
}

/**
 * Decodes one expression: instructions up to the `end` that closes it (reported too), leaving the cursor after it.
 * Covers WebAssembly 2.0 and tail calls, typed function references, extended constants, exceptions (both forms) and relaxed SIMD.
 * Throws ModuleError "bad-module" for anything else, with the opcode and its offset, and for more than one memory.
 */
export function decodeExpression(cursor: Cursor, visit: Visit): void {
  const { bytes, end } = cursor;
  for (let depth = 0; ; ) {
    const offset = cursor.position;
    if (offset >= end) throw malformed("the instructions have no end", offset);
    const code = bytes[offset] as number;
    const at = ++cursor.position;
    switch (shapes[code]) {
      case none:
        visit(code, offset, 0, at);
        if (code === opcode.end && depth-- === 0) return;
        break;
      case index:
        visit(code, offset, readUnsigned(cursor), at);
        // The last clause of a legacy try.
        if (code === opcode.delegate && depth-- === 0) throw refused("0x18", offset, "it closes no block");
        break;
      case memory:
        skipMemoryArgument(cursor);
        visit(code, offset, 0, at);
        break;
      case blockType:
        depth++;
        visit(code, offset, readBlockType(cursor), at);
        break;
      case memoryIndex:
        skipMemoryIndex(cursor);
        visit(code, offset, 0, at);
        break;
      case twoIndices: {
        const type = readUnsigned(cursor);
        readUnsigned(cursor);
        visit(code, offset, type, at);
        break;
      }
      case special:
        if (code === opcode.tryTable) depth++;
        decodeSpecial(cursor, code, offset, visit);
        break;
      default:
        throw refused(`0x${code.toString(16).padStart(2, "0")}`, offset, refusals[code]);
    }
  }
}
