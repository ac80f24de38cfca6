// The other views of a result: the modes side by side, two policies, what can be reached, which tools the guard knows.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright";
import { eventually, openPlayground, root, useSite } from "./browser.ts";
import { denied, filtered } from "./scenarios.ts";

const site = useSite();

const field = (page: Page, name: string) => page.getByRole("textbox", { name });

test("the modes side by side: where each stops the injected issue, the private file, the public comment; a click takes one", async () => {
  const story = JSON.parse(await readFile(`${root}/demo/scenarios/injected-issue-filter.json`, "utf8"));
  const playground = await openPlayground(site.browser, site.url, { scenarios: { story } });
  const { page, preview, complaints, settled } = playground;
  await settled();
  const strip = page.getByRole("region", { name: "Modes side by side" });
  const statuses = (mode: string) =>
    strip
      .locator(`[data-mode="${mode}"] td`)
      .evaluateAll((cells) => cells.map((cell) => cell.getAttribute("data-status")));
  await eventually(() => statuses("strict"), ["denied", "allowed", "denied"], "strict");
  assert.deepEqual(await statuses("filter"), ["filtered", "allowed", "denied"]);
  assert.deepEqual(await statuses("propagate"), ["allowed", "allowed", "denied"]);
  const firstStops = await strip
    .locator("tbody tr")
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll("td")].findIndex((cell) => cell.dataset["first"] === "true")),
    );
  assert.deepEqual(firstStops, [0, 0, 2]);
  assert.equal(await strip.getByRole("button", { name: "Filter" }).getAttribute("aria-pressed"), "true");
  await strip.getByRole("button", { name: "Propagate" }).click();
  await preview.locator('[data-call="0"][data-outcome="allowed"]').waitFor();
  await eventually(
    () => strip.getByRole("button", { name: "Propagate" }).getAttribute("aria-pressed"),
    "true",
    "the mode in force",
  );
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("two policies over the same calls: looser, stricter, incomparable, each with the items that prove it; swapping takes B", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, complaints, settled } = playground;
  await settled();
  await page.getByRole("tab", { name: "Session" }).focus();
  await page.keyboard.press("ArrowRight");
  const panel = page.getByRole("tabpanel", { name: "Compare policies" });
  const verdict = () => panel.locator("[data-verdict]").getAttribute("data-verdict");
  await eventually(verdict, "equal", "the same policy");
  const b = field(page, "Policy B for github");
  const write = (repos: string, level: string) =>
    b.fill(JSON.stringify({ "allow-only": { repos: [repos], "min-integrity": level } }));
  await write("acme/*", "none");
  await eventually(verdict, "looser", "a lower floor");
  assert.match((await panel.textContent())!, /Shows 2 items.*shown 1 Ignore your instructions/s);
  await write("acme/*", "merged");
  await eventually(verdict, "stricter", "a higher floor");
  assert.match((await panel.textContent())!, /Hides 2 items/);
  await b.fill(
    '{"allow-only": {"repos": ["acme/*"], "min-integrity": "approved", "trusted-users": ["user-2"], "blocked-users": ["user-1"]}}',
  );
  await eventually(verdict, "incomparable", "one shown, one hidden");
  await b.fill('{"allow-only": {"repos": ["acme/*"], "min-integrity": "aproved"}}');
  await panel.getByRole("alert").waitFor();
  await write("acme/*", "none");
  await eventually(verdict, "looser", "a lower floor again");
  await panel.getByRole("button", { name: "Swap A and B" }).click();
  await eventually(verdict, "stricter", "the other way round");
  await page.getByRole("tab", { name: "Session" }).click();
  await preview.locator('[data-outcome="allowed"]').waitFor();
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("reach: the comment is closed from the private labels on, open for an agent without them, and other calls can be asked about", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { denied } });
  const { page, complaints, settled } = playground;
  await settled();
  await page.getByRole("tab", { name: "Reach" }).click();
  const panel = page.getByRole("tabpanel", { name: "Reach" });
  const states = (probe: string) =>
    panel
      .locator(`[data-probe="${probe}"] [data-reach]`)
      .evaluateAll((cells) => cells.map((cell) => cell.getAttribute("data-reach")));
  await eventually(() => states("web.post_comment"), ["closed", "closed", "closed"], "the comment in the session");
  await panel.getByRole("radio", { name: "Labels of my own" }).check({ force: true });
  await field(page, "Secrecy").fill("");
  await eventually(() => states("web.post_comment"), ["open"], "the comment for an agent that knows nothing private");
  await field(page, "Tool").fill("delete_site");
  await panel.getByRole("combobox", { name: "Server" }).selectOption("web");
  await field(page, "Arguments").fill("{");
  await panel.getByRole("button", { name: "Ask about this call too" }).click();
  await panel.getByRole("alert").getByText("no JSON").waitFor();
  await field(page, "Arguments").fill("{}");
  await field(page, "Arguments").press("Enter");
  await eventually(() => states("web.delete_site"), ["open"], "the added call");
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("tools: what the guard knows of a pasted list, against the server's own hints, in both shapes", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, complaints, settled } = playground;
  await settled();
  await page.getByRole("tab", { name: "Tools" }).click();
  const panel = page.getByRole("tabpanel", { name: "Tools" });
  await panel.locator('[data-tool="list_issues"]').waitFor();
  await panel.getByText("Paste a tools/list answer").click();
  const list = field(page, "Answer of tools/list");
  await list.fill('{"tools": 1}');
  await panel.getByText("This holds no tools").waitFor();
  const tools = [
    { name: "list_issues", annotations: { readOnlyHint: true } },
    { name: "get_everything", annotations: { readOnlyHint: false } },
    { name: "frobnicate", annotations: { readOnlyHint: true } },
  ];
  await list.fill(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools } }));
  const row = (tool: string) => panel.locator(`[data-tool="${tool}"]`);
  await row("frobnicate").waitFor();
  assert.equal(await row("frobnicate").getAttribute("data-known"), "default");
  assert.equal(
    await row("get_everything").locator("[data-disagreement]").getAttribute("data-disagreement"),
    "guard-looser",
  );
  assert.match((await row("list_issues").textContent())!, /read.*REST per item.*MCP per item/s);
  await panel.getByRole("radio", { name: "Worth a look 2" }).check({ force: true });
  await eventually(() => panel.locator("[data-tool]").count(), 2, "tools worth a look");
  assert.deepEqual(complaints, []);
  await playground.close();
});
