// The env imports: call_backend and host_log (guard-abi.md). Every pointer comes from a hostile guest and is checked.

import type { Guest } from "./guest.ts";
import { type Answer, type LogLevel, type Question, type Run, writeLog } from "./run.ts";
import { decodeStrictly, isText, utf8Length, writeShort } from "./utf8.ts";

const encoder = new TextEncoder();
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const maximumLogBytes = 65536;

/** A view of `[pointer, pointer + length)`, or `undefined` when it is not all inside the memory. */
export function viewOf(
  memory: WebAssembly.Memory | undefined,
  pointer: number,
  length: number,
): Uint8Array<ArrayBuffer> | undefined {
  // Code that runs while the module is instantiated has no memory that a host could reach.
  if (memory === undefined) return undefined;
  const from = pointer >>> 0;
  const size = length >>> 0;
  const buffer = memory.buffer as ArrayBuffer;
  return from + size > buffer.byteLength ? undefined : new Uint8Array(buffer, from, size);
}

/** Whether `[pointer, pointer + length)` is all inside the memory. */
const isInside = (bytes: Uint8Array, pointer: number, length: number): boolean =>
  (pointer >>> 0) + (length >>> 0) <= bytes.length;

/** The name of the tool. A guard asks for few, and one after the other for the same: the last one is not decoded again. */
function readTool(guest: Guest, bytes: Uint8Array, pointer: number, length: number): string | undefined {
  const last = guest.lastTool;
  if (last !== undefined && isText(last, bytes, pointer >>> 0, length >>> 0)) return last;
  const tool = isInside(bytes, pointer, length) ? decodeStrictly(bytes, pointer >>> 0, length >>> 0) : undefined;
  guest.lastTool = tool;
  return tool;
}

function readQuestion(guest: Guest, bytes: Uint8Array, run: Run, parameters: readonly number[]): Question | undefined {
  const [toolPointer = 0, toolLength = 0, argsPointer = 0, argsLength = 0, resultPointer = 0, resultCap = 0] =
    parameters;
  if (!isInside(bytes, argsPointer, argsLength) || !isInside(bytes, resultPointer, resultCap)) return undefined;
  try {
    const tool = readTool(guest, bytes, toolPointer, toolLength);
    if (tool === undefined || tool.trim() === "") return undefined;
    const text = decodeStrictly(bytes, argsPointer >>> 0, argsLength >>> 0);
    return { key: `${run.sleeps}\0${tool}\0${text}`, tool, args: text === "" ? {} : JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function writeAnswer(bytes: Uint8Array, answer: Answer, pointer: number, cap: number): number {
  if (answer === null) return -1;
  const from = pointer >>> 0;
  const size = cap >>> 0;
  if (from + size > bytes.length) return -1;
  if (answer.length <= size && writeShort(answer, bytes, from)) return answer.length;
  const target = bytes.subarray(from, from + size);
  // Measured only when it may not fit: nothing of an answer that is too long is written.
  const length = answer.length * 3 <= target.length ? undefined : utf8Length(answer);
  if (length === undefined || length <= target.length) return encoder.encodeInto(answer, target).written;
  if (target.length >= 4) new DataView(target.buffer, target.byteOffset, 4).setUint32(0, length, true);
  return -2;
}

export function callBackend(guest: Guest, parameters: readonly number[]): number {
  const { run } = guest;
  if (run === undefined) return -1;
  run.host.check?.();
  const question = readQuestion(guest, guest.bytes, run, parameters);
  if (question === undefined) return -1;
  const answer = run.host.ask(question);
  return writeAnswer(guest.bytes, answer, parameters[4] ?? 0, parameters[5] ?? 0);
}

/** Not an async function, and no promise but the one that the engine waits for: each would be one more turn for every answer. */
export function callBackendLater(guest: Guest, parameters: readonly number[]): number | Promise<number> {
  const { run } = guest;
  if (run?.host.askLater === undefined) return callBackend(guest, parameters);
  const { host } = run;
  host.check?.();
  const question = readQuestion(guest, guest.bytes, run, parameters);
  if (question === undefined) return -1;
  return new Promise((resolve, reject) => {
    host.askLater?.(question, (answer) => {
      try {
        // The call may have ended in the meantime.
        host.check?.();
        resolve(writeAnswer(guest.bytes, answer, parameters[4] ?? 0, parameters[5] ?? 0));
      } catch (error) {
        reject(error);
      }
    });
  });
}

export function hostLog(guest: Guest, level: number, pointer: number, length: number): void {
  const { run } = guest;
  run?.host.check?.();
  const rank = level >= 0 && level <= 3 ? level : 1;
  // Nobody wants it: a guard may log hundreds of lines in one call, so they are not even decoded.
  if (run === undefined || rank < guest.wantedLevel) return;
  const bytes = viewOf(guest.memory, pointer, Math.min(length >>> 0, maximumLogBytes));
  if (bytes === undefined) return;
  writeLog(run, { level: levels[level] ?? "unknown", message: lenient.decode(bytes), source: "host_log" });
}
