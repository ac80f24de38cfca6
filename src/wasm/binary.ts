// Reads the outline of a core WebAssembly module: types, imports, memories, globals, exports, sections. Code stays unread.
// Layout: WebAssembly core specification, Binary Format, Modules.
import { ModuleError } from "../errors.ts";
import {
  type Cursor,
  createCursor,
  malformed,
  readByte,
  readName,
  readSigned33,
  readUnsigned,
  skipLeb,
} from "./leb.ts";

export type ExternalKind = "function" | "table" | "memory" | "global" | "tag";
const kinds: readonly ExternalKind[] = ["function", "table", "memory", "global", "tag"];

export const sectionId = { custom: 0, type: 1, import: 2, memory: 5, global: 6, export: 7, code: 10 } as const;

/** A function type in short: `iiii>i` for four i32 to one i32 (i: i32, I: i64, f: f32, F: f64, v: v128, r: any reference). */
export type Signature = string;

export interface ImportOutline {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  readonly signature?: Signature;
}

export interface ExportOutline {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
  readonly signature?: Signature;
}

export interface MemoryOutline {
  readonly minimum: number;
  readonly maximum?: number;
  readonly shared: boolean;
  readonly wide: boolean;
}

export interface GlobalOutline {
  readonly type: string;
  readonly mutable: boolean;
}

/** `start` is the offset of the id byte, `content` of what follows the length; `end` is exclusive. */
export interface SectionOutline {
  readonly id: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
  /** The name of a custom section. */
  readonly name?: string;
}

export interface ModuleOutline {
  readonly sections: readonly SectionOutline[];
  readonly imports: readonly ImportOutline[];
  readonly exports: readonly ExportOutline[];
  /** Imported ones first, as indices count them. */
  readonly memories: readonly MemoryOutline[];
  readonly globals: readonly GlobalOutline[];
  readonly importedGlobals: number;
  readonly importedMemories: number;
}

const valueTypes: { readonly [code: number]: string } = { 127: "i", 126: "I", 125: "f", 124: "F", 123: "v" };

function readValueType(cursor: Cursor): string {
  const code = readByte(cursor);
  // 0x63 and 0x64 are (ref null? heap type); 0x69–0x74 are the abstract references.
  if (code === 0x63 || code === 0x64) readSigned33(cursor);
  const type = valueTypes[code] ?? ((code >= 0x69 && code <= 0x74) || code === 0x63 || code === 0x64 ? "r" : undefined);
  if (type === undefined) throw malformed(`an unknown value type 0x${code.toString(16)}`, cursor.position - 1);
  return type;
}

function readList<T>(cursor: Cursor, read: (cursor: Cursor) => T): T[] {
  const count = readUnsigned(cursor);
  // Every element has at least one byte: a count beyond that is a lie, and would only exhaust the host.
  if (count > cursor.end - cursor.position) throw malformed("a count goes past the end", cursor.position);
  const list: T[] = [];
  for (let index = 0; index < count; index++) list.push(read(cursor));
  return list;
}

function readSignature(cursor: Cursor): Signature {
  const form = readByte(cursor);
  if (form !== 0x60) {
    throw new ModuleError(
      "bad-module",
      `Cannot read the module: type form 0x${form.toString(16)} at offset ${cursor.position - 1} belongs to garbage-collected languages, build the guard without wasm GC`,
    );
  }
  const parameters = readList(cursor, readValueType).join("");
  return `${parameters}>${readList(cursor, readValueType).join("")}`;
}

function readMemory(cursor: Cursor): MemoryOutline {
  const flags = readByte(cursor);
  const wide = (flags & 4) !== 0;
  if (wide)
    throw new ModuleError("bad-module", "Cannot use the module: it has a 64-bit memory, build the guard for wasm32");
  if (flags > 3) throw malformed(`unknown memory flags 0x${flags.toString(16)}`, cursor.position - 1);
  const minimum = readUnsigned(cursor);
  const shared = (flags & 2) !== 0;
  return (flags & 1) !== 0 ? { minimum, maximum: readUnsigned(cursor), shared, wide } : { minimum, shared, wide };
}

function readTable(cursor: Cursor): void {
  readValueType(cursor);
  const flags = readByte(cursor);
  skipLeb(cursor, 10);
  if ((flags & 1) !== 0) skipLeb(cursor, 10);
}

function readGlobalType(cursor: Cursor): GlobalOutline {
  const type = readValueType(cursor);
  return { type, mutable: readByte(cursor) === 1 };
}

