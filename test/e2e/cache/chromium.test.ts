// Real stores in Chromium, under a strict Content-Security-Policy: across page loads, tabs and restarts, and when they fail.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { prepareGuard } from "edge-guard";
import { type BrowserContext, chromium, type Page } from "playwright";
import { makeGuard } from "../../suites/made-guard.ts";
import type { Harness, LoadReport, LoadRequest } from "./page.ts";
import { type File, guardFile, type Site, startSite } from "./site.ts";

const guard = makeGuard({ bytes: 280_000 });
const wasm = "/repo-guard.wasm";

let site: Site;
let profile: string;
let context: BrowserContext;

const launch = (extra: readonly string[] = []): Promise<BrowserContext> =>
  chromium.launchPersistentContext(profile, {
    executablePath: process.env["EDGE_GUARD_CHROMIUM"]!,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...extra,
    ],
  });

async function openPage(path = "", base = site.url): Promise<Page> {
  const page = await context.newPage();
  await page.goto(base + path);
  for (let tries = 0; tries < 200; tries++) {
    if (await page.evaluate(() => "harness" in globalThis)) return page;
    await page.waitForTimeout(25);
  }
  throw new Error("The page's script did not run");
}

declare const harness: Harness;
const load = (page: Page, request: Omit<LoadRequest, "url">, url = wasm): Promise<LoadReport> =>
  page.evaluate((sent) => harness.load(sent), { ...request, url: new URL(url, site.url).href });

before(async () => {
  [site, profile] = await Promise.all([startSite(), mkdtemp(join(tmpdir(), "edge-guard-profile-"))]);
  context = await launch();
});
after(async () => {
  await context.close();
  await site.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
});
beforeEach(() => {
  site.requests.length = 0;
  site.down.clear();
  site.link = undefined;
  site.files.set(wasm, guardFile(guard, { "cache-control": "no-cache", etag: '"v1"' }));
});

/** Empties every store of the site's origin. */
async function clean(): Promise<void> {
  for (const page of context.pages().slice(1)) await page.close();
  const page = await openPage();
  const session = await context.newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", { origin: new URL(site.url).origin, storageTypes: "all" });
  await session.send("Network.clearBrowserCache");
  await page.close();
  site.requests.length = 0;
}

for (const cache of ["indexeddb", "cache-storage"] as const) {
  describe(cache, () => {
    before(clean);

    test("passes the conformance kit", async (t) => {
      const page = await openPage();
      for (const name of await page.evaluate((sent) => harness.conformance(sent), cache)) {
        await t.test(name, async () => {
          const conform = ([kind, title]: readonly [typeof cache, string]) => harness.conform(kind, title);
          assert.equal(await page.evaluate(conform, [cache, name] as const), "");
        });
      }
      await page.close();
    });

    test("saves the download in the next page, in another tab and after a restart", async () => {
      await clean();
      const [page, tab] = [await openPage(), await openPage()];
      site.files.set(wasm, guardFile(guard, { "cache-control": "max-age=3600", etag: '"v1"' }));
      const first = await load(page, { cache });
      await page.waitForTimeout(200);
      await page.reload();
      await page.waitForTimeout(200);
      const reports = [first, await load(page, { cache }), await load(tab, { cache })];
      await context.close();
      context = await launch();
      reports.push(await load(await openPage(), { cache }));
      assert.deepEqual(
        reports.map(({ events, mode }) => [...events, mode]),
        [
          ["miss", "strict"],
          ["hit store", "strict"],
          ["hit store", "strict"],
          ["hit store", "strict"],
        ],
      );
      assert.equal(site.count(wasm), 1);
    });

    test("asks whether a stale guard has changed, and uses it when nobody answers", async () => {
      await clean();
      const page = await openPage();
      await load(page, { cache });
      await page.waitForTimeout(200);
      assert.deepEqual((await load(page, { cache })).events, ["stale revalidated store"]);
      assert.deepEqual(
        site.requests.filter(({ path }) => path === wasm).map(({ status }) => status),
        [200, 304],
      );
      site.down.add(wasm);
      assert.deepEqual((await load(page, { cache })).events, ["stale offline store"]);
      site.down.clear();
      site.files.set(wasm, guardFile(makeGuard({ bytes: 3000, seed: 9 }), { etag: '"v2"' }));
      assert.deepEqual((await load(page, { cache })).events, ["stale replaced"]);
    });

    test("notices a changed byte that another tab wrote, deletes it and downloads afresh", async () => {
      await clean();
      site.files.set(wasm, guardFile(guard, { "cache-control": "max-age=3600" }));
      const [page, tab] = [await openPage(), await openPage()];
      await load(page, { cache });
      await page.waitForTimeout(200);
      // The guard as it came, and as it was prepared.
      assert.equal(await tab.evaluate((sent) => harness.corrupt(sent), cache), 2);
      assert.deepEqual((await load(page, { cache })).events, ["corrupt", "corrupt", "miss"]);
      await page.waitForTimeout(200);
      assert.deepEqual((await load(tab, { cache })).events, ["hit store"]);
    });

    test("has no room: the guard loads, and an event says so", async () => {
      await clean();
      const page = await openPage();
      const session = await context.newCDPSession(page);
      const { origin } = new URL(site.url);
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1000 });
      const report = await load(page, { cache, listen: 500 });
      assert.deepEqual([report.events[0], report.events[1], report.mode], ["miss", "failed", "strict"]);
      assert.match(report.errors.join(), /Cannot write to the cache/);
      await session.send("Storage.overrideQuotaForOrigin", { origin });
      await page.close();
    });

    test("is refused: the guard loads, and an event says so", async () => {
      const page = await openPage("sandboxed");
      const { mode, events, errors, failed } = await load(page, { cache });
      assert.equal(mode, "strict", failed);
      assert.ok(events.includes("failed"), events.join());
      assert.match(errors.join(), /Cannot read the cache/);
    });

    test("works in a private window, and is empty there", async () => {
      const browser = await chromium.launch({
        executablePath: process.env["EDGE_GUARD_CHROMIUM"]!,
        args: ["--no-sandbox", "--disable-gpu"],
      });
      const own = context;
      context = await browser.newContext();
      try {
        const page = await openPage();
        assert.deepEqual((await load(page, { cache })).events, ["miss"]);
        await page.waitForTimeout(200);
        assert.deepEqual((await load(page, { cache })).events, ["stale revalidated store"]);
      } finally {
        context = own;
        await browser.close();
      }
    });
  });
}

