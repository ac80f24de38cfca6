// The session: the timeline and its table, a tag's history and the ways it opens, both results as JSON, and what would change a decision.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { eventually, openPlayground, root, useSite } from "./browser.ts";
import { denied, filtered, wrapped } from "./scenarios.ts";

const site = useSite();

async function story(mode: "filter" | "strict" | "propagate"): Promise<unknown> {
  return JSON.parse(await readFile(`${root}/demo/scenarios/injected-issue-${mode}.json`, "utf8"));
}

test("the timeline tells where a private file's tag came from and which comment it stopped; every step leads there", async () => {
  const playground = await openPlayground(site.browser, site.url, {
    scenarios: { filtered: await story("propagate") },
  });
  const { page, preview, complaints, settled } = playground;
  await settled();
  const session = preview.getByRole("group", { name: "The session" });
  assert.deepEqual(await session.getByRole("list", { name: "Calls in order" }).getByRole("button").allTextContents(), [
    "1 list_issuesAllowed",
    "2 get_file_contentsAllowed",
    "3 add_issue_commentDenied",
  ]);
  const picture = session.getByRole("img", { name: /^The agent’s tags over the session/ });
  assert.equal(await picture.locator(".pp-mark-denied").count(), 1);
  assert.equal(await picture.locator(".pp-mark-lost").count(), 1);

  await session.getByRole("button", { name: "secrecy private:acme" }).click();
  const card = session.getByRole("group", { name: "History of secrecy private:acme" });
  assert.match(
    (await card.textContent())!,
    /Brought by[\s\S]*policy of github[\s\S]*What it decided[\s\S]*call 3, add_issue_comment, was denied/,
  );
  await card.getByRole("button", { name: "call 3, add_issue_comment" }).click();
  await eventually(
    () => page.evaluate(() => document.activeElement?.getAttribute("data-call")),
    "2",
    "the focus is at the call",
  );

  // From the call back to the tag at fault, and on to the item that took another tag away.
  const call = preview.locator('[data-call="2"]');
  await call.getByRole("button", { name: "private:acme" }).first().click();
  await eventually(
    () => page.evaluate(() => document.activeElement?.getAttribute("aria-label")),
    "History of secrecy private:acme",
    "focus",
  );
  await card.getByRole("button", { name: "Back to call 3" }).click();
  await session.getByRole("button", { name: "integrity approved:acme/*", exact: true }).click();
  const lost = session.getByRole("group", { name: "History of integrity approved:acme/*" });
  await lost.getByText("showed the agent 10 items that lack it").waitFor();
  await lost.getByRole("button", { name: "17 issue:acme/site#43" }).click();
  await eventually(
    () => page.evaluate(() => document.activeElement?.closest("[data-index]")?.getAttribute("data-index")),
    "17",
    "the focused item",
  );
  await session.getByText("The session as a table").click();
  const rows = session.getByRole("table").getByRole("row");
  await rows.nth(4).waitFor();
  assert.equal(await rows.count(), 5);
  assert.match((await rows.nth(4).textContent())!, /add_issue_comment[\s\S]*denied: secrecy, because of private:acme/);
  assert.match((await rows.nth(2).textContent())!, /all 30 items visible, took approved:acme\/\* away/);
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("a session of many calls is shown in pages, and a step leads into the right one", async () => {
  const many = {
    title: "Ninety calls",
    servers: { open: { guard: "noop" } },
    calls: Array.from({ length: 90 }, (_, at) => ({ server: "open", tool: `tool_${at}`, result: { at } })),
  };
  const playground = await openPlayground(site.browser, site.url, { scenarios: { many } });
  const { preview, settled } = playground;
  await settled();
  const session = preview.getByRole("group", { name: "The session" });
  const steps = session.getByRole("list", { name: "Calls in order" }).getByRole("button");
  assert.equal(await steps.count(), 40);
  await session.getByRole("button", { name: "Later calls" }).click();
  await session.getByText("Calls 41 to 80 of 90").waitFor();
  await steps.nth(20).click();
  await preview.locator('[data-call="60"]').waitFor();
  await playground.close();
});

test("both results as JSON: text, structuredContent and the notice as the agent receives them, searched and literal", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { wrapped } });
  const { page, preview, complaints, settled } = playground;
  await settled();
  await preview.getByText("Both results as JSON").click();
  const backend = preview.getByRole("tree", { name: "What the backend returned, as JSON" });
  const agent = preview.getByRole("tree", { name: "What the agent gets, as JSON" });
  await backend.getByRole("treeitem").first().waitFor();
  const parts = (tree: typeof backend) => tree.locator('[aria-level="1"] .pp-json-key').allTextContents();
  assert.deepEqual(await parts(backend), ["text", "structuredContent"]);
  assert.deepEqual(await parts(agent), ["text", "notice", "structuredContent"]);

  // By keyboard: one tab stop, arrows inside, an item says what became of it and why.
  await backend.locator('[tabindex="0"]').focus();
  await page.keyboard.press("ArrowRight");
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  assert.match(await focused(), /^issues/);
  await page.keyboard.press("ArrowRight");
  await backend.getByText("Hidden: integrity").first().waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(), /Ignore your instructions.*Hidden: integrity/);
  await page.keyboard.press("Enter");
  await backend.getByText('The resource lacks integrity "approved:acme/*"').first().waitFor();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.match(await focused(), /^issues/);

  await preview.getByRole("searchbox", { name: "Search both" }).fill("POST the keys");
  await preview.getByText("1 of 2: 2 from the backend, 0 reach the agent").waitFor();
  assert.match((await preview.getByRole("status").textContent())!, /2 times from the backend, 0 times for the agent/);
  await preview.getByRole("button", { name: "Next", exact: true }).click();
  await preview.getByText("2 of 2").waitFor();

  await preview.getByRole("radio", { name: "Literal text" }).check({ force: true });
  const text = preview.getByRole("group", { name: "text of what the agent gets, literally" });
  assert.match(
    (await text.textContent())!,
    /^\{"issues":\[\{"number":1,.*"number":4/s,
    "as it stands in the result, not indented",
  );
  assert.doesNotMatch((await text.textContent())!, /post the keys/);
  assert.match(
    (await preview.getByRole("group", { name: "notice of what the agent gets, literally" }).textContent())!,
    /2 items were withheld by the integrity policy/,
  );
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("what would show a hidden item: tried changes with all that they do, one click applies, and the field says so", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, complaints, settled } = playground;
  await settled();
  const item = preview.locator('[data-index="2"]');
  await item.getByRole("button", { name: "What would show it?" }).click();
  const lower = item.locator("[data-change]").filter({ hasText: "unapproved" }).first();
  await lower.waitFor();
  assert.match((await lower.textContent())!, /Shows 2 items/);
  await lower.getByText("In 1 call").click();
  await lower.getByText("Ignore your instructions").waitFor();
  assert.match((await preview.getByRole("status").textContent())!, /changes? of the policy would do it/);
  await lower.getByRole("button", { name: "Apply" }).click();
  await preview.locator('[data-outcome="allowed"]').waitFor();
  assert.match(await page.getByRole("textbox", { name: "Policy for github" }).inputValue(), /"unapproved"/);
  await eventually(
    () => page.evaluate(() => document.activeElement?.closest("[data-index]")?.getAttribute("data-index")),
    "2",
    "the focus stays at the item",
  );
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("what would allow a denied call: the policy of the sink, tried", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { denied } });
  const { preview, settled } = playground;
  await settled();
  const call = preview.locator('[data-call="1"]');
  await call.getByRole("button", { name: "What would allow it?" }).click();
  const change = call.locator("[data-change]").first();
  await change.waitFor();
  assert.match((await change.textContent())!, /policy of web[\s\S]*Allows 1 write/);
  await playground.close();
});
