// Loading a guard a second time in Chromium: 280 KB over a slow link by each store, a large module with the service worker; every load in a
// page of its own.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type CDPSession, chromium, type Page } from "playwright";
import type { CacheName, Harness, LoadReport } from "../e2e/cache/page.ts";
import { guardFile, type Site, startSite } from "../e2e/cache/site.ts";
import { makeGuard } from "../suites/made-guard.ts";
import type { Bench, Environment, Row } from "./environment.ts";
import { median, rowOf } from "./environment.ts";
import { padded } from "./padded.ts";

declare const harness: Harness;
const wasm = "/repo-guard.wasm";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function launch(profile: string): Promise<BrowserContext> {
  const paths = [process.env["EDGE_GUARD_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/google-chrome"];
  const executablePath = paths.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined)
    throw new Error("Cannot measure in Chromium: there is none; set EDGE_GUARD_CHROMIUM");
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launchPersistentContext(profile, { executablePath, args });
}

async function openPage(context: BrowserContext, site: Site): Promise<Page> {
  const page = await context.newPage();
  await page.goto(site.url);
  while (!(await page.evaluate(() => "harness" in globalThis))) await pause(10);
  // Everything that the page does on its own is over.
  await pause(150);
  return page;
}

const load = (page: Page, cache: CacheName, calls: number, url: string): Promise<LoadReport & { total: number }> =>
  page.evaluate(
    async (request) => {
      const started = performance.now();
      const report = await harness.load({ ...request, calls: 0 });
      await harness.work(request.calls ?? 0);
      return { ...report, total: performance.now() - started };
    },
    { cache, calls, url, minimumBytes: 3_000_000, keep: true },
  );

async function clear(context: BrowserContext, site: Site): Promise<void> {
  const page = await openPage(context, site);
  const session = await context.newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", { origin: new URL(site.url).origin, storageTypes: "all" });
  await session.send("Network.clearBrowserCache");
  await page.close();
}

/** 280 KB over a slow link, by each store; every load in a page of its own. */
async function smallGuard(context: BrowserContext, site: Site, quick: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  site.link = { latency: 50, bits: 10_000_000 };
  const names = {
    default: "the default",
    indexeddb: "IndexedDB",
    "cache-storage": "Cache Storage",
    tiered: "memory before IndexedDB",
    process: "no store, the browser's HTTP cache",
  } as const;
  for (const cache of ["default", "indexeddb", "cache-storage", "tiered", "process"] as const) {
    const later: number[] = [];
    const ratios: number[] = [];
    let requests = 0;
    for (let round = 0; round < (quick ? 1 : 2); round++) {
      site.files.set(
        wasm,
        guardFile(makeGuard({ bytes: 280_000, seed: round }), { "cache-control": "max-age=3600", etag: `"${round}"` }),
      );
      await clear(context, site);
      const url = site.url + wasm.slice(1);
      let first = 0;
      for (let turn = 0; turn < (quick ? 2 : 3); turn++) {
        const page = await openPage(context, site);
        const before = site.count(wasm);
        const { milliseconds } = await load(page, cache, 0, url);
        if (turn === 0) first = milliseconds;
        else {
          later.push(milliseconds);
          ratios.push(first / milliseconds);
          requests += site.count(wasm) - before;
        }
        // What is stored is stored after the guard can be called.
        await pause(300);
        await page.close();
      }
    }
    rows.push(
      rowOf(ratios, {
        group: "280 KB over 50 ms and 10 Mbit/s: first page load / later page load",
        what: names[cache],
        unit: "x",
        runtime: "chromium",
        milliseconds: median(later),
        note: `${requests} requests later`,
        ...(cache === "default" ? { bar: "second-load", also: requests === 0 } : {}),
      }),
    );
  }
  site.link = undefined;
  return rows;
}

/** Runs something while the browser traces; gives the names of V8's events about wasm modules. */
async function traced(session: CDPSession, body: () => Promise<void>): Promise<string[]> {
  const names: string[] = [];
  const collect = ({ value }: { value: object[] }): void => {
    for (const event of value as { name?: string }[]) {
      if (event.name?.startsWith("v8.wasm.")) names.push(event.name);
    }
  };
  session.on("Tracing.dataCollected", collect);
  await session.send("Tracing.start", {
    traceConfig: {
      includedCategories: [
        "v8.wasm",
        "devtools.timeline",
        "disabled-by-default-devtools.timeline",
        "disabled-by-default-v8.wasm",
      ],
    },
  } as never);
  await body();
  const done = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await done;
  session.off("Tracing.dataCollected", collect);
  return names;
}

/** 11 MB without throttling, which would flatter: load and first call, in the first page and in later ones, the browser started anew for each. */
async function largeGuard(profile: string, site: Site, goGuard: Uint8Array, quick: boolean): Promise<Row[]> {
  // A guard with a heavy runtime, and as much code again as makes 11 MB.
  const body = padded(goGuard, 11_000_000);
  const rows: Row[] = [];
  for (const cache of quick ? (["service-worker"] as const) : (["service-worker", "indexeddb"] as const)) {
    const path = `/large-${cache}.wasm`;
    site.files.set(path, guardFile(body, { "cache-control": "max-age=3600" }));
    const url = site.url + path.slice(1);
    const times: number[] = [];
    const events: string[] = [];
    let hits = 0;
    for (let round = 0; round < (quick ? 2 : 4); round++) {
      const context = await launch(profile);
      const page = await openPage(context, site);
      if (cache === "service-worker") await page.evaluate(() => harness.register(3_000_000));
      const session = await context.newCDPSession(page);
      const names = await traced(session, async () => {
        const report = await load(page, cache, 1, url);
        times.push(report.total);
        events.push(report.events.join("+"));
        // The engine writes its code when two seconds have been quiet after it optimised something.
        if (round < (quick ? 1 : 2)) await pause(quick ? 2_500 : 6_000);
      });
      if (names.includes("v8.wasm.moduleCacheHit")) hits++;
      await context.close();
    }
    rows.push(
      rowOf(
        times.slice(1).map((time) => times[0]! / time),
        {
          group: `${(body.length / 1e6).toFixed(0)} MB over a local link, the browser started anew: first page load / later page load`,
          what: cache === "service-worker" ? "the service worker" : "IndexedDB",
          unit: "x",
          runtime: "chromium",
          milliseconds: median(times.slice(1)),
          note: `compiled code reused in ${hits} of ${times.length}; ${events[0]} … ${events.at(-1)}`,
          // In a quick run the engine is given too little time to keep its code.
          ...(cache === "service-worker" ? { bar: "large-module", also: hits > 0 } : { whole: true }),
        },
      ),
    );
  }
  return rows;
}

async function inChromium({ quick, guard }: Environment): Promise<Row[]> {
  const [site, profile] = await Promise.all([startSite(), mkdtemp(join(tmpdir(), "edge-guard-bench-"))]);
  try {
    const context = await launch(profile);
    const rows = await smallGuard(context, site, quick).finally(() => context.close());
    return [...rows, ...(await largeGuard(profile, site, await guard("go-guard"), quick))];
  } finally {
    await site.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Driven from Node: pages come and go, and so does the browser. */
export const cacheChromium: Bench = {
  bench: async (environment) => (environment.name === "node" ? inChromium(environment) : []),
};
