// Reads and writes the primitives of the binary format: LEB128 integers, names, length-prefixed runs of bytes.

import { ModuleError } from "../errors.ts";

/** A read position in a module. Readers advance `position` and never go past `end`. */
export interface Cursor {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;
}

/** A cursor over `bytes[start, end)`; the whole of `bytes` by default. Positions are offsets into `bytes`. */
export function createCursor(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Cursor {
  return { bytes, position: start, end };
}

/** The fault for malformed bytes; the offset ends the message. */
export function malformed(what: string, offset: number): ModuleError {
  return new ModuleError("bad-module", `Cannot read the module: ${what} at offset ${offset}`);
}

/** One byte. Throws ModuleError "bad-module" at the end of the bytes. */
export function readByte(cursor: Cursor): number {
  if (cursor.position >= cursor.end) throw malformed("the bytes end too early", cursor.position);
  return cursor.bytes[cursor.position++] as number;
}

/** An unsigned 32-bit LEB128. Throws ModuleError "bad-module" when it is cut short, longer than 5 bytes or above 2^32 - 1. */
export function readUnsigned(cursor: Cursor): number {
  const { bytes, position, end } = cursor;
  let byte = bytes[position] as number;
  if (position < end && byte < 128) {
    cursor.position = position + 1;
    return byte;
  }
  let value = 0;
  for (let index = 0; index < 5; index++) {
    if (position + index >= end) throw malformed("a number is cut short", position);
    byte = bytes[position + index] as number;
    if (index === 4 && byte > 15) break;
    value += (byte & 127) * 2 ** (7 * index);
    if (byte < 128) {
      cursor.position = position + index + 1;
      return value;
    }
  }
  throw malformed("a number is larger than 32 bits", position);
}

/**
 * Advances over a LEB128 of at most `maxBytes` bytes (5 for 32 bits or less, 10 for 64) without computing it. Unused bits are not checked.
 * Throws ModuleError "bad-module" when it is cut short or longer.
 */
export function skipLeb(cursor: Cursor, maxBytes: number): void {
  const start = cursor.position;
  for (let index = 0; index < maxBytes; index++) {
    if (readByte(cursor) < 128) return;
  }
  throw malformed(`a number is longer than ${maxBytes} bytes`, start);
}

/** A signed LEB128 of up to 33 bits, as block types and heap types use it. Throws as {@link readUnsigned} does. */
export function readSigned33(cursor: Cursor): number {
  const start = cursor.position;
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = readByte(cursor);
    value += (byte & 127) * 2 ** (7 * index);
    if (byte < 128) return byte & 64 ? value - 2 ** (7 * (index + 1)) : value;
  }
  throw malformed("a number is larger than 33 bits", start);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A run of bytes with its length before it, as a view. Throws ModuleError "bad-module" when the length does not fit. */
export function readBytes(cursor: Cursor): Uint8Array {
  const start = cursor.position;
  const length = readUnsigned(cursor);
  if (length > cursor.end - cursor.position) throw malformed("a length goes past the end", start);
  const from = cursor.position;
  cursor.position += length;
  return cursor.bytes.subarray(from, from + length);
}

/** A name: length-prefixed, strict UTF-8. Throws ModuleError "bad-module" when it is cut short or not UTF-8. */
export function readName(cursor: Cursor): string {
  const start = cursor.position;
  try {
    return utf8.decode(readBytes(cursor));
  } catch (cause) {
    if (cause instanceof ModuleError) throw cause;
    throw malformed("a name is not UTF-8", start);
  }
}

/** The shortest LEB128 of an unsigned 32-bit integer. */
export function unsignedBytes(value: number): number[] {
  const result: number[] = [];
  for (; value > 127; value >>>= 7) result.push((value & 127) | 128);
  result.push(value);
  return result;
}

/** The shortest LEB128 of a signed 32-bit integer. */
export function signedBytes(value: number): number[] {
  const result: number[] = [];
  for (; value < -64 || value > 63; value >>= 7) result.push((value & 127) | 128);
  result.push(value & 127);
  return result;
}

/** A growing byte array. `length` is what has been written so far. */
export interface Writer {
  readonly length: number;
  u8(value: number): void;
  /** An unsigned 32-bit LEB128, shortest form. */
  unsigned(value: number): void;
  bytes(source: ArrayLike<number>): void;
  /** Copies `source[start, end)`. */
  copy(source: Uint8Array, start: number, end: number): void;
  /** A length-prefixed UTF-8 name. */
  name(text: string): void;
  /** Writes the length of what `body` writes, shortest form, and then that. */
  sized(body: () => void): void;
  /** Everything written, as a view of the buffer: valid until the next write. */
  finish(): Uint8Array<ArrayBuffer>;
}

// A class: to the engines an object literal with a getter is a dictionary, and a rewrite writes instruction by instruction.
class GrowingWriter implements Writer {
  length = 0;
  #buffer: Uint8Array<ArrayBuffer>;

  constructor(capacity: number) {
    this.#buffer = new Uint8Array(Math.max(capacity, 16));
  }

  u8(value: number): void {
    if (this.length === this.#buffer.length) this.#room(1);
    this.#buffer[this.length++] = value;
  }

  unsigned(value: number): void {
    const buffer = this.#room(5);
    let at = this.length;
    for (; value > 127; value >>>= 7) buffer[at++] = (value & 127) | 128;
    buffer[at++] = value;
    this.length = at;
  }

  bytes(source: ArrayLike<number>): void {
    const count = source.length;
    const buffer = this.#room(count);
    const at = this.length;
    // A call into the typed array costs more than a short loop.
    if (count > 48) buffer.set(source, at);
    else for (let index = 0; index < count; index++) buffer[at + index] = source[index] as number;
    this.length = at + count;
  }

  copy(source: Uint8Array, start: number, end: number): void {
    const buffer = this.#room(end - start);
    const at = this.length;
    // A call into the typed array costs more than a short loop.
    if (end - start > 48) buffer.set(source.subarray(start, end), at);
    else for (let from = start, to = at; from < end; ) buffer[to++] = source[from++] as number;
    this.length = at + end - start;
  }

  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.unsigned(encoded.length);
    this.bytes(encoded);
  }

  sized(body: () => void): void {
    const start = this.length;
    this.#room(5);
    this.length += 5;
    body();
    const prefix = unsignedBytes(this.length - start - 5);
    this.#buffer.copyWithin(start + prefix.length, start + 5, this.length);
    this.#buffer.set(prefix, start);
    this.length -= 5 - prefix.length;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.length);
  }

  /** The buffer, with room for so many bytes more. */
  #room(count: number): Uint8Array<ArrayBuffer> {
    const needed = this.length + count;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#buffer.length * 2, needed));
      grown.set(this.#buffer.subarray(0, this.length));
      this.#buffer = grown;
    }
    return this.#buffer;
  }
}

/** A writer with room for `capacity` bytes; it grows by doubling. */
export function createWriter(capacity: number = 1024): Writer {
  return new GrowingWriter(capacity);
}
