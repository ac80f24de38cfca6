// Loading a guard a second time against the first, over a link of 50 ms and 10 Mbit/s, by file, Cache API, memory; in Chromium see cache-chromium.ts.
import { cacheStorageCache, loadGuard, type ModuleCache, memoryCache } from "edge-guard";
import { makeGuard } from "../suites/made-guard.ts";
import type { Bench, Row } from "./environment.ts";
import { median, rowOf } from "./environment.ts";
import { warmStarts } from "./warm.ts";

const group = "280 KB over 50 ms and 10 Mbit/s: first load / later load";
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** In this process: the time that the network would take is waited for. */
function overSlowLink(guard: Uint8Array<ArrayBuffer>): {
  readonly fetch: typeof fetch;
  readonly requests: () => number;
} {
  let requests = 0;
  const get = async (): Promise<Response> => {
    requests++;
    await pause(50 + (guard.length * 8) / 10_000);
    return new Response(guard, { headers: { "cache-control": "max-age=3600" } });
  };
  return { fetch: get as typeof fetch, requests: () => requests };
}

type Open = (name: string) => Promise<ModuleCache>;

async function inFiles(): Promise<Open> {
  const [{ fileCache }, { mkdtemp }, { tmpdir }] = await Promise.all([
    import("edge-guard/node"),
    import("node:fs/promises"),
    import("node:os"),
  ]);
  const folder = await mkdtemp(`${tmpdir()}/edge-guard-bench-`);
  return async (name) => fileCache({ folder: `${folder}/${name}` });
}

async function measure(what: string, rounds: number, open?: Open): Promise<Row> {
  const ratios: number[] = [];
  const later: number[] = [];
  let more = 0;
  for (let round = 0; round < rounds; round++) {
    const link = overSlowLink(makeGuard({ bytes: 280_000, seed: round + (open === undefined ? 100 : 0) }));
    const store = await open?.(`${round + Date.now()}`);
    const times: number[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const started = performance.now();
      // Another object is another coordinator: nothing compiled is left from the load before.
      const options = store === undefined ? { fetch: link.fetch } : { fetch: link.fetch, cache: { ...store } };
      const loaded = await loadGuard(`https://guards.example/${what.length}-${round}.wasm`, options);
      times.push(performance.now() - started);
      await loaded.close();
      // What is stored is stored after the guard can be called.
      await pause(150);
    }
    more += link.requests() - 1;
    ratios.push(times[0]! / times[1]!);
    later.push(times[1]!);
  }
  return rowOf(ratios, {
    group,
    what,
    unit: "x",
    milliseconds: median(later),
    bar: "second-load",
    also: more === 0,
    note: `${more} requests later`,
  });
}

export const cache: Bench = {
  async bench(environment) {
    const rounds = environment.quick ? 1 : 7;
    const files = await inFiles();
    const stores: Record<string, Open> = {
      "a store in memory": async () => memoryCache(),
      files,
      ...(environment.name === "deno"
        ? { "the Cache API": async (name: string) => cacheStorageCache({ cacheName: `bench-${name}` }) }
        : {}),
    };
    const rows: Row[] = [await measure("the same process, no store", rounds)];
    for (const [name, open] of Object.entries(stores)) rows.push(await measure(name, rounds, open));
    return [...rows, ...(await warmStarts(environment, files))];
  },
};
