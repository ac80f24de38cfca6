// Warm starts where the guard's bytes are in a store: start and label_agent from kept states, against running them.
import { closeCache, loadGuard, type ModuleCache, type WarmStartOptions, type WasmGuard } from "edge-guard";
import { type Environment, milliseconds, type Row, ratio } from "./environment.ts";

const policy = { "allow-only": { repos: ["acme/*"], "min-integrity": "approved" } };
const rounds = 15;

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

interface Beginning {
  /** From nothing but the store to labels, compiling included. */
  readonly process: number;
  /** From the compiled module to labels, as a session of another agent begins. */
  readonly session: number;
  /** What the guard says of its state. */
  readonly states: readonly string[];
}

async function begin(
  url: string,
  cache: ModuleCache,
  fetch: typeof globalThis.fetch,
  warmStart: boolean | WarmStartOptions,
): Promise<Beginning> {
  const times: number[] = [];
  const states: string[] = [];
  const timed = async (open: () => Promise<WasmGuard>): Promise<WasmGuard> => {
    const started = performance.now();
    const guard = await open();
    await guard.labelAgent(policy);
    times.push(performance.now() - started);
    states.push((await guard.labelResource({ tool: "get_issue", args: {} })).description);
    return guard;
  };
  const first = await timed(() => loadGuard(url, { cache, fetch, warmStart }));
  const second = await timed(() => first.fresh());
  for (const guard of [first, second]) await guard.close();
  await closeCache(cache);
  return { process: times[0] ?? Number.NaN, session: times[1] ?? Number.NaN, states };
}

const ways: Readonly<Record<string, boolean | WarmStartOptions>> = {
  cold: false,
  _initialize: true,
  label_agent: { labelAgent: true },
};

export async function warmStarts(
  environment: Environment,
  open: (name: string) => Promise<ModuleCache>,
): Promise<Row[]> {
  const rows: Row[] = [];
  const guards = { "the Go guard": "go-guard", "a guard that works long on its policy": "heavy-agent" };
  for (const [what, file] of Object.entries(guards)) {
    const bytes = await environment.guard(file);
    const fetch = (async () =>
      new Response(bytes, { headers: { "cache-control": "max-age=3600" } })) as typeof globalThis.fetch;
    const store = await open(file);
    const begun: Record<string, Beginning[]> = {};
    for (let round = -1; round < rounds; round++) {
      for (const [way, warmStart] of Object.entries(ways)) {
        // Another object is another coordinator: nothing compiled is left from the load before.
        const beginning = await begin(`https://guards.example/${file}.wasm`, { ...store }, fetch, warmStart);
        begun[way] ??= [];
        // The first round writes what the others read.
        if (round >= 0) begun[way].push(beginning);
      }
    }
    const states = new Set(Object.values(begun).flatMap((all) => all.flatMap((one) => one.states)));
    if (states.size !== 1) throw new Error(`Warm starts of ${file} lead elsewhere: ${[...states].join(", ")}`);
    for (const way of Object.keys(ways).slice(1)) {
      // Without `_initialize` there is nothing to save there.
      if (file === "heavy-agent" && way === "_initialize") continue;
      for (const [when, which] of [
        ["next process", "process"],
        ["next session", "session"],
      ] as const) {
        const [cold, warm] = ["cold", way].map((one) => middle((begun[one] ?? []).map((times) => times[which])));
        const note = `${milliseconds(cold ?? 0)} against ${milliseconds(warm ?? 0)}`;
        const title = `${what}, ready and told its policy in the ${when}: cold / warm after ${way}`;
        rows.push(ratio(title, cold ?? 0, warm ?? 0, {}, note));
      }
    }
  }
  return rows;
}
