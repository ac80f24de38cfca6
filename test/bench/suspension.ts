// What an asynchronous backend costs: 95 questions of 20 ms, one question, and what going back costs.
import { functionBackend, loadGuard, type WasmGuard } from "edge-guard";
import { type Environment, milliseconds, median, type Row, ratio } from "./environment.ts";

const call = { tool: "t" };

function canSuspend(): boolean {
  return "Suspending" in WebAssembly;
}

/** The same question over bare JSPI, without any of our parts: a minimal host, the same JSON work. */
async function bareSuspension(bytes: Uint8Array<ArrayBuffer>): Promise<() => Promise<unknown>> {
  const jspi = WebAssembly as unknown as {
    Suspending: new (body: unknown) => WebAssembly.ImportValue;
    promising(body: unknown): (...parameters: number[]) => Promise<number>;
  };
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let memory: WebAssembly.Memory | undefined;
  const view = (at: number, length: number): Uint8Array => new Uint8Array((memory as WebAssembly.Memory).buffer, at, length);
  const ask = async (tool: number, toolLength: number, args: number, argsLength: number, result: number): Promise<number> => {
    decoder.decode(view(tool, toolLength));
    JSON.parse(decoder.decode(view(args, argsLength)));
    const answer = encoder.encode(JSON.stringify(await Promise.resolve(true)));
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

async function oneQuestion(environment: Environment): Promise<Row[]> {
  const bytes = await environment.guard("asker");
  const backend = functionBackend(async () => true, { name: "at once" });
  const measure = (guard: WasmGuard): Promise<number> => median(() => guard.labelResource(call), { batches: 15, calls: 300, warmup: 500 });
  const replay = await loadGuard(bytes, { backend });
  const replayTime = await measure(replay);
  const rows: Row[] = [{ what: "one asynchronous answer under replay", figure: milliseconds(replayTime) }];
  if (canSuspend()) {
    const bare = await median(await bareSuspension(bytes), { batches: 15, calls: 300, warmup: 500 });
    const jspi = await measure(await loadGuard(bytes, { backend, suspension: "jspi" }));
    rows.push(ratio("one asynchronous answer: jspi / bare jspi", jspi, bare, { atMost: 1.3 }, `${milliseconds(jspi)} against ${milliseconds(bare)}`));
  }
  return rows;
}

async function goingBack(environment: Environment): Promise<Row[]> {
  // 17 pages, as a compiler's smallest program has them; every call asks, so every call takes a checkpoint and goes back.
  const guard = await loadGuard(await environment.guard("questions"), { backend: functionBackend(async () => true) });
  const withBackend = await median(() => guard.labelResource(call), { batches: 9, calls: 20, warmup: 20 });
  const plain = await loadGuard(await environment.guard("questions"), { backend: functionBackend(() => true, { synchronous: true }) });
  const twoRuns = 2 * (await median(() => plain.labelResource(call), { batches: 9, calls: 20, warmup: 20 }));
  const megabytes = (17 * 65536) / 1e6;
  const perMegabyte = Math.max(0, withBackend - twoRuns) / megabytes;
  return [
    {
      what: "checkpoint and restore of a replay, per MB of guest memory",
      figure: milliseconds(perMegabyte),
      bar: "< 1 ms",
      held: perMegabyte < 1,
      note: "whole call less two plain runs, scheduling of 95 questions included",
    },
  ];
}

export async function bench(environment: Environment): Promise<Row[]> {
  return [...(await manyQuestions(environment)), ...(await oneQuestion(environment)), ...(await goingBack(environment))];
}
