// JSON in and out of linear memory: the host's buffers, the length protocol, the checks on what comes back (guard-abi.md, Calling a label function).
import { GuardReturnError, LimitError, ProtocolError } from "../errors.ts";
import { callAttempts, firstOutputBytes, maximumOutputBytes, pageSize } from "./contract.ts";
import type { BufferRange, Guest, LabelExport } from "./guest.ts";
import { decodeStrictly, utf8Length, writeShort } from "./utf8.ts";

const encoder = new TextEncoder();

/** Buffers above this are given back after the call. */
const keptInputBytes = 1024 * 1024;
const keptOutputBytes = firstOutputBytes + 65536;

function memoryLimit(size: number): LimitError {
  return new LimitError(
    "memoryPages",
    `Cannot call the guard: its memory has no room for a buffer of ${size} bytes; raise limits.memoryPages`,
  );
}

function overlaps(range: BufferRange, other: BufferRange | undefined): boolean {
  return (
    other !== undefined && range.pointer < other.pointer + other.size && other.pointer < range.pointer + range.size
  );
}

function allocate(guest: Guest, size: number, other: BufferRange | undefined): BufferRange {
  const { alloc, memory } = guest;
  if (alloc !== undefined && guest.dealloc !== undefined) {
    const pointer = alloc(size) >>> 0;
    if (pointer === 0) throw memoryLimit(size);
    const range = { pointer, size };
    if (pointer + size > memory.buffer.byteLength || overlaps(range, other)) {
      throw new ProtocolError(`The guard's alloc(${size}) returned ${pointer}, which is not free memory of that size`);
    }
    return range;
  }
  return takePages(guest, Math.ceil(size / pageSize) * pageSize);
}

/** Pages that the host grew: spare ones first, so that inputs of growing sizes do not use the memory up. */
function takePages(guest: Guest, size: number): BufferRange {
  const { memory, buffers } = guest;
  const spare = [...(buffers.spare ?? [])];
  const found = spare.findIndex((range) => range.size >= size);
  const [range] = found < 0 ? [] : spare.splice(found, 1);
  if (range !== undefined) {
    if (range.size > size) spare.splice(found, 0, { pointer: range.pointer + size, size: range.size - size });
    buffers.spare = spare;
    return { pointer: range.pointer, size };
  }
  // Spare pages at the end of the memory are extended.
  const last = spare.at(-1);
  const tail = last !== undefined && last.pointer + last.size === memory.buffer.byteLength ? last : undefined;
  try {
    const grown = memory.grow((size - (tail?.size ?? 0)) / pageSize) * pageSize;
    if (tail === undefined) return { pointer: grown, size };
  } catch {
    throw memoryLimit(size);
  }
  buffers.spare = spare.slice(0, -1);
  return { pointer: tail.pointer, size };
}

function keepPages(guest: Guest, range: BufferRange): void {
  const all = [...(guest.buffers.spare ?? []), range].sort((a, b) => a.pointer - b.pointer);
  const merged: BufferRange[] = [];
  for (const { pointer, size } of all) {
    const before = merged.at(-1);
    if (before !== undefined && before.pointer + before.size === pointer)
      merged[merged.length - 1] = { pointer: before.pointer, size: before.size + size };
    else merged.push({ pointer, size });
  }
  guest.buffers.spare = merged;
}

function free(guest: Guest, range: BufferRange | undefined): void {
  if (range === undefined) return;
  if (guest.alloc !== undefined && guest.dealloc !== undefined) guest.dealloc(range.pointer, range.size);
  else keepPages(guest, range);
}

function reserve(guest: Guest, which: "input" | "output", size: number): BufferRange {
  const kept = guest.buffers[which];
  if (kept !== undefined && kept.size >= size) return kept;
  // Freed first: two large buffers at once may not fit.
  guest.buffers[which] = undefined;
  free(guest, kept);
  const range = allocate(guest, size, guest.buffers[which === "input" ? "output" : "input"]);
  guest.buffers[which] = range;
  return range;
}

/** Gives every buffer of the host back to the guest's allocator. */
export function releaseBuffers(guest: Guest): void {
  if (guest.dealloc === undefined) return;
  const { input, output } = guest.buffers;
  guest.buffers.input = undefined;
  guest.buffers.output = undefined;
  free(guest, input);
  free(guest, output);
}

function trimBuffers(guest: Guest): void {
  const { input, output } = guest.buffers;
  const isUsual = (input?.size ?? 0) <= keptInputBytes && (output?.size ?? 0) <= keptOutputBytes;
  if (isUsual || guest.dealloc === undefined) return;
  if (input !== undefined && input.size > keptInputBytes) {
    guest.buffers.input = undefined;
    free(guest, input);
  }
  if (output !== undefined && output.size > keptOutputBytes) {
    guest.buffers.output = undefined;
    free(guest, output);
  }
}

/** Room for the usual case, ASCII with a few exceptions; the exact size is counted only when that was not enough. */
const inputRoom = (text: string): number => text.length + (text.length >> 3) + 64;
/** A guard may echo its input, and some answer 0 ("no labels") when that does not fit. */
const outputRoom = (capacity: number, inputBytes: number, limit: number): number =>
  Math.max(capacity, Math.min(limit, inputBytes + 65536));

/** Reserves what a call with this text will begin with; tells whether that changed anything. Throws what the guest's allocator throws. */
export function reserveBuffers(guest: Guest, text: string, { outputBytes }: ExchangeOptions): boolean {
  const { input, output } = guest.buffers;
  const room = inputRoom(text);
  reserve(guest, "input", room);
  reserve(guest, "output", outputRoom(Math.min(outputBytes, firstOutputBytes), room, outputBytes));
  return guest.buffers.input !== input || guest.buffers.output !== output;
}

