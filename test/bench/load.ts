// Loading a guard of 280 KB and asking it a thousand times, against a host written by hand that does the same JSON work and nothing else.
import { loadGuard, type WasmGuard } from "edge-guard";
import { alternate, type Environment, milliseconds, type Row, ratio } from "./environment.ts";
import { padded } from "./padded.ts";

const calls = 1000;
const loaded: WasmGuard[] = [];
const call = { tool: "issue_read", args: { owner: "acme", repo: "site", body: "x".repeat(1024 - 40) } };

async function ours(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const guard = await loadGuard(bytes);
  for (let index = 0; index < calls; index++) await guard.labelResource(call);
  // Closed outside of what is timed: the host written by hand has nothing to close.
  loaded.push(guard);
}

/** The least that a host can do: no checks, no limits, no faults, no way back. */
async function byHand(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const {
    memory,
    alloc,
    label_resource: label,
  } = instance.exports as {
    memory: WebAssembly.Memory;
    alloc(size: number): number;
    label_resource(...parameters: number[]): number;
  };
  const labelResource = async (one: typeof call): Promise<unknown> => {
    const input = JSON.stringify({ tool_name: one.tool, tool_args: one.args });
    const { written } = encoder.encodeInto(input, new Uint8Array(memory.buffer, inputAt, 65536));
    const length = label(inputAt, written, outputAt, 4 * 1024 * 1024);
    return JSON.parse(decoder.decode(new Uint8Array(memory.buffer, outputAt, length)));
  };
  const inputAt = alloc(65536);
  const outputAt = alloc(4 * 1024 * 1024);
  for (let index = 0; index < calls; index++) await labelResource(call);
}

export async function bench(environment: Environment): Promise<Row[]> {
  const bytes = padded(await environment.guard("constant"), 280 * 1024);
  const [own, reference] = await alternate(
    () => ours(bytes),
    () => byHand(bytes),
    { batches: 1, warmup: 0 },
    25,
  );
  await Promise.all(loaded.map((guard) => guard.close()));
  const note = `${milliseconds(own)} against ${milliseconds(reference)}; module of ${Math.round(bytes.length / 1024)} KB`;
  return [
    ratio(
      "loadGuard of 280 KB and 1000 labelResource calls / a host written by hand",
      own,
      reference,
      { atMost: 1.3 },
      note,
    ),
  ];
}
