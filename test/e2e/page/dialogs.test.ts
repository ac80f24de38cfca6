// Every dialog for everyone: axe in light, dark, forced colours and at 320 px, nothing overflows, Escape leaves, the focus comes back.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { Browser, BrowserContextOptions } from "playwright";
import { eventually, launchChromium, openPlayground, root, serveFolder } from "./browser.ts";
import { filtered } from "./scenarios.ts";

let browser: Browser;
let server: Awaited<ReturnType<typeof serveFolder>>;
let axe: string;
before(async () => {
  [browser, server, axe] = await Promise.all([
    launchChromium(),
    serveFolder("dist/playground"),
    readFile(`${root}/node_modules/axe-core/axe.min.js`, "utf8"),
  ]);
});
after(async () => {
  await browser.close();
  await server.close();
});

const looks: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["light at 320 px", { colorScheme: "light", viewport: { width: 320, height: 640 } }],
  ["forced colours", { forcedColors: "active" }],
];

for (const [look, context] of looks) {
  test(`dialogs and the code editor: ${look}`, async () => {
    const playground = await openPlayground(browser, server.url, { scenarios: { filtered }, context, editor: "code" });
    const { page, settled } = playground;
    await settled();
    await page.locator('[data-field="policy-github"][data-editor="code"]').waitFor();
    const check = async (what: string): Promise<void> => {
      await page.evaluate(axe);
      const violations = await page.evaluate(async () => {
        const { axe: run } = globalThis as unknown as {
          axe: { run(options: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
        const found = await run.run({ runOnly: tags });
        return found.violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
        );
      });
      assert.deepEqual(violations, [], what);
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
