// Warm starts where the guard's bytes are in a store: start and label_agent from kept states, against running them.
import { closeCache, loadGuard, type ModuleCache, type WarmStartOptions, type WasmGuard } from "edge-guard";
import type { Environment, Row } from "./environment.ts";
import { rowOf } from "./environment.ts";

const policy = { "allow-only": { repos: ["acme/*"], "min-integrity": "approved" } };

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

const group = "ready and told its policy: cold start / warm start from kept state";

export async function warmStarts(
  environment: Environment,
  open: (name: string) => Promise<ModuleCache>,
): Promise<Row[]> {
  const rows: Row[] = [];
  const rounds = environment.quick ? 1 : 7;
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
        const ratios = begun["cold"]!.map((cold, round) => cold[which] / begun[way]![round]![which]);
        rows.push(rowOf(ratios, { group, what: `${what}, in the ${when}, after ${way}`, unit: "x" }));
      }
    }
  }
  return rows;
}