test("a sandboxed page, where the stores may not even be looked at, loads with what is the default elsewhere", async () => {
  const page = await openPage("sandboxed");
  for (const cache of ["default", "service-worker"] as const) {
    const { mode, failed, events } = await load(page, { cache });
    assert.deepEqual([mode, failed], ["strict", undefined], cache);
    assert.ok(events.includes("miss"), events.join());
  }
  await page.close();
});

describe("a browser that dies while it writes", () => {
  const large = makeGuard({ bytes: 12_000_000 });
  const kinds: readonly string[] = ["hit store", "miss", "corrupt+hit store", "corrupt+miss", "corrupt+corrupt+miss"];
  for (const cache of ["indexeddb", "cache-storage"] as const) {
    test(`${cache}: the next one has the whole guard, or none`, async () => {
      for (const milliseconds of [0, 15, 60]) {
        await clean();
        site.files.set(wasm, guardFile(large, { "cache-control": "max-age=3600" }));
        const page = await openPage();
        await load(page, { cache });
        await page.waitForTimeout(milliseconds);
        const session = await context.newCDPSession(page);
        const gone = new Promise((resolve) => context.once("close", resolve));
        session.send("Browser.crash").catch(() => {});
        await gone;
        context = await launch();
        const { mode, events, errors } = await load(await openPage(), { cache });
        assert.deepEqual([mode, errors], ["strict", []]);
        assert.ok(kinds.includes(events.join("+")), events.join());
      }
    });
  }
});

test("a browser that is told to keep nothing: the guard loads, and an event says so", async () => {
  const [own, folder] = [context, profile];
  profile = await mkdtemp(join(tmpdir(), "edge-guard-profile-"));
  await mkdir(join(profile, "Default"));
  // What a user sets as "do not allow sites to save data on your device".
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  context = await launch();
  try {
    const page = await openPage();
    for (const cache of ["indexeddb", "cache-storage", "default"] as const) {
      const { mode, events, errors } = await load(page, { cache, listen: 200 });
      assert.equal(mode, "strict");
      assert.ok(events.includes("failed"), `${cache}: ${events}`);
      assert.match(errors.join(), /Cannot (read|write to) the cache/);
    }
    assert.equal(await page.evaluate(() => harness.register(100_000)), false);
    assert.equal((await load(page, { cache: "process" })).mode, "strict");
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    [context, profile] = [own, folder];
  }
});

