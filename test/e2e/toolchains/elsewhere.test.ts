// The guards of four toolchains in Deno, Bun and Chromium, which all can suspend a guest (JSPI).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { chromium } from "playwright";
import type { Outcome } from "./collect.ts";

const root = process.env["EDGE_GUARD_ROOT"]!;
const guards = `${root}/.cache/guards`;
const languages = ["rust", "go", "c", "assemblyscript"];
let folder: string;

before(async () => {
  folder = await mkdtemp(`${root}/.cache/toolchains-`);
});
after(() => rm(folder, { recursive: true, force: true }));

async function bundle(name: "in-process" | "in-page"): Promise<string> {
  const outfile = `${folder}/${name}.mjs`;
  const entryPoints = [`${root}/test/e2e/toolchains/${name}.ts`];
  await esbuild.build({
    entryPoints,
    outfile,
    bundle: true,
    format: "esm",
    platform: "neutral",
    external: ["node:*"],
    logLevel: "error",
  });
  return outfile;
}

/** What the process has printed, once it has ended well. */
function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], timeout: 240_000 });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      if (status === 0) resolve(text);
      else reject(new Error(`${command} ended with ${status ?? signal}`));
    });
  });
}

function judge(outcomes: readonly Outcome[]): void {
  const failed = outcomes.flatMap(({ name, error }) => (error === undefined ? [] : [`${name}\n  ${error}`]));
  assert.deepEqual(failed, []);
  for (const language of languages) {
    assert.ok(
      outcomes.some(({ name }) => name.startsWith(`toolchains: ${language}, jspi`)),
      `${language} did not run with JSPI`,
    );
  }
}

test("Deno", async () => {
  const args = [
    `${root}/node_modules/deno/bin.cjs`,
    "run",
    "-A",
    "--no-config",
    "--no-lock",
    await bundle("in-process"),
  ];
  judge(JSON.parse(await run(process.execPath, [...args, "deno", guards])));
});

test("Bun", async () => {
  const args = ["run", await bundle("in-process"), "bun", guards];
  judge(JSON.parse(await run(`${root}/node_modules/bun/bin/bun.exe`, args)));
});

test("Chromium", async () => {
  const script = await bundle("in-page");
  const { serve } = await import(pathToFileURL(`${root}/.tools/serve.mjs`).href);
  const server: { url: string; close(): Promise<void> } = await serve({ folder: guards });
  const browser = await chromium.launch({
    executablePath: process.env["EDGE_GUARD_CHROMIUM"]!,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
  try {
    const page = await browser.newPage();
    await page.route("**/page.html", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
    await page.goto(new URL("page.html", server.url).href);
    await page.addScriptTag({ path: script, type: "module" });
    await page.waitForFunction("typeof collectOutcomes === 'function'");
    judge(await page.evaluate(() => collectOutcomes()));
  } finally {
    await browser.close();
    await server.close();
  }
});