/** The view of the input buffer, kept between calls. Made anew when the buffer is another one or growth detached it. */
function inputView(guest: Guest, range: BufferRange): Uint8Array<ArrayBuffer> {
  const known = guest.inputView;
  if (known !== undefined && known.length === range.size && known.byteOffset === range.pointer) return known;
  const view = new Uint8Array(guest.memory.buffer as ArrayBuffer, range.pointer, range.size);
  guest.inputView = view;
  return view;
}

/** Writes the text and reserves the output for it, before: the guest's allocator must not touch an input that is written. Gives the length in bytes. */
function writeInput(guest: Guest, text: string, capacity: number, limit: number): number {
  for (let room = inputRoom(text); ; room = utf8Length(text)) {
    const range = reserve(guest, "input", room);
    reserve(guest, "output", outputRoom(capacity, room, limit));
    const view = inputView(guest, range);
    if (writeShort(text, view, 0)) return text.length;
    const { read, written } = encoder.encodeInto(text, view);
    if (read >= text.length) return written;
  }
}

/** Reads the needed size after a -2; 0 stands for "unknown". */
function neededSize(guest: Guest, output: BufferRange): number {
  return output.size < 4 ? 0 : new DataView(guest.memory.buffer, output.pointer, 4).getUint32(0, true);
}

function largerOutput(guest: Guest, output: BufferRange, limit: number): number {
  const needed = neededSize(guest, output);
  const next = needed > output.size ? needed : Math.max(output.size + 1, Math.min(output.size * 2, limit));
  if (next > limit) {
    clear(guest, output, output.size);
    throw new LimitError(
      "outputBytes",
      `The guard's answer needs ${needed > output.size ? needed : "more"} bytes, the limit is ${limit}`,
    );
  }
  return next;
}

function clear(guest: Guest, range: BufferRange, length: number): void {
  guest.bytes.fill(0, range.pointer, range.pointer + length);
}

function readOutput(guest: Guest, output: BufferRange, length: number): string {
  const { bytes } = guest;
  const { pointer } = output;
  try {
    return decodeStrictly(bytes, pointer, length);
  } catch (cause) {
    throw new ProtocolError("The guard's answer is not UTF-8", { cause });
  } finally {
    // A later call whose guest writes nothing must not find this answer.
    bytes.fill(0, pointer, pointer + length);
  }
}

export interface ExchangeOptions {
  /** In bytes, at most 16 MiB. */
  readonly outputBytes: number;
}

/** What one attempt came to: the answer, or the size that the output needs. */
function settle(guest: Guest, output: BufferRange, value: number, attempt: number, limit: number): string | number {
  // Only a module that came compiled can return something else than an i32.
  if (value > 0 && value <= output.size && Number.isInteger(value)) return readOutput(guest, output, value);
  if (value === 0) return "";
  if (value === -2 && attempt < callAttempts) return largerOutput(guest, output, limit);
  clear(guest, output, output.size);
  if (!Number.isInteger(value)) throw new ProtocolError("The guard answered something that is not a whole number");
  if (value > 0)
    throw new ProtocolError(`The guard says that it answered ${value} bytes into a buffer of ${output.size}`);
  if (value === -2) throw new LimitError("outputBytes", `The guard asked for a larger buffer ${callAttempts} times`);
  throw new GuardReturnError(value, `The guard reported the error ${value}`);
}

/** Who wants the bytes of an input, the first of a view, before the guest can change them. */
export interface InputKeeper {
  keep(text: string, input: Uint8Array, length: number): void;
}

/**
 * Calls a label function with a text and gives its answer's text, empty for 0. Synchronous when the export is. Throws
 * GuardReturnError, ProtocolError or LimitError for what the guest answers; whatever the guest itself throws comes out unchanged.
 */
export function exchange(
  guest: Guest,
  call: LabelExport,
  text: string,
  options: ExchangeOptions,
  keeper?: InputKeeper,
): string | Promise<string> {
  const limit = Math.min(options.outputBytes, maximumOutputBytes);
  return attemptFrom(guest, call, text, limit, Math.min(limit, firstOutputBytes), 1, keeper);
}

function attemptFrom(
  guest: Guest,
  call: LabelExport,
  text: string,
  limit: number,
  first: number,
  attempts: number,
  keeper: InputKeeper | undefined,
): string | Promise<string> {
  let capacity = first;
  for (let attempt = attempts; ; attempt++) {
    const length = writeInput(guest, text, capacity, limit);
    const input = guest.buffers.input as BufferRange;
    let output = guest.buffers.output as BufferRange;
    // Whole pages may be more than the limit.
    if (output.size > limit) output = { pointer: output.pointer, size: limit };
    keeper?.keep(text, inputView(guest, input), length);
    const { bytes } = guest;
    // Where the needed size goes: what an earlier call left there must not be taken for it.
    for (let at = 0; at < 4 && at < output.size; at++) bytes[output.pointer + at] = 0;
    const value = call(input.pointer, length, output.pointer, output.size);
    // A module that came compiled may return a bigint.
    if (typeof value === "object") {
      return value.then((later) => {
        const answer = settle(guest, output, later, attempt, limit);
        if (typeof answer === "number") return attemptFrom(guest, call, text, limit, answer, attempt + 1, keeper);
        trimBuffers(guest);
        return answer;
      });
    }
    const answer = settle(guest, output, value, attempt, limit);
    if (typeof answer === "string") {
      trimBuffers(guest);
      return answer;
    }
    capacity = answer;
  }
}
