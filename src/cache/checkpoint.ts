// A checkpoint as bytes: the warm start of a guard whose `_initialize` takes long, kept beside its module.
import { hex, sha256 } from "../wasm/compile.ts";
import { pageSize } from "../wasm/contract.ts";
import type { Checkpoint, GlobalValue } from "../wasm/instance.ts";

/** What surrounds the memory: which guard, prepared how and under which limits it was taken from, and where its bytes go. */
interface Header {
  readonly format: 1;
  /** The coordinator's key: digest, preparation version, limits. */
  readonly key: string;
  readonly pages: number;
  /** Offset and length of every stretch of memory that is not zero, in order. */
  readonly parts: readonly (readonly [offset: number, length: number])[];
  readonly globals: number;
}

const digestBytes = 32;
/** Memory is looked at in pieces of this size; pieces of zeros are left out. */
const piece = 4096;

function stretches(memory: Uint8Array): [number, number][] {
  const parts: [number, number][] = [];
  const words = new BigUint64Array(memory.buffer, memory.byteOffset, memory.length / 8);
  for (let offset = 0; offset < memory.length; offset += piece) {
    const first = offset / 8;
    let zero = true;
    for (let word = first; zero && word < first + piece / 8; word++) zero = words[word] === 0n;
    if (zero) continue;
    const last = parts.at(-1);
    if (last !== undefined && last[0] + last[1] === offset) last[1] += piece;
    else parts.push([offset, piece]);
  }
  return parts;
}

/** The bytes of a checkpoint that was taken before the host used any buffer in the guest; `undefined` for any other. */
export async function encodeCheckpoint(
  checkpoint: Checkpoint,
  key: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { pages, parts: pieces, globals, buffers } = checkpoint;
  if (buffers.input !== undefined || buffers.output !== undefined) return undefined;
  const memory = new Uint8Array(pages * pageSize);
  for (const { offset, bytes } of pieces) memory.set(bytes, offset);
  const parts = stretches(memory);
  const header: Header = { format: 1, key, pages, parts, globals: globals.length };
  const head = new TextEncoder().encode(JSON.stringify(header));
  const bodyLength = parts.reduce((sum, [, length]) => sum + length, 0);
  const all = new Uint8Array(digestBytes + 4 + head.length + globals.length * 9 + bodyLength);
  const view = new DataView(all.buffer);
  view.setUint32(digestBytes, head.length, true);
  all.set(head, digestBytes + 4);
  let offset = digestBytes + 4 + head.length;
  for (const value of globals) {
    view.setUint8(offset, typeof value === "bigint" ? 1 : 0);
    if (typeof value === "bigint") view.setBigInt64(offset + 1, value, true);
    else view.setFloat64(offset + 1, value, true);
    offset += 9;
  }
  for (const [start, length] of parts) {
    all.set(memory.subarray(start, start + length), offset);
    offset += length;
  }
  all.set(await sha256(all.subarray(digestBytes)));
  return all;
}

/**
 * Reads a stored checkpoint; `undefined` unless every byte is as it was written, and it was taken from this very guard, prepared in this
 * way and under these limits.
 *
 * @param expected the key, the cap on the memory in pages, and how many mutable globals the module has
 */
export async function decodeCheckpoint(
  all: Uint8Array<ArrayBuffer>,
  expected: { readonly key: string; readonly memoryPages: number; readonly globals: number },
): Promise<Checkpoint | undefined> {
  if (all.length < digestBytes + 4) return undefined;
  const found = hex(await sha256(all.subarray(digestBytes)));
  if (found !== hex(all.subarray(0, digestBytes))) return undefined;
  try {
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const headLength = view.getUint32(digestBytes, true);
    let offset = digestBytes + 4 + headLength;
    const header = JSON.parse(new TextDecoder().decode(all.subarray(digestBytes + 4, offset))) as Header;
    const { format, key, pages, parts, globals: count } = header;
    if (format !== 1 || key !== expected.key || count !== expected.globals || !(pages <= expected.memoryPages))
      return undefined;
    const globals: GlobalValue[] = [];
    for (let index = 0; index < count; index++, offset += 9) {
      globals.push(
        view.getUint8(offset) === 1 ? view.getBigInt64(offset + 1, true) : view.getFloat64(offset + 1, true),
      );
    }
    const memory = new Uint8Array(pages * pageSize);
    for (const [start, length] of parts) {
      memory.set(all.subarray(offset, offset + length), start);
      offset += length;
    }
    if (offset !== all.length) return undefined;
    return { pages, parts: [{ offset: 0, bytes: memory }], globals, buffers: {} };
  } catch {
    return undefined;
  }
}