/** Advances over a constant expression, up to and with its `end`. */
function skipConstant(cursor: Cursor): void {
  for (;;) {
    const opcode = readByte(cursor);
    if (opcode === 0x0b) return;
    if (opcode === 0x41 || opcode === 0x23 || opcode === 0xd2) skipLeb(cursor, 5);
    else if (opcode === 0x42) skipLeb(cursor, 10);
    else if (opcode === 0x43) cursor.position += 4;
    else if (opcode === 0x44) cursor.position += 8;
    else if (opcode === 0xd0) readSigned33(cursor);
    else if (opcode === 0xfd) {
      skipLeb(cursor, 5);
      cursor.position += 16;
    } else if (!((opcode >= 0x6a && opcode <= 0x6c) || (opcode >= 0x7c && opcode <= 0x7e))) {
      throw malformed(`opcode 0x${opcode.toString(16)} in a constant expression`, cursor.position - 1);
    }
  }
}

function checkHeader(bytes: Uint8Array): void {
  const at = (index: number): number => bytes[index] ?? -1;
  if (at(0) !== 0 || at(1) !== 0x61 || at(2) !== 0x73 || at(3) !== 0x6d) {
    throw new ModuleError(
      "bad-module",
      `Cannot read the module: these ${bytes.length} bytes are not WebAssembly, they do not begin with the magic number 00 61 73 6d; check that the path or URL leads to the .wasm file itself`,
    );
  }
  if (at(4) === 0x0d && at(6) === 1) {
    throw new ModuleError(
      "bad-module",
      "Cannot use the module: it is a component, a guard is a core module; build for wasm32-wasip1 without the component step, or take the core module out of it",
    );
  }
  if (at(4) !== 1 || at(5) !== 0 || at(6) !== 0 || at(7) !== 0) {
    throw new ModuleError("bad-module", "Cannot read the module: its version is not 1, or the file is cut short");
  }
}

/** Reads a module's outline. Throws ModuleError `bad-module` when the bytes are not a core module or end too early. */
export function readModule(bytes: Uint8Array): ModuleOutline {
  checkHeader(bytes);
  const sections: SectionOutline[] = [];
  const types: Signature[] = [];
  const functions: number[] = [];
  const imports: ImportOutline[] = [];
  const memories: MemoryOutline[] = [];
  const globals: GlobalOutline[] = [];
  let exports: ExportOutline[] = [];
  let importedGlobals = 0;
  let importedMemories = 0;

  const signatureOf = (index: number, offset: number): Signature => {
    const signature = types[functions[index] ?? -1];
    if (signature === undefined) throw malformed(`function ${index} has no type`, offset);
    return signature;
  };

  const readImport = (cursor: Cursor): void => {
    const module = readName(cursor);
    const name = readName(cursor);
    const code = readByte(cursor);
    const kind = kinds[code];
    if (kind === undefined) throw malformed(`an import of unknown kind ${code}`, cursor.position - 1);
    if (kind === "function") {
      functions.push(readUnsigned(cursor));
      imports.push({ module, name, kind, signature: signatureOf(functions.length - 1, cursor.position) });
      return;
    }
    if (kind === "table") readTable(cursor);
    else if (kind === "memory") {
      memories.push(readMemory(cursor));
      importedMemories++;
    } else if (kind === "global") {
      globals.push(readGlobalType(cursor));
      importedGlobals++;
    } else {
      readByte(cursor);
      readUnsigned(cursor);
    }
    imports.push({ module, name, kind });
  };

  const readExport = (cursor: Cursor): ExportOutline => {
    const name = readName(cursor);
    const code = readByte(cursor);
    const kind = kinds[code];
    const index = readUnsigned(cursor);
    if (kind === undefined) throw malformed(`an export of unknown kind ${code}`, cursor.position);
    return kind === "function"
      ? { name, kind, index, signature: signatureOf(index, cursor.position) }
      : { name, kind, index };
  };

  const whole = createCursor(bytes, 8);
  while (whole.position < whole.end) {
    const start = whole.position;
    const id = readByte(whole);
    const size = readUnsigned(whole);
    const content = whole.position;
    const end = content + size;
    if (end > whole.end) throw malformed(`section ${id} goes past the end, the file is cut short`, start);
    const cursor = createCursor(bytes, content, end);
    if (id === sectionId.custom) {
      sections.push({ id, start, content, end, name: readName(cursor) });
    } else {
      sections.push({ id, start, content, end });
      // One by one: spreading a list of a hostile length exhausts the stack.
      if (id === sectionId.type) for (const type of readList(cursor, readSignature)) types.push(type);
      else if (id === sectionId.import) readList(cursor, readImport);
      else if (id === 3) for (const type of readList(cursor, readUnsigned)) functions.push(type);
      else if (id === sectionId.memory) for (const memory of readList(cursor, readMemory)) memories.push(memory);
      else if (id === sectionId.global) {
        readList(cursor, (at) => {
          globals.push(readGlobalType(at));
          skipConstant(at);
        });
      } else if (id === sectionId.export) exports = readList(cursor, readExport);
    }
    whole.position = end;
  }
  return { sections, imports, exports, memories, globals, importedGlobals, importedMemories };
}
