// npm run test:corpus [-- <part of a test's name>]: installs what others published into .cache/corpus, and tries the rewrite for fuel on it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "./build.mjs";
import { bundleTests } from "./bundle-tests.mjs";
import { compileGuards } from "./compile-guards.mjs";
import { root } from "./ensure.mjs";

const folder = `${root}.cache/corpus`;
const wanted = readFileSync(`${root}test/corpus/package.json`, "utf8");
const installed = existsSync(`${folder}/.installed`) ? readFileSync(`${folder}/.installed`, "utf8") : "";
if (installed !== wanted) {
  console.log("Installing the corpus below .cache (240 MB)");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, wanted);
  const options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"];
  const done = spawnSync("npm", ["install", ...options], { cwd: folder, stdio: "inherit" });
  if (done.status !== 0) throw new Error("npm could not install the corpus");
  writeFileSync(`${folder}/.installed`, wanted);
}
await build();
await compileGuards();
const out = `${root}.cache/corpus-test-${process.pid}`;
await bundleTests(
  ["modules", "programs"].map((name) => `test/corpus/${name}.test.ts`),
  out,
);
const [name] = process.argv.slice(2);
const tests = ["modules", "programs"].map((test) => `${out}/test/corpus/${test}.test.mjs`);
const done = spawnSync(
  process.execPath,
  [
    "--test",
    "--test-concurrency=1",
    "--test-reporter=spec",
    ...(name ? [`--test-name-pattern=${name}`] : []),
    ...tests,
  ],
  { cwd: root, stdio: "inherit", env: { ...process.env, EDGE_GUARD_ROOT: root, EDGE_GUARD_CORPUS: folder } },
);
rmSync(out, { recursive: true, force: true });
process.exit(done.status ?? 1);
