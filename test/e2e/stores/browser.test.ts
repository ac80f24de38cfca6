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

for (const [name, agent, take] of [
  ["", "a", undefined],
  [", also where there are no Web Locks", "b", "Object.defineProperty(navigator, 'locks', { value: undefined })"],
] as const) {
  test(`a thousand changes from two tabs at the same time lose nothing, and a reload forgets nothing${name}`, async () => {
    const [one, two] = await Promise.all([open(), open()]);
    if (take !== undefined) for (const page of [one, two]) await page.evaluate(take);
    await Promise.all([one.evaluate(`gain("${agent}", "x", 500)`), two.evaluate(`gain("${agent}", "y", 500)`)]);
    await one.reload();
    await one.waitForFunction("typeof kit === 'function'");
    const { gained, calls } = (await one.evaluate(`stateOf("${agent}")`)) as { gained: string[]; calls: { c: number } };
    assert.deepEqual([new Set(gained).size, calls.c], [1000, 1000]);
  });
}

test("changes of one agent wait for its lock in every tab, other agents go on, and a tab that is gone holds nothing", async () => {
  const [one, two] = await Promise.all([open(), open()]);
  await one.evaluate("hold('locked')");
  const order: string[] = [];
  const waiting = two.evaluate("gain('locked', 't', 1)").then(() => order.push("the same agent"));
  await two.evaluate("gain('another', 't', 1)").then(() => order.push("another agent"));
  await one.close();
  order.push("the tab is gone");
  await waiting;
  assert.deepEqual(order, ["another agent", "the tab is gone", "the same agent"]);
});

test("a browser that keeps nothing is a fault of the store", async () => {
  assert.equal(await (await open()).evaluate("broken()"), "state");
});
