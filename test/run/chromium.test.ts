// Every suite in a page in Chromium.
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright";
import type { CaseResult } from "./all-suites.ts";
import { bundleSuites, reportAll, root } from "./bundled.ts";

interface Server {
  readonly url: string;
  close(): Promise<void>;
}

test("chromium", { timeout: 600_000 }, async (context) => {
  const folder = await bundleSuites(context);
  await writeFile(
    `${folder}/index.html`,
    '<!doctype html><title>Suites</title><script type="module" src="main.js"></script>',
  );
  const { serve } = (await import(pathToFileURL(`${root}.tools/serve.mjs`).href)) as {
    serve(options: { folder: string }): Promise<Server>;
  };
  const server = await serve({ folder });
  context.after(() => server.close());
  const browser = await chromium.launch({
    executablePath: process.env["EDGE_GUARD_CHROMIUM"] ?? "",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  context.after(() => browser.close());
  const page = await browser.newPage();
  const results: CaseResult[] = [];
  const problems: string[] = [];
  await page.exposeFunction("report", (result: CaseResult) => void results.push(result));
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("crash", () => problems.push("The page crashed"));
  await page.goto(server.url);
  await page.evaluate("runAll('chromium')");
  await reportAll(context, results);
  if (problems.length > 0 || results.length < 1000) throw new Error(`${results.length} cases; ${problems.join("\n")}`);
});
