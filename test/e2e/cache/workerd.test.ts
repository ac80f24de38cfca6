// The Cache API of workerd, and compiled modules that pass straight through, in Miniflare.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";
import { makeGuard } from "../../suites/made-guard.ts";
import { bundle, guardFile, type Site, startSite } from "./site.ts";

let site: Site;
let worker: Miniflare;
let folder: string;
let script: string;

const start = (): Miniflare =>
  new Miniflare({
    modules: [
      { type: "ESModule", path: "worker.mjs", contents: script },
      { type: "CompiledWasm", path: "guard.wasm", contents: makeGuard({ bytes: 3000 }) },
    ],
    compatibilityDate: "2026-04-01",
    cachePersist: folder,
    cf: false,
  });

async function ask(path: string): Promise<unknown> {
  return (await worker.dispatchFetch(`http://worker${path}`)).json();
}

before(async () => {
  [site, folder, script] = await Promise.all([
    startSite(),
    mkdtemp(join(tmpdir(), "edge-guard-workerd-")),
    bundle("worker.ts", "neutral"),
  ]);
  worker = start();
});
after(async () => {
  await worker.dispose();
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

test("the Cache API passes the conformance kit", async (t) => {
  for (const [index, name] of ((await ask("/names")) as string[]).entries()) {
    await t.test(name, async () => assert.equal(await ask(`/kit?case=${index}`), ""));
  }
});

test("an entry outlives the process; one without a lifetime is dropped, which is why ours have one", async () => {
  await ask("/keep");
  await worker.dispose();
  worker = start();
  assert.equal(await ask("/kept"), 4);
  assert.equal(await ask("/plain"), false);
});

test("the defaults keep nothing where bytes cannot be compiled", async () => {
  assert.deepEqual(await ask("/names-of-defaults"), ["memory", "memory"]);
});

test("a compiled module passes straight through and says so; bytes are refused with what to do instead", async () => {
  assert.deepEqual(await ask("/"), { events: ["bypass: the guard came as a compiled module"], mode: "strict" });
  site.files.set("/guard.wasm", guardFile(makeGuard({ bytes: 3000 })));
  const { code } = (await ask(`/?url=${encodeURIComponent(`${site.url}guard.wasm`)}`)) as { code: string };
  assert.equal(code, "not-compilable-here");
});
