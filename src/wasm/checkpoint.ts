// The state of an instance: what is captured of its memory and globals, and how it is put back (design.md, Checkpoint).
import { pageSize } from "./contract.ts";

/** A range of the linear memory that the host uses for input or output. */
export interface BufferRange {
  readonly pointer: number;
  readonly size: number;
}

/** The host's own buffers inside the guest. */
export interface HostBuffers {
  input?: BufferRange | undefined;
  output?: BufferRange | undefined;
  /** Pages that the host grew and does not use now, in order, no two of them adjacent; only without a guest allocator. */
  spare?: readonly BufferRange[] | undefined;
}

/** The whole state of an instance, the contents of the host's own buffers aside. */
export interface Checkpoint {
  readonly pages: number;
  /** In order, apart from each other. What lies between them is zero: most of a guard's memory was never written to. */
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array<ArrayBuffer> }[];
  readonly globals: readonly GlobalValue[];
  readonly buffers: Readonly<HostBuffers>;
}

/** i32 and f32, f64 as number; i64 as bigint. */
export type GlobalValue = number | bigint;

/** What a state is taken from and put back into. */
export interface StateHolder {
  readonly memory: WebAssembly.Memory;
  readonly buffers: HostBuffers;
  readonly globals: readonly WebAssembly.Global[];
}

/** Memory is looked at in pieces of this size: small enough to leave most of the zeros out, large enough for few parts. */
const piece = 16_384;

/** Whether all of it is zero; from and to are multiples of 16. */
function isZero(words: Int32Array, from: number, to: number): boolean {
  const end = to >> 2;
  for (let at = from >> 2; at < end; at += 4) {
    if ((words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) !== 0) return false;
  }
  return true;
}

/** Calls `visit` for each piece between two addresses that is not known to be zero; the first and the last, cut off, never are. */
function forUsed(memory: Uint8Array, from: number, to: number, visit: (from: number, to: number) => void): void {
  const words = new Int32Array(memory.buffer);
  for (let start = from; start < to; ) {
    const end = Math.min(to, start - (start % piece) + piece);
    if (end - start < piece || !isZero(words, start, end)) visit(start, end);
    start = end;
  }
}

/** Captures the state; `recycled` gives its memory up for it and must not be used any more. */
export function capture(holder: StateHolder, recycled: Checkpoint | undefined): Checkpoint {
  const memory = new Uint8Array(holder.memory.buffer as ArrayBuffer);
  const parts: { offset: number; bytes: Uint8Array<ArrayBuffer> }[] = [];
  let first = 0;
  let last = 0;
  const close = (): void => {
    if (first === last) return;
    // New megabytes for every checkpoint would keep the garbage collector busy.
    const now = memory.subarray(first, last);
    let bytes = recycled?.parts[parts.length]?.bytes;
    if (bytes?.length === now.length) bytes.set(now);
    else bytes = now.slice();
    parts.push({ offset: first, bytes });
  };
  let offset = 0;
  const { input, output, spare = [] } = holder.buffers;
  const ranges = [input, output, ...spare, { pointer: memory.length, size: 0 }]
    .filter((range) => range !== undefined)
    .sort((a, b) => a.pointer - b.pointer);
  for (const { pointer, size } of ranges) {
    forUsed(memory, offset, pointer, (from, to) => {
      if (from !== last) {
        close();
        first = from;
      }
      last = to;
    });
    offset = Math.max(offset, pointer + size);
  }
  close();
  return {
    pages: memory.length / pageSize,
    parts,
    globals: holder.globals.map((global) => global.value as GlobalValue),
    buffers: { ...holder.buffers },
  };
}

/**
 * Puts a state back in place. False when the memory has grown beyond it: then only a fresh instance will do. An `untouched` instance,
 * which has not run, keeps the pages of zeros that it was given: writing zeros to them would make the system hand out real ones.
 */
export function putBack(holder: StateHolder, checkpoint: Checkpoint, untouched: boolean): boolean {
  // What is grown now is zero.
  const before = holder.memory.buffer.byteLength;
  const missing = checkpoint.pages - before / pageSize;
  if (missing < 0) return false;
  if (missing > 0) holder.memory.grow(missing);
  const memory = new Uint8Array(holder.memory.buffer as ArrayBuffer);
  // The host's buffers are among the gaps: what they hold is no state of the guest, but it must not differ from one run to the next either.
  const clear = (from: number, end: number): void => {
    const to = Math.min(end, before);
    if (untouched) forUsed(memory, from, to, (start, stop) => memory.fill(0, start, stop));
    else if (from < to) memory.fill(0, from, to);
  };
  let offset = 0;
  for (const part of checkpoint.parts) {
    clear(offset, part.offset);
    memory.set(part.bytes, part.offset);
    offset = part.offset + part.bytes.length;
  }
  clear(offset, memory.length);
  holder.globals.forEach((global, index) => {
    global.value = checkpoint.globals[index];
  });
  const { input, output, spare } = checkpoint.buffers;
  Object.assign(holder.buffers, { input, output, spare });
  return true;
}
