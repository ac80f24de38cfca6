// What an asynchronous backend costs: 95 questions of 20 ms, one question, and what going back costs.
import { functionBackend, loadGuard } from "edge-guard";
import { alternate, type Environment, median, milliseconds, type Row, ratio } from "./environment.ts";

const call = { tool: "t" };

function canSuspend(): boolean {
  return "Suspending" in WebAssembly;
}

/** The same question over bare JSPI, without any of our parts: a minimal host, the same JSON work. */
async function bareSuspension(
  bytes: Uint8Array<ArrayBuffer>,
  answering: () => Promise<unknown>,
): Promise<() => Promise<unknown>> {
  const jspi = WebAssembly as unknown as {
    Suspending: new (body: unknown) => WebAssembly.ImportValue;
    promising(body: unknown): (...parameters: number[]) => Promise<number>;
  };
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let memory: WebAssembly.Memory | undefined;
  const view = (at: number, length: number): Uint8Array =>
    new Uint8Array((memory as WebAssembly.Memory).buffer, at, length);
  const ask = async (
    tool: number,
    toolLength: number,
    args: number,
    argsLength: number,
    result: number,
  ): Promise<number> => {
    decoder.decode(view(tool, toolLength));
    JSON.parse(decoder.decode(view(args, argsLength)));
    const answer = encoder.encode(JSON.stringify(await answering()));
    view(result, answer.length).set(answer);
    return answer.length;
  };
  const { instance } = await WebAssembly.instantiate(bytes, { env: { call_backend: new jspi.Suspending(ask) } });
  memory = instance.exports["memory"] as WebAssembly.Memory;
  const input = memory.grow(65) * 65536;
  const label = jspi.promising(instance.exports["label_resource"]);
  return async () => {
    const { written } = encoder.encodeInto(JSON.stringify({ tool_name: call.tool, tool_args: {} }), view(input, 65536));
    const length = await label(input, written, input + 65536, 64 * 65536);
    return JSON.parse(decoder.decode(view(input + 65536, length)));
  };
}

async function manyQuestions(environment: Environment): Promise<Row[]> {
  const bytes = await environment.guard("questions");
  const slow = functionBackend(() => new Promise((resolve) => setTimeout(() => resolve(true), 20)), { name: "20 ms" });
  const time = async (options: Parameters<typeof loadGuard>[1]): Promise<number> => {
    const guard = await loadGuard(bytes, { backend: slow, ...options });
    const result = await median(() => guard.labelResource(call), { batches: 1, warmup: 0 });
    await guard.close();
    return result;
  };
  const replay = await time({});
  const stepwise = await time({ speculate: false });
  const note = (other: number): string => `${milliseconds(replay)} against ${milliseconds(other)}`;
  const rows = [ratio("95 questions of 20 ms: stepwise / replay", stepwise, replay, { atLeast: 10 }, note(stepwise))];
  if (canSuspend()) {
    const jspi = await time({ suspension: "jspi" });
    rows.push(ratio("95 questions of 20 ms: jspi / replay", jspi, replay, { atLeast: 10 }, note(jspi)));
  }
  return rows;
}

/** The shortest way to anywhere else: a message to another port and back. */
function overPort(): { readonly answering: () => Promise<unknown>; close(): void } {
  const { port1, port2 } = new MessageChannel();
  const waiting: ((value: unknown) => void)[] = [];
  port1.onmessage = ({ data }) => waiting.shift()?.(data);
  port2.onmessage = () => port2.postMessage(true);
  return {
    answering: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        port1.postMessage("lookup");
      }),
    close(): void {
      port1.close();
      port2.close();
    },
  };
}

async function oneQuestion(environment: Environment): Promise<Row[]> {
  const bytes = await environment.guard("asker");
  const port = overPort();
  const rows: Row[] = [];
  for (const { what, answering, bar } of [
    { what: "over a MessagePort", answering: port.answering, bar: { atMost: 1.3 } },
    { what: "there already", answering: async () => true, bar: {} },
  ]) {
    const backend = functionBackend(answering, { name: what });
    const options = { batches: 3, calls: 200, warmup: 0 };
    const guards = {
      replay: await loadGuard(bytes, { backend }),
      ...(canSuspend() ? { jspi: await loadGuard(bytes, { backend, suspension: "jspi" }) } : {}),
    };
    for (const [name, guard] of Object.entries(guards)) {
      const reference = canSuspend() ? await bareSuspension(bytes, answering) : undefined;
      const own = (): Promise<unknown> => guard.labelResource(call);
      const [mine, bare] = await alternate(own, reference ?? own, options);
      const note = `${milliseconds(mine)}${reference === undefined ? "" : ` against ${milliseconds(bare)}`}`;
      if (reference === undefined) rows.push({ what: `one answer ${what}: ${name}`, figure: milliseconds(mine) });
      else rows.push(ratio(`one answer ${what}: ${name} / bare jspi`, mine, bare, name === "jspi" ? bar : {}, note));
    }
  }
  port.close();
  return rows;
}

/** The cost by the size of the guest's memory: two guards that differ in that alone. Every call asks, so every call goes back. */
async function goingBack(environment: Environment): Promise<Row[]> {
  const backend = functionBackend(async () => true);
  const small = await loadGuard(await environment.guard("asker"), { backend });
  const large = await loadGuard(await environment.guard("roomy"), { backend });
  const [more, less] = await alternate(
    () => large.labelResource(call),
    () => small.labelResource(call),
    { batches: 3, calls: 30, warmup: 0 },
  );
  const perMegabyte = (more - less) / ((160 * 65536) / 1e6);
  return [
    {
      what: "checkpoint and restore, per MB of guest memory",
      figure: milliseconds(perMegabyte),
      bar: "< 1 ms",
      held: perMegabyte < 1,
    },
  ];
}

export async function bench(environment: Environment): Promise<Row[]> {
  return [
    ...(await manyQuestions(environment)),
    ...(await oneQuestion(environment)),
    ...(await goingBack(environment)),
  ];
}
