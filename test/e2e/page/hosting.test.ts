// Where the static files stand and who embeds the element: any sub-path, a strict policy, a page of somebody else.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright";
import { openPlayground, root, useSite } from "./browser.ts";
import { filtered } from "./scenarios.ts";

const site = useSite("dist/");

const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; worker-src 'self'; " +
  "frame-src 'self'; " +
  "img-src 'self' data:; base-uri 'none'; form-action 'none'";

test("the playground works from a sub-path, under its own policy, without a request to elsewhere", async () => {
  const html = await readFile(`${root}/dist/playground/index.html`, "utf8");
  assert.ok(html.includes(policy), "the policy stands in the page");
  assert.doesNotMatch(html, /<style|style=|<script(?![^>]*src=)|\son\w+=/, "nothing inline");
  const playground = await openPlayground(site.browser, `${site.url}playground/`, { scenarios: { filtered } });
  await playground.settled();
  await playground.preview.locator('[data-outcome="filtered"]').waitFor();
  assert.equal(playground.page.workers().length, 1, "the guard runs in a worker");
  assert.deepEqual(playground.complaints, []);
  await playground.close();
});

test("a page of somebody else embeds the element by attributes alone, hears its events and sees errors", async () => {
  const page = await site.browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.route("**/embed.html", (route) =>
    route.fulfill({
      headers: { "content-type": "text/html", "content-security-policy": policy },
      body: `<!doctype html><html lang="en"><title>Embed</title><script type="module" src="web/policy-preview.js"></script>
        <policy-preview src="scenario.json" guard-src="guards/repo-guard.wasm"></policy-preview>`,
    }),
  );
  await page.route("**/scenario.json", (route) => route.fulfill({ json: filtered }));
  await page.goto(`${site.url}embed.html`);
  await page.locator('policy-preview[data-status="ready"]').waitFor();
  assert.equal(page.workers().length, 1, "the guard runs in a worker");
  assert.equal(await page.locator('policy-preview [data-outcome="filtered"]').count(), 1);
  assert.equal(await page.evaluate(() => document.querySelector("policy-preview")!.report?.calls[0]?.counts.hidden), 2);

  const heard = await page.evaluate(async () => {
    const element = document.querySelector("policy-preview")!;
    const next = (type: string) =>
      new Promise<unknown>((resolve) =>
        element.addEventListener(type, (event) => resolve((event as CustomEvent).detail), { once: true }),
      );
    const failed = next("policy-preview:error") as Promise<{ errors: { path?: string }[] }>;
    element.scenario = { servers: { open: { guard: "noop" } }, calls: [{ server: "nobody", tool: "x" }] };
    const { errors } = await failed;
    const status = element.dataset["status"];
    const succeeded = next("policy-preview:report") as Promise<{ calls: unknown[] }>;
    element.scenario = {
      servers: { open: { guard: "noop" } },
      calls: [{ server: "open", tool: "get_thing", result: { a: 1 } }],
    };
    return { path: errors[0]?.path, status, calls: (await succeeded).calls.length };
  });
  assert.deepEqual(heard, { path: "calls[0].server", status: "error", calls: 1 });
  assert.deepEqual(complaints, []);
  await page.close();
});

test("newest input wins: of many scenarios set at once only the last is reported", async () => {
  const page = await site.browser.newPage();
  await page.route("**/embed.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><html lang="en"><title>Embed</title><script type="module" src="web/policy-preview.js"></script><policy-preview></policy-preview>`,
    }),
  );
  await page.goto(`${site.url}embed.html`);
  const titles = await page.evaluate(async () => {
    await customElements.whenDefined("policy-preview");
    const element = document.querySelector("policy-preview")!;
    const reported: string[] = [];
    element.addEventListener("policy-preview:report", (event) => reported.push(event.detail.title));
    for (let at = 0; at < 30; at++) {
      element.scenario = { title: `number ${at}`, servers: { open: { guard: "noop" } }, calls: [] };
      if (at % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (let waited = 0; reported.at(-1) !== "number 29" && waited < 1000; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return reported;
  });
  assert.equal(titles.at(-1), "number 29");
  assert.ok(titles.length < 30, `${titles.length} reports`);
  await page.close();
});

for (const [name, sabotage] of [
  ["there is no Worker", (page: Page) => page.addInitScript(() => Reflect.deleteProperty(globalThis, "Worker"))],
  ["the worker's script is missing", (page: Page) => page.route("**/preview-worker.js", (route) => route.abort())],
] as const) {
  test(`the page evaluates by itself when ${name}`, async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    const warnings: string[] = [];
    page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
    await sabotage(page);
    await page.route("**/embed.html", (route) =>
      route.fulfill({
        headers: { "content-type": "text/html", "content-security-policy": policy },
        body: `<!doctype html><html lang="en"><title>Embed</title><script type="module" src="web/policy-preview.js"></script>
          <policy-preview src="scenario.json" guard-src="guards/repo-guard.wasm"></policy-preview>`,
      }),
    );
    await page.route("**/scenario.json", (route) => route.fulfill({ json: filtered }));
    await page.goto(`${site.url}embed.html`);
    await page.locator('policy-preview[data-status="ready"] [data-outcome="filtered"]').waitFor();
    assert.equal(page.workers().length, 0);
    assert.ok(
      warnings.some((text) => text.includes("which stands still while they compute")),
      "a warning says that guards run in the page",
    );
    // Nothing but its count ends a guard here.
    await page.route("**/endless.wasm", async (route) =>
      route.fulfill({
        contentType: "application/wasm",
        body: await readFile(`${root}/.cache/guards/endless-loop.wasm`),
      }),
    );
    await page.evaluate(() => {
      const element = document.querySelector("policy-preview") as HTMLElement & { guards: unknown };
      element.guards = "endless.wasm";
    });
    await page.locator('policy-preview[data-status="error"]').getByText("it was stopped").first().waitFor();
    await page.evaluate(() => {
      const element = document.querySelector("policy-preview") as HTMLElement & { guards: unknown };
      element.guards = "guards/repo-guard.wasm";
    });
    await page.locator('policy-preview[data-status="ready"] [data-outcome="filtered"]').waitFor();
    await context.close();
  });
}
