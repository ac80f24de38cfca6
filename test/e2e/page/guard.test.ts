// Guards of the user's own: not wasm, a runaway, a good one; each leaves the page alive and the way back open.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright";
import { openPlayground, root, useSite } from "./browser.ts";
import { filtered } from "./scenarios.ts";

const site = useSite();

async function choose(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.getByLabel("Drop or choose a .wasm guard").setInputFiles({ name, mimeType: "application/wasm", buffer });
  await page.getByText("not running yet").waitFor();
}

test("a dropped file that claims to be wasm and is not: an error that says what is wrong, nothing runs, and the way back", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, complaints, settled } = playground;
  await settled();
  // A real drop, on the page as a whole.
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array([0, 97, 115, 109, 9, 0, 0, 0, 1, 2, 3])], "broken.wasm"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  const dialog = page.getByRole("dialog", { name: "Import" });
  await dialog.getByText("broken.wasm").first().waitFor();
  assert.match((await dialog.getByRole("alert").textContent())!, /its version is not 1/);
  assert.equal(await dialog.locator("[data-guard-ok]").getAttribute("data-guard-ok"), "false");
  assert.equal(await page.getByRole("button", { name: "Run this guard" }).count(), 0);
  await dialog.getByRole("button", { name: "Close" }).click();
  await preview.locator('[data-outcome="filtered"]').waitFor();
  const panel = page.getByRole("region", { name: "Guard", exact: true });
  await panel.getByRole("button", { name: "Back to the sample guard" }).click();
  await panel.getByText("The sample guard").waitFor();
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("a guard that never answers is stopped at the deadline; the page stays alive and the sample guard works again", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, settled } = playground;
  await settled();
  await choose(page, "endless-loop.wasm", await readFile(`${root}/.cache/guards/endless-loop.wasm`));
  await page.getByRole("region", { name: "Guard", exact: true }).getByText("SHA-256").waitFor();
  assert.equal(await preview.getAttribute("data-status"), "ready", "described, not run");
  const started = Date.now();
  await page.getByRole("button", { name: "Run this guard" }).click();
  // While the guard spins the page answers: the search field takes a key and filters.
  await page.getByRole("searchbox", { name: "Search scenarios" }).fill("two");
  assert.equal(await preview.getAttribute("data-status"), "loading");
  await settled("error");
  const took = Date.now() - started;
  assert.ok(took > 4000 && took < 15_000, `stopped after ${took} ms`);
  assert.match((await preview.textContent())!, /busy for 5 s.*it was stopped/s);
  await page.getByRole("button", { name: "Back to the sample guard" }).click();
  await settled();
  await preview.locator('[data-outcome="filtered"]').waitFor();
  await playground.close();
});

test("going back while a runaway guard is still spinning does not wait for its deadline", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, settled } = playground;
  await settled();
  await choose(page, "endless-loop.wasm", await readFile(`${root}/.cache/guards/endless-loop.wasm`));
  await page.getByRole("button", { name: "Run this guard" }).click();
  await page.waitForTimeout(600);
  const started = Date.now();
  await page.getByRole("button", { name: "Back to the sample guard" }).click();
  await settled();
  assert.ok(Date.now() - started < 4500, `ready after ${Date.now() - started} ms`);
  await preview.locator('[data-outcome="filtered"]').waitFor();
  await playground.close();
});

test("a guard of one's own is described before it runs, and runs in place of the sample", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, settled } = playground;
  await settled();
  await choose(page, "mine.wasm", await readFile(`${root}/dist/guards/repo-guard.wasm`));
  const panel = page.getByRole("region", { name: "Guard", exact: true });
  await panel.getByText("env.call_backend").waitFor();
  assert.match((await panel.textContent())!, /mine\.wasm.*KB.*SHA-256[0-9a-f]{64}.*label_response/s);
  await page.getByRole("button", { name: "Run this guard" }).click();
  await panel.getByText("not running yet").waitFor({ state: "detached" });
  await settled();
  await preview.locator('[data-outcome="filtered"]').waitFor();
  await playground.close();
});
