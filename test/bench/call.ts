// The cost of a label call against a minimal host written by hand that does the same JSON work: no checks, no queue, no health.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { loadGuard } from "edge-guard";

interface Exports {
  readonly memory: WebAssembly.Memory;
  alloc(size: number): number;
  label_agent(input: number, length: number, output: number, cap: number): number;
  label_resource(input: number, length: number, output: number, cap: number): number;
}

const root = process.env["EDGE_GUARD_ROOT"] ?? "./";
const cap = 4 * 1024 * 1024;

async function minimalHost(bytes: Uint8Array<ArrayBuffer>) {
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const guest = instance.exports as unknown as Exports;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const input = guest.alloc(1024 * 1024);
  const output = guest.alloc(cap);
  return async (name: "label_agent" | "label_resource", value: unknown): Promise<unknown> => {
    const { written } = encoder.encodeInto(
      JSON.stringify(value),
      new Uint8Array(guest.memory.buffer, input, 1024 * 1024),
    );
    const length = guest[name](input, written, output, cap);
    return JSON.parse(decoder.decode(new Uint8Array(guest.memory.buffer, output, length)));
  };
}

/** The median of ratios of batches that take turns, so that what else the machine does falls on both. */
async function ratio(
  ours: () => Promise<unknown>,
  theirs: () => Promise<unknown>,
): Promise<[ratio: number, microseconds: number]> {
  const calls = 2000;
  const batch = async (call: () => Promise<unknown>): Promise<number> => {
    const started = performance.now();
    for (let index = 0; index < calls; index++) await call();
    return performance.now() - started;
  };
  for (let warm = 0; warm < 5; warm++) await Promise.all([await batch(ours), await batch(theirs)]);
  const found: [number, number][] = [];
  for (let round = 0; round < 31; round++) {
    const [a, b] = round % 2 === 0 ? [await batch(ours), await batch(theirs)] : [0, 0];
    const [c, d] = round % 2 === 1 ? [await batch(theirs), await batch(ours)] : [0, 0];
    const [mine, other] = [a + d, b + c];
    found.push([mine / other, (mine * 1000) / calls]);
  }
  found.sort(([one], [two]) => one - two);
  return found[15] ?? [Number.NaN, Number.NaN];
}

export async function bench(): Promise<void> {
  const load = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await readFile(`${root}.cache/guards/${name}.wasm`));
  const print = (what: string, [times, microseconds]: [number, number]): void =>
    console.log(`${what}: ${times.toFixed(2)} x a minimal host (${microseconds.toFixed(1)} us)`);

  const echo = await load("echo");
  const minimalEcho = await minimalHost(echo);
  const guard = await loadGuard(echo);
  const users = Array.from({ length: 40 }, (_, index) => ({ login: `user-${index}`, n: index }));
  const policy = { agent: { secrecy: ["private:acme"], integrity: ["approved"] }, difc_mode: "filter", users };
  print(
    "label_agent, echo, 1 KB in and out",
    await ratio(
      () => guard.labelAgent(policy),
      () => minimalEcho("label_agent", policy),
    ),
  );

  const constant = await load("constant");
  const minimalConstant = await minimalHost(constant);
  const labelling = await loadGuard(constant);
  const args = { owner: "acme", repo: "site", users };
  print(
    "label_resource, 1 KB of arguments",
    await ratio(
      () => labelling.labelResource({ tool: "get_issue", args }),
      () => minimalConstant("label_resource", { tool_name: "get_issue", tool_args: args }),
    ),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await bench();
