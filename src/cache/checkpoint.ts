// A checkpoint as bytes: where a guard was after `_initialize` or `label_agent`, kept beside its module for the next start.
import { hex, sha256 } from "../wasm/compile.ts";
import { pageSize } from "../wasm/contract.ts";
import type { BufferRange, Checkpoint, GlobalValue, HostBuffers } from "../wasm/guest.ts";

/** What surrounds the memory: what the state was taken from, and where its bytes go. */
interface Header {
  readonly format: 2;
  /** Stands for the guard, its preparation, the limits, and what it was told: see warm.ts. */
  readonly of: string;
  /** What the guard answered to label_agent. */
  readonly answer?: string;
  readonly pages: number;
  /** Offset and length of every stretch of memory that is not zero, in order. */
  readonly parts: readonly (readonly [offset: number, length: number])[];
  readonly globals: number;
  /** The host's own buffers in the guest; their contents are no state. */
  readonly buffers: Readonly<HostBuffers>;
}

/** A state, and the guard's answer to the call that led to it, if it was a call. */
export interface StoredState {
  readonly checkpoint: Checkpoint;
  readonly answer?: string | undefined;
}

const sealBytes = 32;
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

/** A plain digest shows damage; only one made with the application's secret shows intent. */
async function seal(bytes: Uint8Array<ArrayBuffer>, secret: CryptoKey | undefined): Promise<Uint8Array> {
  return secret === undefined ? sha256(bytes) : new Uint8Array(await crypto.subtle.sign("HMAC", secret, bytes));
}

async function isSealed(all: Uint8Array<ArrayBuffer>, secret: CryptoKey | undefined): Promise<boolean> {
  const [found, rest] = [all.subarray(0, sealBytes), all.subarray(sealBytes)];
  if (secret !== undefined) return crypto.subtle.verify("HMAC", secret, found, rest);
  return hex(await sha256(rest)) === hex(found);
}

/**
 * The bytes of a state, sealed.
 *
 * @param of what it was taken from, in one text
 */
export async function encodeState(
  { checkpoint, answer }: StoredState,
  of: string,
  secret?: CryptoKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const { pages, parts: pieces, globals, buffers } = checkpoint;
  const memory = new Uint8Array(pages * pageSize);
  for (const { offset, bytes } of pieces) memory.set(bytes, offset);
  const parts = stretches(memory);
  const header: Header = {
    format: 2,
    of,
    ...(answer === undefined ? {} : { answer }),
    pages,
    parts,
    globals: globals.length,
    buffers,
  };
  const head = new TextEncoder().encode(JSON.stringify(header));
  const bodyLength = parts.reduce((sum, [, length]) => sum + length, 0);
  const all = new Uint8Array(sealBytes + 4 + head.length + globals.length * 9 + bodyLength);
  const view = new DataView(all.buffer);
  view.setUint32(sealBytes, head.length, true);
  all.set(head, sealBytes + 4);
  let offset = sealBytes + 4 + head.length;
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
  all.set(await seal(all.subarray(sealBytes), secret));
  return all;
}

const rangesOf = ({ input, output, spare = [] }: HostBuffers): BufferRange[] =>
  [input, output, ...spare].filter((range) => range !== undefined).sort((a, b) => a.pointer - b.pointer);

/** The host writes into these: they must lie inside of the memory, and apart. */
function readBuffers(found: Readonly<HostBuffers>, memoryBytes: number): HostBuffers | undefined {
  const copy = (range: BufferRange | undefined): BufferRange | undefined =>
    range && { pointer: range.pointer, size: range.size };
  const buffers: HostBuffers = {};
  for (const side of ["input", "output"] as const) if (found[side]) buffers[side] = copy(found[side]);
  if (found.spare) buffers.spare = found.spare.map((range) => copy(range) as BufferRange);
  let end = 0;
  for (const { pointer, size } of rangesOf(buffers)) {
    if (!Number.isInteger(pointer) || !Number.isInteger(size) || pointer < end || size < 0) return undefined;
    end = pointer + size;
  }
  return end <= memoryBytes ? buffers : undefined;
}

/**
 * Reads a stored state; `undefined` unless every byte is as it was written, and it was taken from the same.
 *
 * @param expected what it must have been taken from, the cap on the memory in pages, and how many mutable globals the module has
 */
export async function decodeState(
  all: Uint8Array<ArrayBuffer>,
  expected: { readonly of: string; readonly memoryPages: number; readonly globals: number },
  secret?: CryptoKey,
): Promise<StoredState | undefined> {
  if (all.length < sealBytes + 4 || !(await isSealed(all, secret))) return undefined;
  try {
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const headLength = view.getUint32(sealBytes, true);
    let offset = sealBytes + 4 + headLength;
    const header = JSON.parse(new TextDecoder().decode(all.subarray(sealBytes + 4, offset))) as Header;
    const { format, of, answer, pages, parts, globals: count } = header;
    if (format !== 2 || of !== expected.of || count !== expected.globals) return undefined;
    if (!Number.isInteger(pages) || pages < 0 || pages > expected.memoryPages) return undefined;
    if (answer !== undefined && typeof answer !== "string") return undefined;
    const globals: GlobalValue[] = [];
    for (let index = 0; index < count; index++, offset += 9) {
      globals.push(
        view.getUint8(offset) === 1 ? view.getBigInt64(offset + 1, true) : view.getFloat64(offset + 1, true),
      );
    }
    const buffers = readBuffers(header.buffers, pages * pageSize);
    if (buffers === undefined) return undefined;
    let end = 0;
    const contents = parts.map(([start, length]) => {
      if (!Number.isInteger(start) || !Number.isInteger(length) || start < end || length < 0) throw new RangeError();
      end = start + length;
      offset += length;
      return { offset: start, bytes: all.subarray(offset - length, offset) };
    });
    if (offset !== all.length || end > pages * pageSize) return undefined;
    return { checkpoint: { pages, parts: contents, globals, buffers }, answer };
  } catch {
    return undefined;
  }
}
