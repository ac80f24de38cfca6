// Loading a guard a second time against the first. In Chromium: 280 KB over a slow link by each store (bar: no request, 10 times faster by
// the default), 11 MB with the service worker (bar: compiled code reused, 2 times faster). In Node and Deno: by file, Cache API, memory.
import { cacheStorageCache, loadGuard, type ModuleCache, memoryCache } from "edge-guard";
import { makeGuard } from "../suites/made-guard.ts";
import type { Environment, Row } from "./environment.ts";
import { warmStarts } from "./warm.ts";

const middle = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const ms = (value: number): string => `${value.toFixed(1)} ms`;

function row(what: string, first: number, later: number, bar?: number, extra: readonly [boolean, string][] = []): Row {
  const figure = first / later;
  const held = bar === undefined ? undefined : figure >= bar && extra.every(([ok]) => ok);
  const notes = [`first ${ms(first)}`, `later ${ms(later)}`, ...extra.map(([, note]) => note)];
  return {
    what,
    figure: `${figure.toFixed(1)}x`,
    ...(bar === undefined ? {} : { bar: `>= ${bar}`, held: held as boolean }),
    note: notes.join(", "),
  };
}

/** A guard over a link of 50 ms and 10 Mbit/s, in this process: the time that the network would take is waited for. */
const overSlowLink = (guard: Uint8Array<ArrayBuffer>): typeof fetch =>
  (async () => {
    await new Promise((resolve) => setTimeout(resolve, 50 + (guard.length * 8) / 10_000));
    return new Response(guard, { headers: { "cache-control": "max-age=3600" } });
  }) as typeof fetch;

async function local(environment: Environment): Promise<Row[]> {
  const rows: Row[] = [];
  const caches: Record<string, (round: number) => Promise<ModuleCache>> = {
    memory: async () => memoryCache(),
  };
  if (environment.name === "deno") {
    caches["the Cache API"] = async (round) => cacheStorageCache({ cacheName: `bench-${round}` });
  }
  const [{ fileCache }, { mkdtemp }, { tmpdir }] = await Promise.all([
    import("edge-guard/node"),
    import("node:fs/promises"),
    import("node:os"),
  ]);
  const folder = await mkdtemp(`${tmpdir()}/edge-guard-bench-`);
  caches["files"] = async (round) => fileCache({ folder: `${folder}/${round}` });
  for (const [name, open] of Object.entries(caches)) {
    const [first, later]: [number[], number[]] = [[], []];
    for (let round = 0; round < 9; round++) {
      const guard = makeGuard({ bytes: 280_000, seed: round });
      const fetch = overSlowLink(guard);
      const cache = await open(round + Date.now());
      for (const times of [first, later]) {
        const started = performance.now();
        // Another object is another coordinator: nothing compiled is left from the load before.
        const loaded = await loadGuard("https://guards.example/guard.wasm", { fetch, cache: { ...cache } });
        times.push(performance.now() - started);
        await loaded.close();
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
    rows.push(row(`280 KB, 50 ms, 10 Mbit/s: second load by ${name}`, middle(first), middle(later)));
  }
  const [first, later]: [number[], number[]] = [[], []];
  for (let round = 0; round < 9; round++) {
    const fetch = overSlowLink(makeGuard({ bytes: 280_000, seed: 100 + round }));
    for (const times of [first, later]) {
      const started = performance.now();
      await (await loadGuard(`https://guards.example/${round}.wasm`, { fetch })).close();
      times.push(performance.now() - started);
    }
  }
  rows.push(row("280 KB: second load in the same process, no store", middle(first), middle(later)));
  const warm = await warmStarts(environment, async (name) => fileCache({ folder: `${folder}/${name}` }));
  return [...rows, ...warm];
}

export async function bench(environment: Environment): Promise<Row[]> {
  const rows = await local(environment);
  if (environment.name !== "node") return rows;
  return [...rows, ...(await (await import("./cache-chromium.ts")).inChromium(environment))];
}
