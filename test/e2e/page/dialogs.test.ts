// Every dialog for everyone: axe in light, dark, forced colours and at 320 px, nothing overflows, Escape leaves, the focus comes back.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrowserContextOptions } from "playwright";
import { violations } from "./axe.ts";
import { eventually, openPlayground, useSite } from "./browser.ts";
import { filtered } from "./scenarios.ts";

const site = useSite();

const looks: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["light at 320 px", { colorScheme: "light", viewport: { width: 320, height: 640 } }],
  ["forced colours", { forcedColors: "active" }],
];

for (const [look, context] of looks) {
  test(`dialogs and the code editor: ${look}`, async () => {
    const playground = await openPlayground(site.browser, site.url, {
      scenarios: { filtered },
      context,
      editor: "code",
    });
    const { page, settled } = playground;
    await settled();
    await page.locator('[data-field="policy-github"][data-editor="code"]').waitFor();
    const check = async (what: string): Promise<void> => {
      assert.deepEqual(await violations(page), [], what);
      const overflow = await page.evaluate(() =>
        Math.max(
          ...[document.documentElement, ...document.querySelectorAll("dialog")].map(
            (element) => element.scrollWidth - element.clientWidth,
          ),
        ),
      );
      assert.ok(overflow <= 0, `${what}: ${overflow} px too wide`);
    };
    await check("the code editor");
    for (const [button, fill] of [
      ["Import", '[{"number":7,"title":"x","author_association":"NONE"}]'],
      ["Import", "{ broken"],
      ["Live server", undefined],
      ["Share", undefined],
      ["Copy as test", undefined],
    ] as const) {
      await page.getByRole("button", { name: button, exact: true }).click();
      const dialog = page.getByRole("dialog");
      await dialog.waitFor();
      if (fill !== undefined) {
        await dialog.getByRole("textbox", { name: "Paste it here" }).fill(fill);
        await dialog.locator("[data-material]").waitFor();
      }
      if (button === "Share") await dialog.getByRole("textbox", { name: "Link" }).waitFor();
      if (button === "Copy as test") await dialog.getByRole("button", { name: "Download" }).waitFor();
      await check(button);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await eventually(
        () => page.evaluate(() => document.activeElement?.textContent ?? ""),
        button,
        "the focus is back",
      );
    }
    await playground.close();
  });
}
