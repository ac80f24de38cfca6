// Makes a module of a wanted size out of a small one: functions that nobody calls, as much code to read and compile as a real guard has.
import { type Cursor, createCursor, createWriter, readByte, readUnsigned } from "../../src/wasm/leb.ts";

/** (func (param i32 i32 i32 i32) (result i32)): thirty times a multiplication, an addition and a load. */
function body(seed: number): number[] {
  const code = [0, 0x20, 0];
  for (let step = 0; step < 30; step++) code.push(0x20, step & 3, 0x6c, 0x41, (seed + step) & 63, 0x6a);
  code.push(0x28, 2, 16, 0x0b);
  return [(code.length & 127) | 128, code.length >> 7, ...code];
}

/** Adds unused functions of the type of `label_resource` until the module has about `size` bytes. */
export function padded(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const added = Math.ceil((size - bytes.length) / (body(0).length + 1));
  const writer = createWriter(size + 1024);
  writer.copy(bytes, 0, 8);
  const cursor: Cursor = createCursor(bytes, 8);
  let type = 0;
  while (cursor.position < cursor.end) {
    const id = readByte(cursor);
    const length = readUnsigned(cursor);
    const content = cursor.position;
    const end = content + length;
    if (id === 1) {
      // The first type with four i32 parameters and one i32 result.
      const pattern = [0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f];
      const types = bytes.subarray(content, end);
      let at = 1;
      for (; !pattern.every((byte, index) => types[at + index] === byte); type++)
        at += 3 + (types[at + 1] ?? 0) + (types[at + 2 + (types[at + 1] ?? 0)] ?? 0);
    }
    writer.u8(id);
    writer.sized(() => {
      if (id !== 3 && id !== 10) return writer.copy(bytes, content, end);
      const inner = createCursor(bytes, content, end);
      writer.unsigned(readUnsigned(inner) + added);
      writer.copy(bytes, inner.position, end);
      for (let index = 0; index < added; index++) {
        if (id === 3) writer.unsigned(type);
        else writer.bytes(body(index));
      }
    });
    cursor.position = end;
  }
  return writer.finish().slice();
}

/** The same module with a first memory of so many pages and no maximum. */
export function withMemory(bytes: Uint8Array, pages: number): Uint8Array<ArrayBuffer> {
  const writer = createWriter(bytes.length + 16);
  writer.copy(bytes, 0, 8);
  const cursor: Cursor = createCursor(bytes, 8);
  while (cursor.position < cursor.end) {
    const id = readByte(cursor);
    const length = readUnsigned(cursor);
    const end = cursor.position + length;
    writer.u8(id);
    writer.sized(() => {
      if (id !== 5) return writer.copy(bytes, cursor.position, end);
      writer.bytes([1, 0]);
      writer.unsigned(pages);
    });
    cursor.position = end;
  }
  return writer.finish().slice();
}

/** Engines and we ourselves keep what was compiled by its bytes: each call gives the same code in other bytes. */
export function neverSeen(bytes: Uint8Array): () => Uint8Array<ArrayBuffer> {
  // A custom section named "n" with four bytes that count.
  const unseen = new Uint8Array(bytes.length + 8);
  unseen.set(bytes);
  unseen.set([0, 6, 1, 110], bytes.length);
  const counter = new DataView(unseen.buffer, bytes.length + 4);
  counter.setUint32(0, Math.floor(Math.random() * 2 ** 32));
  return () => {
    counter.setUint32(0, (counter.getUint32(0) + 1) >>> 0);
    return unseen.slice();
  };
}
