// npm test [-- <part of a test's path> …]: installs and builds what is missing, bundles the tests, runs them with Node's test runner.
// Several runs may go on side by side: each bundles into a folder of its own. With EDGE_GUARD_NO_BUILD=1 the dist/ that is there is used.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { ensureBrowser, ensureDependencies, root } from "./ensure.mjs";

ensureDependencies();
const wanted = process.argv.slice(2);

async function filesBelow(folder, ending) {
  if (!existsSync(root + folder)) return [];
  const names = await readdir(root + folder, { recursive: true });
  return names.filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name}`);
}

const all = [
  ...(await filesBelow("test/unit", ".test.ts")),
  ...(await filesBelow("test/run", ".test.ts")),
  ...(await filesBelow("test/e2e", ".test.ts")),
  ...(await filesBelow("test/package", ".test.ts")),
].sort();
// Bundlers and checkers of 300 MB: run by name, and by `npm run test:everywhere`.
const usual = all.filter((file) => !file.startsWith("test/package/gates/"));
const tests = wanted.length === 0 ? usual : all.filter((file) => wanted.some((part) => file.includes(part)));
if (tests.length === 0) {
  console.error(`No test matches ${wanted.join(", ")}`);
  process.exit(2);
}

const sources = await Promise.all(tests.map((file) => readFile(root + file, "utf8")));
const onlyUnit = sources.every((text) => !text.includes("dist/") && !/from "edge-guard/.test(text));

const { build } = await import("./build.mjs");
if (!process.env.EDGE_GUARD_NO_BUILD && !(onlyUnit && wanted.length > 0)) await build();

const { compileGuards } = await import("./compile-guards.mjs");
await compileGuards();

await mkdir(`${root}.cache`, { recursive: true });
const out = await mkdtemp(`${root}.cache/test-`);
const { bundleTests } = await import("./bundle-tests.mjs");
await bundleTests(tests, out);

const bundled = tests.map((file) => `${out}/${file.replace(/\.ts$/, ".mjs")}`);
const environment = { ...process.env, EDGE_GUARD_ROOT: root };
// The bundles know what a test asks for through what it imports.
const needsBrowser = (await Promise.all(bundled.map((file) => readFile(file, "utf8")))).some((text) =>
  text.includes("EDGE_GUARD_CHROMIUM"),
);
if (needsBrowser) environment.EDGE_GUARD_CHROMIUM = ensureBrowser("chromium");

const reporters = process.env.CI || !process.stdout.isTTY ? ["--test-reporter=spec"] : [];
const runner = spawn(
  process.execPath,
  ["--enable-source-maps", "--test", "--test-concurrency=2", ...reporters, ...bundled],
  {
    cwd: root,
    env: environment,
    stdio: ["ignore", "inherit", "inherit"],
  },
);
const status = await new Promise((resolve) => runner.on("close", resolve));
if (!process.env.EDGE_GUARD_KEEP) await rm(out, { recursive: true, force: true });
process.exit(status ?? 1);
