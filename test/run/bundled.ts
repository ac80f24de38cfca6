// Puts a bundle of all suites and the guards into a folder, for a browser that Node's test runner drives.
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import type { TestContext } from "node:test";
import type { CaseResult } from "./all-suites.ts";

export const root: string = process.env["EDGE_GUARD_ROOT"] ?? "./";

/** Gives the folder with `main.js` and `guards/`; the test's end removes it. */
export async function bundleSuites(context: TestContext): Promise<string> {
  const { build } = await import("esbuild");
  await mkdir(`${root}.cache`, { recursive: true });
  const folder = await mkdtemp(`${root}.cache/suites-`);
  context.after(() => rm(folder, { recursive: true, force: true }));
  await build({
    absWorkingDir: root,
    entryPoints: ["test/run/page.ts"],
    outfile: `${folder}/main.js`,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    alias: {
      "edge-guard/analysis": `${root}dist/analysis/index.js`,
      "edge-guard/testing": `${root}dist/testing/index.js`,
      "edge-guard": `${root}dist/index.js`,
    },
    sourcemap: "inline",
    logLevel: "warning",
  });
  await cp(`${root}.cache/guards`, `${folder}/guards`, { recursive: true });
  await cp(`${root}dist/guards`, `${folder}/guards`, { recursive: true });
  return folder;
}

/** Turns results into subtests. */
export async function reportAll(context: TestContext, results: readonly CaseResult[]): Promise<void> {
  for (const { suite, name, failure } of results) {
    await context.test(`${suite}: ${name}`, () => {
      if (failure !== undefined) throw new Error(failure);
    });
  }
}
