// The least that a host can do, written by hand: no checks, no limits, no faults, no queue, no way back.

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly alloc?: (size: number) => number;
  readonly _initialize?: () => void;
  readonly [name: string]: unknown;
}

export type LabelName = "label_agent" | "label_resource" | "label_response";

export interface HandWritten {
  readonly exports: Exports;
  /** Text in and out. */
  text(name: LabelName, input: string): string;
  /** JSON in and out; asynchronous, as every library's call is. */
  json(name: LabelName, value: unknown): Promise<unknown>;
}

const inputSize = 1024 * 1024;
const outputSize = 4 * 1024 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Questions to the backend are answered -1, unless there are imports. */
export function handWritten(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports = { env: { call_backend: () => -1, host_log: () => {} } },
  sizes: readonly [input: number, output: number] = [inputSize, outputSize],
): HandWritten {
  const exports = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
  const { memory } = exports;
  exports._initialize?.();
  const allocate = exports.alloc ?? ((size: number) => memory.grow(Math.ceil(size / 65536)) * 65536);
  const input = allocate(sizes[0]);
  const output = allocate(sizes[1]);
  const labels = exports as unknown as Record<LabelName, (...parameters: number[]) => number>;
  const text = (name: LabelName, value: string): string => {
    const { written } = encoder.encodeInto(value, new Uint8Array(memory.buffer, input, sizes[0]));
    const length = labels[name](input, written, output, sizes[1]);
    return decoder.decode(new Uint8Array(memory.buffer, output, length));
  };
  return {
    exports,
    text,
    json: async (name, value) => JSON.parse(text(name, JSON.stringify(value))),
  };
}