describe("another tab", () => {
  before(clean);

  test("deletes the database under a page that uses it", async () => {
    const [page, tab] = [await openPage(), await openPage()];
    await load(page, { cache: "indexeddb" });
    await page.waitForTimeout(200);
    assert.equal(await tab.evaluate(() => harness.deleteDatabase()), "deleted");
    // The same driver object, whose connection was taken away, and a new one.
    assert.equal(await page.evaluate((url) => harness.many(url, 1), site.url + wasm.slice(1)), 1);
    await page.waitForTimeout(200);
    assert.equal(await tab.evaluate(() => harness.deleteDatabase()), "deleted");
    assert.equal(await page.evaluate((url) => harness.many(`${url}?again`, 1), site.url + wasm.slice(1)), 1);
    assert.deepEqual((await load(page, { cache: "indexeddb" })).mode, "strict");
  });

  test("deletes the caches under a page that uses them", async () => {
    const [page, tab] = [await openPage(), await openPage()];
    await load(page, { cache: "cache-storage" });
    await tab.evaluate(() => harness.deleteCaches());
    assert.deepEqual((await load(page, { cache: "cache-storage" })).mode, "strict");
  });

  test("blocks the database: one load waits for a while, and says so", async () => {
    const [page, tab] = [await openPage(), await openPage()];
    await tab.evaluate(() => harness.occupy());
    const report = await load(page, { cache: "indexeddb" });
    assert.equal(report.mode, "strict");
    assert.ok(report.events.includes("failed"), report.events.join());
    assert.ok(report.milliseconds < 8_000, `It took ${report.milliseconds} ms`);
    await tab.evaluate(() => harness.release());
    await tab.close();
    await clean();
  });
});

test("200 loads at once in one page: one request, one module", async () => {
  await clean();
  const page = await openPage();
  assert.equal(await page.evaluate((url) => harness.many(url, 200), site.url + wasm.slice(1)), 1);
  assert.equal(site.count(wasm), 1);
});

test("a slow network shows the download moving, and an abort ends it", async () => {
  await clean();
  site.link = { latency: 20, bits: 2_000_000 };
  const page = await openPage();
  const url = site.url + wasm.slice(1);
  const whole = await page.evaluate((sent) => harness.progress(sent), url);
  assert.ok(whole.reports >= 5, `${whole.reports} reports`);
  assert.deepEqual([whole.last, whole.total, whole.code], [guard.length, guard.length, ""]);
  const part = await page.evaluate((sent) => harness.progress(`${sent}?again`, 60_000), url);
  assert.equal(part.code, "aborted");
  assert.ok(part.last < 200_000, `${part.last} bytes were loaded`);
});

describe("progress", () => {
  const packed = gzipSync(guard, { level: 1 });
  const encoding = { "content-encoding": "gzip" };
  const bodies: Readonly<Record<string, readonly [file: File, isKnown: boolean]>> = {
    "with a length": [guardFile(guard), true],
    "without a length": [guardFile(guard, {}, true), false],
    "of a compressed body": [guardFile(packed, encoding), false],
    "of a compressed body without a length": [guardFile(packed, encoding, true), false],
  };
  before(async () => {
    await clean();
    assert.ok(packed.length < guard.length / 2, `${packed.length} bytes`);
  });
  for (const [what, [file, isKnown]] of Object.entries(bodies)) {
    for (const from of ["its own server", "another origin"]) {
      test(`${what}, from ${from}: never more than there is, and whole at the end`, async () => {
        site.files.set(wasm, file);
        site.link = { latency: 5, bits: 8_000_000 };
        const base = from === "another origin" ? site.url.replace("127.0.0.1", "localhost") : site.url;
        const page = await openPage("open", base);
        const steps = await page.evaluate((sent) => harness.steps(sent), {
          cache: "process" as const,
          url: `${site.url}${wasm.slice(1)}?${from}`,
        });
        await page.close();
        const downloads = steps.filter(([phase]) => phase === "download");
        assert.ok(downloads.length > 2, `${downloads.length} reports`);
        assert.deepEqual(downloads[0]?.slice(0, 2), ["download", 0]);
        assert.deepEqual(downloads.at(-1), ["download", guard.length, guard.length]);
        const loaded = downloads.map((step) => step[1]);
        assert.deepEqual(
          loaded,
          [...loaded].sort((a, b) => a - b),
        );
        // Another origin does not show whether its length is that of a compressed body.
        const total = isKnown && from !== "another origin" ? guard.length : null;
        assert.deepEqual([...new Set(downloads.slice(0, -1).map((step) => step[2]))], [total]);
        assert.deepEqual(steps.slice(downloads.length), [
          ["compile", 0, 1],
          ["compile", 1, 1],
          ["instantiate", 0, 1],
          ["instantiate", 1, 1],
        ]);
      });
    }
  }
});

