// The store of Durable Objects in workerd, with SQLite on disk. Uses what is built in dist/.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";
import { bundle } from "./bundle.ts";
import type { Results } from "./kit.ts";

let script: string;
let folder: string;
let worker: Miniflare;

const start = (): Miniflare =>
  new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: script }],
    compatibilityDate: "2026-04-01",
    durableObjects: { AGENTS: { className: "AgentLabelsObject", useSQLite: true } },
    durableObjectsPersist: folder,
    cf: false,
  });
const ask = async (path: string): Promise<unknown> => (await worker.dispatchFetch(`http://worker${path}`)).json();

before(async () => {
  [script, folder] = await Promise.all([
    bundle("test/e2e/stores/worker.ts"),
    mkdtemp(join(tmpdir(), "edge-guard-do-")),
  ]);
  worker = start();
});
after(async () => {
  await worker.dispose();
  await rm(folder, { recursive: true, force: true });
});

test("the kit", async (t) => {
  for (const [name, failure] of Object.entries((await ask("/kit")) as Results)) {
    await t.test(name, () => assert.equal(failure, ""));
  }
});

test("what was stored outlives the process", async () => {
  await ask("/gain?tag=a");
  await worker.dispose();
  worker = start();
  assert.deepEqual(await ask("/"), ["a"]);
});

test("an object that cannot be reached is a fault of the store", async () => {
  assert.equal(await ask("/down"), "state");
});

test("a change made from what was forgotten meanwhile is refused", async () => {
  assert.deepEqual(await ask("/late"), [409, []]);
});

test("an idle agent is forgotten after its time to live", async () => {
  await ask("/gain?tag=b&ttl=200");
  assert.ok(((await ask("/?ttl=200")) as string[]).includes("b"));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.deepEqual(await ask("/"), []);
});
