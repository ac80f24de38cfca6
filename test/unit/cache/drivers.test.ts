// The drivers that run in Node, against the conformance kit; and what is particular to each.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileCache } from "../../../src/adapters/node-cache.ts";
import type { ModuleCache } from "../../../src/cache/cache.ts";
import { memoryCache } from "../../../src/cache/memory.ts";
import { tieredCache } from "../../../src/cache/tiered.ts";
import { testCache } from "../../../src/testing/cache-conformance.ts";

const base = await mkdtemp(join(tmpdir(), "edge-guard-cache-"));
after(() => rm(base, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(base, String(++folders), "not", "there", "yet");

let last = "";
const files = (): ModuleCache => {
  last = newFolder();
  return fileCache({ folder: last });
};
const again = (): ModuleCache => fileCache({ folder: last });

describe("conformance", () => {
  const kits = [
    testCache({ name: "memoryCache", create: () => memoryCache() }),
    testCache({ name: "fileCache", create: files, again }),
    testCache({ name: "tieredCache", create: () => tieredCache(memoryCache(), memoryCache()) }),
    testCache({ name: "tieredCache before files", create: () => tieredCache(memoryCache(), files()) }),
  ];
  for (const { name, run } of kits.flat()) test(name, run);
});

const bytes = (length: number, fill = 7): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(fill);
const broken = (name = "broken"): ModuleCache => {
  const fail = (): never => {
    throw new Error("QuotaExceededError");
  };
  return { name, get: fail, set: fail, delete: fail };
};

describe("memoryCache", () => {
  test("drops the least recently used entries first", async () => {
    const cache = memoryCache({ maximumBytes: 30 });
    for (const key of ["a", "b", "c"]) await cache.set(key, bytes(10));
    await cache.get("a");
    await cache.set("d", bytes(10));
    assert.deepEqual(await Promise.all(["a", "b", "c", "d"].map(async (key) => (await cache.get(key)) !== undefined)), [
      true,
      false,
      true,
      true,
    ]);
  });
  test("does not keep what is larger than the whole budget, and forgets what was there", async () => {
    const cache = memoryCache({ maximumBytes: 30 });
    await cache.set("a", bytes(10));
    await cache.set("a", bytes(31));
    assert.equal(await cache.get("a"), undefined);
  });
  test("names the option that is wrong", () => {
    for (const maximumBytes of [0, -1, Number.NaN]) {
      assert.throws(() => memoryCache({ maximumBytes }), { name: "RangeError", message: /"maximumBytes"/ });
    }
  });
});

describe("tieredCache", () => {
  test("copies what a later cache has to those before it", async () => {
    const [first, second, third] = [memoryCache(), broken(), memoryCache()];
    await third.set("a", bytes(3));
    assert.deepEqual(await tieredCache(first, second, third).get("a"), bytes(3));
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(await first.get("a"), bytes(3));
  });
  test("passes over caches that fail, and fails when all of them do", async () => {
    const cache = tieredCache(broken(), memoryCache());
    await cache.set("a", bytes(1));
    assert.deepEqual(await cache.get("a"), bytes(1));
    assert.equal(await cache.get("b"), undefined);
    await assert.rejects(async () => tieredCache(broken(), broken()).set("a", bytes(1)), /QuotaExceededError/);
    await assert.rejects(async () => tieredCache(broken(), broken()).get("a"), /QuotaExceededError/);
  });
  test("needs a cache", () => {
    assert.throws(() => tieredCache(), TypeError);
  });
});

describe("fileCache", () => {
  test("leaves no drafts behind, and only its own user can read", async () => {
    const folder = newFolder();
    const cache = fileCache({ folder });
    await Promise.all(Array.from({ length: 10 }, async () => cache.set("a", bytes(100_000))));
    assert.deepEqual(await readdir(folder), ["a"]);
    if (process.platform === "win32") return;
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, "a"))).mode & 0o777, 0o600);
  });
  test("refuses keys that lead elsewhere", async () => {
    const cache = fileCache({ folder: newFolder() });
    for (const key of ["../a", "a/b", "", "A", "a.tmp", "a\0", "k".repeat(101)]) {
      await assert.rejects(async () => cache.set(key, bytes(1)), RangeError);
      await assert.rejects(async () => cache.get(key), RangeError);
    }
  });
  test("clears only what it can have written", async () => {
    const folder = newFolder();
    const cache = fileCache({ folder });
    await cache.set("a", bytes(1));
    await writeFile(join(folder, "README.md"), "mine");
    await cache.clear?.();
    assert.deepEqual(await readdir(folder), ["README.md"]);
  });
  test("fails, and leaves no draft, when its place is taken", async () => {
    const folder = newFolder();
    await mkdir(join(folder, "a"), { recursive: true });
    await assert.rejects(async () => fileCache({ folder }).set("a", bytes(1)));
    assert.deepEqual(await readdir(folder), ["a"]);
    await assert.rejects(async () => fileCache({ folder }).get("a"));
  });
  test("uses XDG_CACHE_HOME when that is absolute, and wants an absolute folder", async () => {
    const before = process.env["XDG_CACHE_HOME"];
    const home = newFolder();
    try {
      process.env["XDG_CACHE_HOME"] = home;
      await fileCache().set("a", bytes(1));
    } finally {
      if (before === undefined) delete process.env["XDG_CACHE_HOME"];
      else process.env["XDG_CACHE_HOME"] = before;
    }
    assert.deepEqual(await readdir(join(home, "edge-guard")), ["a"]);
    assert.throws(() => fileCache({ folder: "relative" }), { name: "TypeError", message: /"folder"/ });
  });
});
