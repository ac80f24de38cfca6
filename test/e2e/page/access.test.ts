// Everyone gets in: axe in both themes, forced colours and 320 px; keyboard alone; nothing overflows sideways.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrowserContextOptions } from "playwright";
import { overflowing, violations } from "./axe.ts";
import { eventually, openPlayground, useSite } from "./browser.ts";
import { denied, unanswered } from "./scenarios.ts";

const site = useSite();

const looks: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["light at 320 px", { colorScheme: "light", viewport: { width: 320, height: 640 } }],
  ["dark at 320 px", { colorScheme: "dark", viewport: { width: 320, height: 640 } }],
  ["forced colours", { forcedColors: "active" }],
];

for (const [name, context] of looks) {
  test(`axe finds nothing and nothing overflows: ${name}`, async () => {
    const playground = await openPlayground(site.browser, site.url, { scenarios: { denied, unanswered }, context });
    const { page, preview, settled } = playground;
    await settled();
    for (const fold of await preview.locator("details > summary").all()) await fold.click();
    await page.getByText("The whole scenario as JSON").click();
    await preview.locator('[data-index="1"] .pp-title button').click();
    await preview.getByRole("group", { name: "Item 1 as JSON" }).waitFor();
    await preview.getByRole("button", { name: "secrecy private:acme" }).click();
    await preview.getByRole("group", { name: "History of secrecy private:acme" }).waitFor();
    await preview.locator('[data-index="1"]').getByRole("button", { name: "What would show it?" }).click();
    await preview.locator("[data-change]").first().waitFor();
    await preview.getByRole("tree").first().waitFor();
    assert.deepEqual(await violations(page), []);
    const overflow = await overflowing(page);
    assert.ok(overflow <= 0, `${overflow} px too wide`);

    for (const [tab, ready] of [
      ["Compare policies", "[data-verdict]"],
      ["Reach", "[data-reach]"],
      ["Tools", "[data-tool]"],
    ] as const) {
      await page.getByRole("tab", { name: tab }).click();
      const panel = page.getByRole("tabpanel", { name: tab });
      await panel.locator(ready).first().waitFor();
      assert.deepEqual(await violations(page), [], tab);
      assert.ok((await overflowing(page)) <= 0, `${tab} is too wide`);
    }
    await page.getByRole("tab", { name: "Session" }).click();

    const field = page.getByRole("textbox", { name: "Policy for github" });
    await field.fill("{");
    await settled("error");
    assert.deepEqual(await violations(page), [], "with an error");
    await playground.close();
  });
}

test("keyboard alone: choose a scenario, edit its policy, open an item, change theme", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { denied, unanswered } });
  const { page, preview, settled } = playground;
  await settled();
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  await page.keyboard.press("Tab");
  assert.match(await focused(), /Skip to the result/);
  await page.keyboard.press("Enter");
  await eventually(() => page.evaluate(() => document.activeElement?.id), "result", "the focus is at the result");

  await page.getByRole("searchbox").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(), /A question has no answer/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "A question has no answer" }).waitFor();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "A public comment is denied" }).waitFor();
  await settled();

  // From the gallery over the scenario's buttons to the first policy.
  const element = () => page.evaluate(() => document.activeElement?.tagName);
  for (let stop = 0; stop < 8 && (await element()) !== "TEXTAREA"; stop++) await page.keyboard.press("Tab");
  assert.equal(await element(), "TEXTAREA");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText('{"allow-only":{"repos":["acme/*"],"min-integrity":"none"}}');
  await preview.locator('[data-call="0"][data-outcome="allowed"]').waitFor();
  await settled();

  let steps = 0;
  while (!/overlaps the search field/.test(await focused()) && steps++ < 40) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await preview.getByRole("group", { name: "Item 0 as JSON" }).waitFor();
  await page.getByRole("combobox", { name: "Theme" }).focus();
  await page.keyboard.press("d");
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
  await playground.close();
});
