// Puts a bundle of all suites and the guards into a folder, for runtimes that Node's test runner only drives; and runs programs there.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import type { CaseResult } from "./all-suites.ts";

export const root: string = process.env["EDGE_GUARD_ROOT"] ?? "./";

/** Gives the folder with `main.js` and `guards/`; the test's end removes it. */
export async function bundleSuites(context: TestContext, entry: "page" | "program"): Promise<string> {
  const { build } = await import("esbuild");
  await mkdir(`${root}.cache`, { recursive: true });
  const folder = await mkdtemp(`${root}.cache/suites-`);
  context.after(() => rm(folder, { recursive: true, force: true }));
  await build({
    absWorkingDir: root,
    entryPoints: [`test/run/${entry}.ts`],
    outfile: `${folder}/main.js`,
    bundle: true,
    format: "esm",
    platform: entry === "page" ? "browser" : "node",
    target: "es2022",
    alias: { "edge-guard/testing": `${root}dist/testing/index.js`, "edge-guard": `${root}dist/index.js` },
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

/** A test that runs all suites in another runtime's process. */
export function testProgram(name: string, command: string, parameters: readonly string[]): void {
  test(name, { timeout: 600_000 }, async (context) => {
    const folder = await bundleSuites(context, "program");
    const child = spawn(command, [...parameters, `${folder}/main.js`, name, `${folder}/guards`], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const results: CaseResult[] = [];
    const other: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('{"suite"')) results.push(JSON.parse(line) as CaseResult);
      else other.push(line);
    }
    const status = child.exitCode ?? (await new Promise((resolve) => child.once("close", resolve)));
    await reportAll(context, results);
    if (status !== 0 || results.length < 1000)
      throw new Error(`${name} ended with ${status} after ${results.length} cases: ${other.slice(-20).join("\n")}`);
  });
}
