// The store in IndexedDB, in Chromium, with two tabs. Uses what is built in dist/.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright";
import { bundle } from "./bundle.ts";
import type { Results } from "./kit.ts";

let browser: Browser;
let context: BrowserContext;
let url: string;
let script: string;

const server = createServer(({ url: path }, response) => {
  const isScript = path === "/main.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? script : `<!doctype html><script type="module" src="/main.js"></script>`);
});
const open = async (): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction("typeof kit === 'function'");
  return page;
};

before(async () => {
  script = await bundle("test/e2e/stores/page.ts", "browser");
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  browser = await chromium.launch({
    executablePath: process.env["EDGE_GUARD_CHROMIUM"]!,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  context = await browser.newContext();
});
after(async () => {
  await browser.close();
  server.close();
});

test("the kit", async (t) => {
  const page = await open();
  for (const [name, failure] of Object.entries((await page.evaluate("kit()")) as Results)) {
    await t.test(name, () => assert.equal(failure, ""));
  }
});

test("two tabs at the same time lose nothing, and a reload forgets nothing", async () => {
  const [one, two] = await Promise.all([open(), open()]);
  await Promise.all([one.evaluate("gain('x', 200)"), two.evaluate("gain('y', 200)")]);
  await one.reload();
  await one.waitForFunction("typeof kit === 'function'");
  assert.equal(((await one.evaluate("tags()")) as string[]).length, 400);
});

test("a browser that keeps nothing is a fault of the store", async () => {
  assert.equal(await (await open()).evaluate("broken()"), "state");
});