test("a page without https has no digests: the guard loads, and an event says so", async () => {
  const own = context;
  const folder = profile;
  profile = await mkdtemp(join(tmpdir(), "edge-guard-profile-"));
  context = await launch(["--host-resolver-rules=MAP guards.test 127.0.0.1"]);
  try {
    const base = site.url.replace("127.0.0.1", "guards.test");
    const page = await openPage("", base);
    const report = await page.evaluate((sent) => harness.load(sent), {
      cache: "default" as const,
      url: base + wasm.slice(1),
    });
    assert.deepEqual([...report.events, report.mode], ["bypass", "strict"]);
    const integrity = `sha256-${"A".repeat(43)}=`;
    const pinned = await page.evaluate((sent) => harness.load(sent), {
      cache: "default" as const,
      url: base + wasm.slice(1),
      integrity,
    });
    assert.equal(pinned.failed, "integrity-mismatch");
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    [context, profile] = [own, folder];
  }
});

describe("the service worker", () => {
  const cache = "service-worker" as const;
  const minimumBytes = 100_000;

  test("serves prepared modules to the page that registered it, and to the next", async () => {
    await clean();
    site.files.set(wasm, guardFile(guard, { "cache-control": "max-age=3600" }));
    const page = await openPage();
    assert.equal(await page.evaluate((sent) => harness.register(sent), minimumBytes), true);
    assert.deepEqual((await load(page, { cache, minimumBytes })).events, ["miss"]);
    await page.waitForTimeout(500);
    await page.reload();
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate((sent) => harness.register(sent), minimumBytes), true);
    const report = await load(page, { cache, minimumBytes });
    assert.deepEqual([...report.events, report.mode, ...report.errors], ["hit streaming", "strict"]);
    assert.deepEqual((await load(await openPage(), { cache, minimumBytes })).events, ["hit streaming"]);
    const steps = await (await openPage()).evaluate((sent) => harness.steps(sent), {
      cache,
      minimumBytes,
      url: site.url + wasm.slice(1),
    });
    assert.deepEqual(steps, [
      ["compile", 0, 1],
      ["compile", 1, 1],
      ["instantiate", 0, 1],
      ["instantiate", 1, 1],
    ]);
    assert.equal(site.count(wasm), 1);
  });

  test("is what loads without any option use, once it is registered", async () => {
    const page = await openPage();
    await page.evaluate((sent) => harness.register(sent), minimumBytes);
    assert.deepEqual((await load(page, { cache: "process" })).events, ["hit streaming"]);
  });

  test("answers with a changed byte: it is noticed, and the stored bytes are used", async () => {
    site.files.set(wasm, guardFile(guard, { "cache-control": "max-age=3600" }));
    const page = await openPage();
    assert.equal(await page.evaluate(() => harness.corrupt("service-worker")), 1);
    const report = await load(page, { cache, minimumBytes });
    assert.deepEqual([...report.events, report.mode], ["corrupt", "hit store", "strict"]);
    await page.waitForTimeout(500);
    assert.deepEqual((await load(page, { cache, minimumBytes })).events, ["hit streaming"]);
  });

  test("holds another guard than the pinned one, with a digest that fits: the stored bytes are used", async () => {
    site.files.set(wasm, guardFile(guard, { "cache-control": "max-age=3600" }));
    const page = await openPage();
    const digest = createHash("sha256").update(guard).digest("base64");
    const forged = makeGuard({ bytes: 3000, seed: 5 });
    await page.evaluate((bytes) => harness.replacePrepared(new Uint8Array(bytes)), [...prepareGuard(forged)]);
    const report = await load(page, { cache, minimumBytes, integrity: `sha256-${digest}` });
    assert.deepEqual([...report.events, report.mode], ["hit store", "strict"]);
    await page.evaluate(() => harness.deleteCaches());
    assert.equal((await load(page, { cache, minimumBytes })).mode, "strict");
  });

  test("does not know a module: 404, and the stored bytes are used", async () => {
    const page = await openPage();
    const status = await page.evaluate(async () => (await fetch(`/edge-guard/${"0".repeat(64)}.wasm`)).status);
    assert.equal(status, 404);
    assert.equal(site.count(`/edge-guard/${"0".repeat(64)}.wasm`), 0);
  });

  test("is gone: the stored bytes are used", async () => {
    const page = await openPage();
    await page.evaluate(() => harness.unregister());
    await page.reload();
    await page.waitForTimeout(300);
    const report = await load(page, { cache, minimumBytes });
    assert.equal(report.mode, "strict");
    assert.ok(!report.events.includes("hit streaming"), report.events.join());
  });
});
