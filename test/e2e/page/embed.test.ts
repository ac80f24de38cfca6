// In other pages: the docs page with its live examples, whose code runs as it stands there, and the frame with its messages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeShare } from "edge-guard/analysis";
import type { Browser, BrowserContextOptions, Page } from "playwright";
import { overflowing, violations } from "./axe.ts";
import { eventually, launchChromium, serveFolder } from "./browser.ts";
import { denied, filtered } from "./scenarios.ts";

let browser: Browser;
let server: Awaited<ReturnType<typeof serveFolder>>;
/** Another origin. */
let host: Awaited<ReturnType<typeof serveFolder>>;
before(async () => {
  [browser, server, host] = await Promise.all([
    launchChromium(),
    serveFolder("dist/"),
    serveFolder("test/e2e/page/host"),
  ]);
});
after(async () => {
  await browser.close();
  await server.close();
  await host.close();
});
const base = (): string => `${server.url}playground/`;

async function openPage(address: string, context: BrowserContextOptions = {}) {
  const opened = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    serviceWorkers: "block",
    ...context,
  });
  const page = await opened.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  return { page, complaints, close: () => opened.close() };
}

async function allLive(page: Page): Promise<void> {
  await page.locator('[data-example="attributes"] policy-preview[data-status="ready"]').waitFor();
  await page.locator('[data-example="themed"] policy-preview[data-status="ready"]').waitFor();
  await page.frameLocator("#frame").locator('policy-preview[data-status="ready"]').waitFor();
}

