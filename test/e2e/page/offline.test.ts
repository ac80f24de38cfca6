// After the first visit the page needs no network; another build waits until it is asked for; the first load is small.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright";
import { launchChromium, openPlayground, root, serveFolder } from "./browser.ts";

let browser: Browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser.close());

const isControlled = (page: Page): Promise<unknown> =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (navigator.serviceWorker.controller) return;
    await new Promise((resolve) =>
      navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
    );
  });

test("without a network, below a sub-path: another scenario, the code editor, a link, the import, the docs", async () => {
  const server = await serveFolder("dist/");
  const playground = await openPlayground(browser, `${server.url}playground/`, { offline: true, editor: "code" });
  const { page, preview, complaints, settled } = playground;
  await settled();
  await isControlled(page);
  await server.close();
  await page.goto(`${server.url}playground/#scenario=scope-owner`);
  await page.reload();
  await settled();
  await page.locator('[data-field="policy-github"][data-editor="code"]').waitFor();
  await page.locator('[data-scenario="public-triage"]').click();
  await page.locator('[data-scenario="public-triage"][aria-current="true"]').waitFor();
  await settled();
  assert.ok((await preview.locator("[data-outcome]").count()) > 0);
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("dialog", { name: "Share this scenario" }).getByRole("textbox", { name: "Link" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("dialog", { name: "Import" }).waitFor();
  await page.keyboard.press("Escape");
  await page.goto(`${server.url}playground/docs.html`);
  await page.locator('[data-example="attributes"] policy-preview[data-status="ready"]').waitFor();
  await page.frameLocator("#frame").locator('policy-preview[data-status="ready"]').waitFor();
  assert.deepEqual(
    complaints.filter((line) => !/ERR_CONNECTION_REFUSED|offline\.js/.test(line)),
    [],
  );
  await playground.close();
});

test("another build is fetched whole, waits, and takes over on a click; no file of the two is mixed", async () => {
  const folder = await mkdtemp(`${root}/.cache/offline-`);
  await cp(`${root}/dist/playground`, folder, { recursive: true });
  const server = await serveFolder(folder.slice(root.replace(/\/$/, "").length + 1));
  const playground = await openPlayground(browser, server.url, { offline: true });
  const { page, settled } = playground;
  await settled();
  await isControlled(page);
  const html = await readFile(`${folder}/index.html`, "utf8");
  await writeFile(`${folder}/index.html`, html.replace("<title>", "<title>Newer "));
  const worker = await readFile(`${folder}/offline.js`, "utf8");
  const build = /"([0-9a-f]{16})"/.exec(worker)![1]!;
  await writeFile(`${folder}/offline.js`, worker.replace(build, "another-build"));
  await page.reload();
  await page.locator('[data-notice="update"]').waitFor();
  assert.doesNotMatch(await page.title(), /Newer/, "until then the build that is there answers");
  await page.getByRole("button", { name: "Use it now" }).click();
  for (let waited = 0; waited < 50 && !(await page.title()).startsWith("Newer"); waited++)
    await page.waitForTimeout(100);
  assert.match(await page.title(), /^Newer/);
  await settled();
  const kept = await page.evaluate(() => caches.keys());
  assert.deepEqual(
    kept.map((name) => name.split(" ").at(-1)),
    ["another-build"],
  );
  await playground.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test("the first load without editor and guard stays below 40 KB, gzipped", async (context) => {
  const folder = `${root}/dist/playground`;
  const read = (name: string): Promise<string> => readFile(`${folder}/${name}`, "utf8");
  const sizeOf = async (name: string): Promise<number> => gzipSync(await read(name), { level: 9 }).length;
  async function whole(entry: string, known = new Set<string>()): Promise<Set<string>> {
    if (known.has(entry)) return known;
    known.add(entry);
    for (const [, path] of (await read(entry)).matchAll(/(?:from|import)"\.\/([\w./-]+\.js)"/g))
      await whole(path!, known);
    return known;
  }
  const sum = async (names: Iterable<string>): Promise<number> =>
    (await Promise.all([...names].map(sizeOf))).reduce((total, size) => total + size, 0);
  const page = await whole("main.js");
  const first = await sum([...page, "index.html", "styles.css", "icon.svg", "scenarios/index.json"]);
  const worker = await sum([...(await whole("preview-worker.js"))].filter((name) => !page.has(name)));
  context.diagnostic(`first load: ${first} bytes; what runs guards, in its worker: ${worker} bytes more`);
  assert.ok(first <= 40_000, `the first load has ${first} bytes`);
});
