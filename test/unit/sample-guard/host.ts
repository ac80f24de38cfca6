// The smallest host that speaks the guard ABI to the sample guard, so that its labels are tested without the package's own host.
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Question {
  readonly tool: string;
  readonly args: unknown;
}

export interface GuestExports {
  readonly memory: WebAssembly.Memory;
  alloc(size: number): number;
  dealloc(pointer: number, size: number): void;
  label_agent(input: number, size: number, output: number, capacity: number): number;
  label_resource(input: number, size: number, output: number, capacity: number): number;
  label_response(input: number, size: number, output: number, capacity: number): number;
}

export type LabelFunction = "label_agent" | "label_resource" | "label_response";

export interface Host {
  readonly guest: GuestExports;
  readonly asked: Question[];
  readonly logs: string[];
  /** The answer as JSON, null for an empty one, or the negative code. */
  call(name: LabelFunction, input: unknown): unknown;
  /** The raw return value, with this capacity; the output's bytes stay in `output`. */
  callText(name: LabelFunction, text: string, capacity?: number): { code: number; output: Uint8Array };
}

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();
let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const builder = pathToFileURL(
    join(process.env["EDGE_GUARD_ROOT"] ?? process.cwd(), ".tools/build-sample-guard.mjs"),
  ).href;
  const { buildSampleGuard } = (await import(builder)) as {
    buildSampleGuard(options: { outFile: string }): Promise<{ outFile: string }>;
  };
  const { outFile } = await buildSampleGuard({ outFile: join(tmpdir(), `repo-guard-${process.pid}.wasm`) });
  const bytes = await readFile(outFile);
  await rm(outFile);
  return WebAssembly.compile(bytes);
}

/** The guard's module, compiled from its source once per process. */
export function sampleGuard(): Promise<WebAssembly.Module> {
  compiled ??= compile();
  return compiled;
}

/** A fresh guard. `answer` returns what the backend says, or undefined when it fails. */
export async function openHost(answer: (question: Question) => unknown = () => undefined): Promise<Host> {
  const asked: Question[] = [];
  const logs: string[] = [];
  const text = (pointer: number, size: number): string =>
    decoder.decode(new Uint8Array(guest.memory.buffer).slice(pointer, pointer + size));
  const call_backend = (
    tool: number,
    toolSize: number,
    args: number,
    argsSize: number,
    result: number,
    capacity: number,
  ): number => {
    const question = { tool: text(tool, toolSize), args: JSON.parse(text(args, argsSize)) as unknown };
    asked.push(question);
    const said = answer(question);
    if (said === undefined) return -1;
    const bytes = encoder.encode(JSON.stringify(said));
    if (bytes.length > capacity) {
      new DataView(guest.memory.buffer).setUint32(result, bytes.length, true);
      return -2;
    }
    new Uint8Array(guest.memory.buffer).set(bytes, result);
    return bytes.length;
  };
  const host_log = (_level: number, message: number, size: number): void => {
    logs.push(text(message, size));
  };
  const instance = await WebAssembly.instantiate(await sampleGuard(), { env: { call_backend, host_log } });
  const guest = instance.exports as unknown as GuestExports;
  const callText: Host["callText"] = (name, input, capacity = 1 << 22) => {
    const bytes = encoder.encode(input);
    const from = guest.alloc(bytes.length);
    const to = guest.alloc(capacity);
    if (from === 0 || to === 0) throw new Error("Cannot call the guard: it has no memory for the buffers");
    new Uint8Array(guest.memory.buffer).set(bytes, from);
    const code = guest[name](from, bytes.length, to, capacity);
    const output = new Uint8Array(guest.memory.buffer).slice(to, to + (code > 0 ? code : Math.min(capacity, 4)));
    guest.dealloc(from, bytes.length);
    guest.dealloc(to, capacity);
    return { code, output };
  };
  return {
    guest,
    asked,
    logs,
    callText,
    call(name, input) {
      const { code, output } = callText(name, JSON.stringify(input));
      if (code < 0) return code;
      return code === 0 ? null : JSON.parse(decoder.decode(output));
    },
  };
}