test("the docs page shows three live examples under a strict policy", async () => {
  const { page, complaints, close } = await openPage(`${base()}docs.html`);
  await allLive(page);
  const outcome = page.locator("#outcome");
  await outcome.getByText(/^\d+ hidden$/).waitFor();
  const before = await outcome.textContent();
  await page.getByRole("combobox", { name: "Lowest integrity" }).selectOption("none");
  await eventually(() => outcome.textContent(), "0 hidden", "the outcome after the choice");
  assert.notEqual(before, "0 hidden");
  const accent = await page
    .locator('[data-example="themed"] policy-preview')
    .evaluate((element) => getComputedStyle(element).getPropertyValue("--pp-bg"));
  assert.match(accent, /#fffaf3/, "the page's colours are taken");

  await page.locator("#heard").getByText("list_issues: filtered").waitFor();
  const history = await page.evaluate(() => window.history.length);
  const height = await page.locator("#frame").getAttribute("height");
  await page.getByRole("button", { name: "Private data" }).click();
  await eventually(
    async () => (await page.locator("#heard").textContent())!.includes("list_issues: filtered, "),
    false,
    "heard",
  );
  await page.frameLocator("#frame").locator('policy-preview[data-status="ready"]').waitFor();
  await eventually(
    async () => (await page.locator("#frame").getAttribute("height")) !== height,
    true,
    "the frame's height",
  );
  assert.equal(await page.evaluate(() => window.history.length), history);
  assert.deepEqual(complaints, []);
  await close();
});

for (const [name, context] of [
  ["light", { colorScheme: "light" }],
  ["dark at 320 px", { colorScheme: "dark", viewport: { width: 320, height: 640 } }],
  ["forced colours", { forcedColors: "active" }],
] as const) {
  test(`axe finds nothing on the docs page, nothing overflows: ${name}`, async () => {
    const { page, close } = await openPage(`${base()}docs.html`, context);
    await allLive(page);
    for (const frame of page.frames()) {
      assert.deepEqual(await violations(frame, false), [], frame.url());
    }
    const overflow = await overflowing(page);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await close();
  });
}

for (const example of ["attributes", "themed", "framed"]) {
  test(`the code of the example "${example}" runs as it stands in the docs`, async () => {
    const { page: docs, close } = await openPage(`${base()}docs.html`);
    const code = await docs.locator(`[data-example="${example}"] pre code`).textContent();
    await close();
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.route("**/bare.html", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<!doctype html><html lang="en"><title>Bare</title><body>${code}</body></html>`,
      }),
    );
    await page.goto(`${base()}bare.html`);
    const place = example === "framed" ? page.frameLocator("#frame") : page;
    await place.locator('policy-preview[data-status="ready"] [data-outcome]').first().waitFor();
    if (example === "themed") {
      await page.getByText(/^\d+ hidden$/).waitFor();
      await page.locator("#level").selectOption("none");
      await page.getByText("0 hidden", { exact: true }).waitFor();
    }
    if (example === "framed") {
      await page.getByText(/list_issues: filtered/).waitFor();
      await page.getByRole("button", { name: "Private data" }).click();
      await page.getByText(/list_issues: filtered/).waitFor({ state: "detached" });
    }
    assert.deepEqual(
      complaints.filter((text) => !/favicon/.test(text)),
      [],
    );
    await context.close();
  });
}

/** A page of another origin that holds the frame and keeps what it hears. */
async function openHost(hash = "") {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const page = await context.newPage();
  // A real page: what a test answers in a server's place counts as public, and may not hold a frame from this machine.
  await page.goto(`${host.url}host.html?${encodeURIComponent(`${base()}embed.html${hash}`)}`);
  const frame = page.frameLocator("iframe");
  const heard = (type: string): Promise<Record<string, unknown>[]> =>
    page.evaluate(
      (wanted) =>
        (globalThis as unknown as { heard: { type: string }[] }).heard.filter(
          (message) => message.type === `policy-preview:${wanted}`,
        ),
      type,
    );
  const say = (message: unknown): Promise<void> =>
    page.evaluate((data) => document.querySelector("iframe")!.contentWindow!.postMessage(data, "*"), message);
  await eventually(async () => (await heard("ready")).length, 1, "the frame is ready");
  const close = (): Promise<void> => context.close();
  return { page, frame, heard, say, close };
}

test("a page of another origin drives the frame: scenario, guard, theme, colours, errors, state", async () => {
  const { page, frame, heard, say, close } = await openHost();
  await page.waitForTimeout(200);
  assert.deepEqual([await heard("report"), await heard("size")], [[], []], "nothing is told to who did not ask");
  const history = await page.evaluate(() => window.history.length);
  await say({
    type: "policy-preview:load",
    scenario: denied,
    theme: "dark",
    properties: { "--policy-preview-accent": "red", color: "red" },
  });
  await frame.locator('[data-outcome="denied"]').waitFor();
  await eventually(async () => (await heard("report")).length, 1, "a report");
  const [report] = (await heard("report")) as [{ report: { calls: { status: string }[] } }];
  assert.deepEqual(
    report.report.calls.map(({ status }) => status),
    ["filtered", "denied"],
  );
  assert.ok((await heard("size")).length > 0);
  const root = frame.locator("html");
  assert.equal(await root.getAttribute("data-theme"), "dark");
  assert.deepEqual(
    await root.evaluate((element) => [element.style.getPropertyValue("--policy-preview-accent"), element.style.color]),
    ["red", ""],
  );
  await say({ type: "policy-preview:load", scenario: { servers: {}, calls: 7 } });
  await eventually(async () => (await heard("error")).length, 1, "an error");
  await say({ type: "policy-preview:get" });
  await eventually(async () => (await heard("error")).length, 2, "the state is that error");
  for (const nonsense of [null, 7, "x", {}, { type: "policy-preview:load", guard: 7 }, { type: "other" }])
    await say(nonsense);
  await say({ type: "policy-preview:load", guard: null, scenario: filtered });
  await frame.locator('[data-outcome="filtered"]').waitFor();
  assert.equal(await page.evaluate(() => window.history.length), history, "the history is left alone");
  const [popup] = await Promise.all([
    page.waitForEvent("popup"),
    frame.getByRole("link", { name: "Open in the playground" }).click(),
  ]);
  await popup.locator('policy-preview[data-status="ready"] [data-outcome="filtered"]').waitFor();
  await close();
});

test("the frame's address names a scenario or holds one; another window than its holder is not listened to", async () => {
  const link = await encodeShare({ scenario: denied });
  assert.ok(link.ok);
  const { page, frame, heard, close } = await openHost(link.hash);
  await frame.locator('[data-outcome="denied"]').waitFor();
  assert.deepEqual(await heard("report"), []);
  // A sibling frame speaks to it: it is not the one that holds it.
  await page.evaluate(async (address) => {
    const other = document.createElement("iframe");
    other.srcdoc = `<script>parent.frames[0].postMessage({ type: "policy-preview:load", scenario: {} }, "*")</script>`;
    document.body.append(other);
    await new Promise((resolve) => (other.onload = resolve));
    return address;
  }, base());
  await page.waitForTimeout(300);
  assert.equal(await frame.locator('[data-outcome="denied"]').count(), 1);
  await close();
  const named = await openHost("#scenario=injected-issue-strict&theme=light");
  await named.frame.locator('policy-preview[data-status="ready"] [data-outcome="denied"]').first().waitFor();
  await named.close();
});
