// The code editor over the plain field: completion, squiggles, undo, format, no key stolen, and the field that works without it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright";
import { eventually, openPlayground, useSite } from "./browser.ts";
import { denied, filtered } from "./scenarios.ts";

const site = useSite();

async function openEditor(scenarios: Record<string, unknown> = { filtered }) {
  const playground = await openPlayground(site.browser, site.url, { scenarios, editor: "code" });
  await playground.settled();
  const part = playground.page.locator('[data-field="policy-github"]');
  await playground.page.locator('[data-field="policy-github"][data-editor="code"]').waitFor();
  const field = playground.page.getByRole("textbox", { name: "Policy for github" });
  return { ...playground, part, field };
}
const textOf = (field: Locator): Promise<string> =>
  field.evaluate((element) => [...element.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"));
/** Puts a whole text in the place of what is there, as typing over a selection does. */
async function retype(page: Page, field: Locator, text: string): Promise<void> {
  await field.focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

test("the code editor takes the plain field's place under the strict policy, shows the same text, and evaluates what is typed", async () => {
  const { page, preview, field, complaints, settled, close } = await openEditor();
  assert.match(await textOf(field), /"min-integrity": "approved"/);
  assert.equal(await page.locator('[data-field="policy-github"] textarea').isVisible(), false);
  await field.getByText('"approved"').dblclick();
  await page.keyboard.type("unapproved");
  await preview.locator('[data-outcome="allowed"]').waitFor();
  await settled();
  assert.match(await textOf(field), /"min-integrity": "unapproved"/);
  assert.deepEqual(complaints, [], "no style, no script of the editor breaks the policy");
  await close();
});

test("keys and values are completed from the schema, with what they mean; values already there are not offered again", async () => {
  const { page, field, close } = await openEditor();
  const offers = page.locator(".cm-tooltip-autocomplete li");
  await retype(page, field, '{\n  "allow-only": {\n    "repos": "all",\n    \n  }\n}');
  await page.keyboard.press("ControlOrMeta+Home");
  for (let line = 0; line < 3; line++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await page.keyboard.type("min");
  await offers.first().waitFor();
  assert.match((await offers.first().textContent())!, /min-integrity/);
  assert.equal(await offers.getByText("repos", { exact: true }).count(), 0);
  await page.locator(".cm-completionInfo").getByText("The floor").waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await eventually(async () => (await textOf(field)).includes('"min-integrity": '), true, "the key is completed");
  await page.keyboard.press("Control+Space");
  await eventually(
    async () => (await offers.allTextContents()).sort(),
    ['"approved"', '"merged"', '"none"', '"unapproved"'],
    "the levels are offered",
  );
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await page.locator(".cm-tooltip-autocomplete").waitFor({ state: "detached" });
  assert.match(await textOf(field), /"min-integrity": "(none|unapproved|approved|merged)"/);

  // As most people type a key: with its quote first.
  await retype(page, field, '{\n  "allow-only": {\n    "repos": "all",\n    \n  }\n}');
  await page.keyboard.press("ControlOrMeta+Home");
  for (let line = 0; line < 3; line++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await page.keyboard.type('"min');
  await offers.getByText("min-integrity", { exact: true }).first().waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await eventually(
    async () => (await textOf(field)).split("\n")[3],
    '    "min-integrity": ',
    "the quoted key is completed",
  );

  await retype(page, field, "{\n  \n}");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Control+Space");
  await eventually(
    async () => (await offers.allTextContents()).sort(),
    ["allow-only", "trusted-bots", "write-sink"],
    "both forms of a policy are offered",
  );
  await close();
});

test("in the scenario a call's server is completed from the servers that the text defines", async () => {
  const { page, close } = await openEditor({ denied });
  await page.getByText("The whole scenario as JSON").click();
  await page.locator('[data-field="scenario"][data-editor="code"]').waitFor();
  const field = page.getByRole("textbox", { name: "Scenario", exact: true });
  await retype(
    page,
    field,
    '{"servers":{"github":{"guard":"noop"},"web":{"guard":"noop"}},"calls":[{"tool":"t","server":}]}',
  );
  for (let step = 0; step < 3; step++) await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Control+Space");
  await eventually(
    () => page.locator(".cm-tooltip-autocomplete li").allTextContents(),
    ['"github"', '"web"'],
    "the servers are offered",
  );
  await close();
});

test("squiggles: the schema's at once, then the guard's own verdict; F8 goes there, and the list below has them too", async () => {
  const { page, part, field, settled, close } = await openEditor();
  const errors = field.locator(".cm-lintRange-error");
  await retype(page, field, '{ "allow-only": { "repos": "all", "min-integrity": "aproved" } }');
  await settled("error");
  await errors.getByText("aproved").waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.match((await part.locator(".problems").textContent())!, /Line 1, column \d+allow-only\.min-integrity/);
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.press("F8");
  await page.locator(".cm-tooltip-lint").getByText("aproved").waitFor();
  await part.getByRole("button", { name: /Line 1/ }).click();
  assert.equal(await page.evaluate(() => getSelection()?.toString() ?? ""), '"aproved"');

  // What the schema alone minds, the reader accepts: another spelling of a level.
  await retype(page, field, '{ "allow-only": { "repos": "all", "min-integrity": "Approved" } }');
  await settled();
  await field.locator(".cm-lintRange-warning").getByText("Approved").waitFor();
  assert.equal(await errors.count(), 0);

  await retype(page, field, '{ "allow-only": ');
  await part.getByText("This is not JSON yet").waitFor();
  await errors.first().waitFor();
  await close();
});

test("undo takes back what was typed, not what came from another scenario; format lays the text out", async () => {
  const { page, preview, part, field, settled, close } = await openEditor({ filtered, denied });
  const original = await textOf(field);
  await retype(page, field, '{"allow-only":{"repos":["acme/*"],"min-integrity":"none"}}');
  await preview.locator('[data-outcome="allowed"]').waitFor();
  await part.getByRole("button", { name: "Format Policy for github" }).click();
  assert.equal(await textOf(field), original.replace("approved", "none"));
  await page.keyboard.press("ControlOrMeta+z");
  assert.match(await textOf(field), /^\{"allow-only":\{/);
  await page.keyboard.press("ControlOrMeta+z");
  assert.equal(await textOf(field), original);
  await preview.locator('[data-outcome="filtered"]').waitFor();
  await page.keyboard.press("ControlOrMeta+Shift+z");
  await page.keyboard.press("Shift+Alt+f");
  assert.equal(await textOf(field), original.replace("approved", "none"));

  await page.locator('[data-scenario="denied"]').click();
  await preview.locator('[data-outcome="denied"]').waitFor();
  await settled();
  const other = await textOf(field);
  await field.focus();
  await page.keyboard.press("ControlOrMeta+z");
  assert.equal(await textOf(field), other);
  await close();
});

test("no key of the browser's is taken in the editor or outside, and Tab leaves the field", async () => {
  const { page, field, close } = await openEditor();
  await page.evaluate(() => {
    const taken: string[] = [];
    Object.assign(globalThis, { taken });
    addEventListener("keydown", (event) => {
      if (event.defaultPrevented)
        taken.push(`${event.ctrlKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.key}`);
      // Nothing of this shall really happen.
      event.preventDefault();
    });
  });
  const keys = ["s", "f", "p", "r", "k", "l", "d", "o", "u", "g", "h", "j", "n", "t", "w", "/", "[", "]"];
  for (const focus of [
    () => field.focus(),
    () => page.getByRole("searchbox").focus(),
    () => page.locator("#result").focus(),
  ]) {
    await focus();
    for (const key of keys) await page.keyboard.press(`Control+${key}`);
    for (const key of ["F1", "F3", "F5", "F6", "F12", "Alt+ArrowLeft", "Alt+ArrowRight", "Alt+d", "Escape"])
      await page.keyboard.press(key);
  }
  assert.deepEqual(await page.evaluate(() => (globalThis as unknown as { taken: string[] }).taken), []);
  await page.reload();
  await page.locator('[data-field="policy-github"][data-editor="code"]').waitFor();
  await field.focus();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.closest('[data-field="policy-github"] .code')), null);
  await close();
});

test("the choice of field is kept; the plain one formats and undoes by itself, and stays where the editor cannot be loaded", async () => {
  const { page, preview, part, close } = await openEditor();
  await page.getByRole("combobox", { name: "Editor" }).selectOption("plain");
  const plain = part.locator("textarea");
  await plain.waitFor();
  await plain.fill('{"allow-only":{"repos":["acme/*"],"min-integrity":"none"}}');
  await part.getByRole("button", { name: "Format Policy for github" }).click();
  assert.match(await plain.inputValue(), /^\{\n {2}"allow-only": \{\n/);
  await preview.locator('[data-outcome="allowed"]').waitFor();
  await page.keyboard.press("ControlOrMeta+z");
  assert.match(await plain.inputValue(), /^\{"allow-only":\{/);
  await page.reload();
  await preview.locator("[data-outcome]").first().waitFor();
  await plain.waitFor();
  await page.route("**/code-field-*.js", (route) => route.abort());
  await page.getByRole("combobox", { name: "Editor" }).selectOption("code");
  await page.waitForTimeout(300);
  assert.ok(await plain.isVisible());
  await close();
});

test("the editor does not take the field away from somebody who is typing in it", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, settled } = playground;
  await settled();
  const part = page.locator('[data-field="policy-github"]');
  await part.locator("textarea").focus();
  await page.keyboard.press("ControlOrMeta+End");
  // As if the editor came in only now: chosen without the focus moving.
  await page.evaluate(() => {
    const select = [...document.querySelectorAll("select")].find((one) => one.value === "plain")!;
    select.value = "code";
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await page.waitForTimeout(600);
  await page.keyboard.type(" ");
  assert.equal(await part.getAttribute("data-editor"), "plain");
  await page.getByRole("searchbox").focus();
  await page.locator('[data-field="policy-github"][data-editor="code"]').waitFor();
  await playground.close();
});
