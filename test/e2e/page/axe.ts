// What axe finds in a page or a frame, and whether it is wider than its window.
import { readFile } from "node:fs/promises";
import type { Frame, Page } from "playwright";
import { root } from "./browser.ts";

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

let script: Promise<string> | undefined;

/** One line per violation; empty when everybody gets in. `iframes` says whether frames inside are looked at too. */
export async function violations(page: Page | Frame, iframes = true): Promise<string[]> {
  script ??= readFile(`${root}/node_modules/axe-core/axe.min.js`, "utf8");
  await page.evaluate(await script);
  const { violations: found } = await page.evaluate(async (withFrames) => {
    const { axe } = globalThis as unknown as { axe: { run(options: unknown): Promise<AxeResult> } };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    return axe.run({ runOnly: tags, iframes: withFrames });
  }, iframes);
  return found.map(
    ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
  );
}

/** By how many pixels the page is too wide; 0 or less when nothing has to be scrolled sideways. */
export function overflowing(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
