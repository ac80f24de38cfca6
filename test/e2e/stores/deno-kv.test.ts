// The store in Deno KV, in Deno, on disk. Uses what is built in dist/.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { bundle, root } from "./bundle.ts";
import type { Results } from "./kit.ts";

let folder: string;
const run = promisify(execFile);

async function deno(...args: readonly string[]): Promise<unknown> {
  const [what, ...rest] = args;
  const parameters = [
    `${root}node_modules/deno/bin.cjs`,
    "run",
    "--quiet",
    "--no-config",
    "--allow-all",
    "--unstable-kv",
  ];
  const { stdout } = await run(
    process.execPath,
    [...parameters, `${folder}/main.js`, what!, `${folder}/kv.db`, ...rest],
    { timeout: 60_000 },
  );
  return JSON.parse(stdout);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edge-guard-kv-"));
  await writeFile(`${folder}/main.js`, await bundle("test/e2e/stores/deno-main.ts"));
});
after(() => rm(folder, { recursive: true, force: true }));

test("the kit", async (t) => {
  for (const [name, failure] of Object.entries((await deno("kit")) as Results)) {
    await t.test(name, () => assert.equal(failure, ""));
  }
});

test("what was stored outlives the process", async () => {
  assert.deepEqual(await deno("gain", "a"), ["a"]);
  assert.deepEqual(await deno("gain", "b"), ["a", "b"]);
});

test("two processes at the same time lose nothing", async () => {
  await Promise.all([deno("race", "x"), deno("race", "y")]);
  // A hundred from each.
  assert.equal(await deno("raced"), 200);
});

test("a state that is too large is a fault of the store, and the old one stays", async () => {
  assert.deepEqual(await deno("large"), ["state", []]);
});
