// A synchronous import over an asynchronous backend with nothing around it: JSPI, and Binaryen's asyncify. The same JSON work as ours.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const inputSize = 65536;
const outputSize = 64 * 65536;
const input = JSON.stringify({ tool_name: "t", tool_args: {} });

type Answering = () => Promise<unknown>;
type Body = () => Promise<unknown>;

export const canSuspend = (): boolean => "Suspending" in WebAssembly;

const viewOf = (memory: WebAssembly.Memory, at: number, length: number): Uint8Array =>
  new Uint8Array(memory.buffer, at, length);

/** What call_backend is told: reads the question as a host must, gives where the answer goes. */
function readQuestion(memory: WebAssembly.Memory, parameters: readonly number[]): number {
  const [tool = 0, toolLength = 0, args = 0, argsLength = 0, result = 0] = parameters;
  decoder.decode(viewOf(memory, tool, toolLength));
  JSON.parse(decoder.decode(viewOf(memory, args, argsLength)));
  return result;
}

function writeAnswer(memory: WebAssembly.Memory, result: number, answer: unknown): number {
  const bytes = encoder.encode(JSON.stringify(answer));
  viewOf(memory, result, bytes.length).set(bytes);
  return bytes.length;
}

/** Calls label_resource once per body call. */
export function bareJspi(module: WebAssembly.Module, answering: Answering): Body {
  if (!canSuspend()) throw new Error("no JSPI");
  const jspi = WebAssembly as unknown as {
    Suspending: new (body: unknown) => WebAssembly.ImportValue;
    promising(body: unknown): (...parameters: number[]) => Promise<number>;
  };
  const ask = async (...parameters: number[]): Promise<number> => {
    const result = readQuestion(memory, parameters);
    return writeAnswer(memory, result, await answering());
  };
  const { exports } = new WebAssembly.Instance(module, { env: { call_backend: new jspi.Suspending(ask) } });
  const memory = exports["memory"] as WebAssembly.Memory;
  const at = memory.grow(65) * 65536;
  const label = jspi.promising(exports["label_resource"]);
  return async () => {
    const { written } = encoder.encodeInto(input, viewOf(memory, at, inputSize));
    const length = await label(at, written, at + inputSize, outputSize);
    return JSON.parse(decoder.decode(viewOf(memory, at + inputSize, length)));
  };
}

/** The same, for a guard that went through asyncify: its stack is unwound into its memory and wound up again. */
export function bareAsyncify(module: WebAssembly.Module, answering: Answering): Body {
  let rewinding = false;
  let waiting: Promise<unknown> | undefined;
  let answer: unknown;
  const ask = (...parameters: number[]): number => {
    if (rewinding) {
      rewinding = false;
      guest.asyncify_stop_rewind();
      return writeAnswer(memory, parameters[4] ?? 0, answer);
    }
    readQuestion(memory, parameters);
    waiting = answering();
    guest.asyncify_start_unwind(stack);
    return 0;
  };
  const { exports } = new WebAssembly.Instance(module, { env: { call_backend: ask } });
  const guest = exports as unknown as Record<string, (...parameters: number[]) => number> & {
    asyncify_stop_rewind(): void;
    asyncify_start_unwind(at: number): void;
    asyncify_stop_unwind(): void;
    asyncify_start_rewind(at: number): void;
    label_resource(...parameters: number[]): number;
  };
  const memory = exports["memory"] as WebAssembly.Memory;
  const at = memory.grow(66) * 65536;
  const stack = at + 65 * 65536;
  new Uint32Array(memory.buffer, stack, 2).set([stack + 8, stack + 65536]);
  return async () => {
    const { written } = encoder.encodeInto(input, viewOf(memory, at, inputSize));
    const label = (): number => guest.label_resource(at, written, at + inputSize, outputSize);
    let length = label();
    while (waiting !== undefined) {
      guest.asyncify_stop_unwind();
      const asked = waiting;
      waiting = undefined;
      answer = await asked;
      rewinding = true;
      guest.asyncify_start_rewind(stack);
      length = label();
    }
    return JSON.parse(decoder.decode(viewOf(memory, at + inputSize, length)));
  };
}
