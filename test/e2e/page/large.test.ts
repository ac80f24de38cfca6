// Ten thousand items: a list that is only there where one looks, a search, a tree in runs, and a page that never stops answering.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, longestTask, openPlayground, useSite } from "./browser.ts";
import { large } from "./scenarios.ts";

const site = useSite();

test("the list holds the rows in view alone, scrolls to the last, and finds any of them", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { large } });
  const { page, preview, complaints, settled } = playground;
  await settled();
  const box = preview.getByRole("group", { name: "Items of call 1" });
  const rows = box.locator("[data-visible]");
  assert.ok((await rows.count()) <= 150, `${await rows.count()} rows at first`);
  assert.equal(await box.getByRole("listitem").first().getAttribute("aria-setsize"), "10000");

  // By keyboard: the box takes the focus, End goes to the end.
  await box.focus();
  await page.keyboard.press("End");
  await box.getByText("Issue number 9999").waitFor();
  assert.ok((await rows.count()) <= 200, `${await rows.count()} rows at the end`);
  await page.keyboard.press("Home");
  await box.getByText("Issue number 0", { exact: true }).waitFor();

  await preview.getByRole("searchbox", { name: "Search items" }).fill("ISSUE 9999");
  await preview.getByText("1 found").waitFor();
  await preview.locator('[data-index="9999"]').waitFor();
  await preview.getByRole("radio", { name: "Hidden" }).check({ force: true });
  await preview.getByText("0 found").waitFor();
  await preview.getByRole("searchbox", { name: "Search items" }).fill("");
  await eventually(
    () => box.getByRole("listitem").first().getAttribute("aria-setsize"),
    "5000",
    "rows under the filter alone",
  );
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("the tree shows runs of a hundred, and a search opens the way to what it finds", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { large } });
  const { page, preview, settled } = playground;
  await settled();
  await preview.getByText("Both results as JSON").click();
  const tree = preview.getByRole("tree", { name: "What the backend returned, as JSON" });
  await tree.getByText("9900 … 9999").waitFor();
  assert.ok((await tree.getByRole("treeitem").count()) <= 102);
  const search = preview.getByRole("searchbox", { name: "Search both" });
  await search.fill("issue number 4321");
  await preview.getByText("1 of 1: 1 from the backend, 0 reach the agent").waitFor();
  await tree.locator("mark", { hasText: "Issue number 4321" }).last().waitFor();
  assert.match((await tree.locator('[aria-selected="true"]').textContent())!, /title.*Issue number 4321/);
  assert.equal(await tree.getByText("Hidden: integrity").first().isVisible(), true);
  await page.keyboard.press("Escape");
  await playground.close();
});

test("typing in the policy never blocks the page: no task of its main thread computes for 50 ms", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { large } });
  const { page, preview, settled } = playground;
  await settled();
  const field = page.getByRole("textbox", { name: "Policy for github" });
  const longest = await longestTask(page, async () => {
    for (const level of ["unapproved", "none", "merged", "approved", "unapproved"]) {
      await field.fill(JSON.stringify({ "allow-only": { repos: ["acme/*"], "min-integrity": level } }));
      await settled();
      await page.waitForTimeout(400);
    }
    await preview.locator('[data-outcome="allowed"]').waitFor();
  });
  assert.ok(longest > 0 && longest < 50, `the longest task of the page computed for ${longest} ms`);
  await playground.close();
});
