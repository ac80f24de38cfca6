// What every ModuleCache must do, as cases that any test runner can run: exact bytes, whole or not at all, under every key.
import type { ModuleCache } from "../cache/cache.ts";
import type { ConformanceCase } from "./backend-conformance.ts";

export interface CacheUnderTest {
  /** Stands before each case's name. */
  readonly name: string;
  /** Makes a driver over an empty store. Called once per case. */
  create(): ModuleCache | Promise<ModuleCache>;
  /** Makes a second driver over the store of the last `create`, as another process or tab would. Absent: the store ends with its driver. */
  again?(): ModuleCache | Promise<ModuleCache>;
  /** The size of the large entry in bytes. @default 12_000_000 */
  readonly largeBytes?: number;
}

type Bytes = Uint8Array<ArrayBuffer>;
type Case = readonly [name: string, run: (cache: ModuleCache, under: CacheUnderTest) => Promise<void>];

function check(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Bytes that differ from one place and one seed to the next. */
function pattern(length: number, seed: number = 1): Bytes {
  const bytes = new Uint8Array(length);
  let state = seed * 2654435761;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

function same(actual: unknown, expected: Bytes, what: string): void {
  check(actual instanceof Uint8Array, `${what}: expected bytes, got ${String(actual)}`);
  check(actual.length === expected.length, `${what}: expected ${expected.length} bytes, got ${actual.length}`);
  const wrong = actual.findIndex((byte, index) => byte !== expected[index]);
  check(wrong === -1, `${what}: byte ${wrong} is ${actual[wrong]}, expected ${expected[wrong]}`);
}

const absent = (actual: unknown, what: string): void =>
  check(actual === undefined, `${what}: expected nothing, got ${String(actual)}`);

const digest = "0123456789abcdef".repeat(4);
const keys = [
  digest,
  digest.replace("0", "1"),
  `url-${digest}`,
  "a",
  "-",
  "0",
  "constructor",
  `${"k".repeat(99)}1`,
  `${"k".repeat(99)}2`,
];

const shapes: Readonly<Record<string, Bytes>> = {
  "no bytes at all": new Uint8Array(0),
  "one byte": Uint8Array.of(0),
  "every byte": Uint8Array.from({ length: 256 }, (_, index) => index),
  "text that is not UTF-8": Uint8Array.of(0xff, 0xfe, 0x00, 0xc0, 0x80, 0x0d, 0x0a, 0xed, 0xa0, 0x80),
  "300 KB": pattern(300_000),
  "a part of a larger buffer": pattern(5000).subarray(17, 4017),
};

const cases: readonly Case[] = [
  ["has nothing under an unknown key", async (cache) => absent(await cache.get(digest), "An unknown key")],
  ...Object.entries(shapes).map(
    ([what, bytes]): Case => [
      `gives back ${what}`,
      async (cache) => {
        await cache.set(digest, bytes);
        same(await cache.get(digest), bytes, "What was kept");
      },
    ],
  ),
  [
    "gives back a large entry",
    async (cache, { largeBytes = 12_000_000 }) => {
      const bytes = pattern(largeBytes);
      await cache.set(digest, bytes);
      same(await cache.get(digest), bytes, "What was kept");
    },
  ],
  [
    "keeps every key apart",
    async (cache) => {
      for (const [index, key] of keys.entries()) await cache.set(key, pattern(50, index + 1));
      for (const [index, key] of keys.entries()) same(await cache.get(key), pattern(50, index + 1), `"${key}"`);
    },
  ],
  [
    "replaces what is there, by more and by less",
    async (cache) => {
      for (const length of [1000, 5000, 3]) {
        await cache.set(digest, pattern(length, length));
        same(await cache.get(digest), pattern(length, length), "What replaced it");
      }
    },
  ],
  [
    "forgets a key, and one that is not there",
    async (cache) => {
      await cache.delete(digest);
      await cache.set(digest, pattern(10));
      await cache.set("other", pattern(20));
      await cache.delete(digest);
      absent(await cache.get(digest), "A deleted key");
      same(await cache.get("other"), pattern(20), "Another key");
    },
  ],
  [
    "is not changed by what is done to the bytes afterwards",
    async (cache) => {
      const bytes = pattern(100);
      await cache.set(digest, bytes);
      bytes.fill(0);
      const first = await cache.get(digest);
      same(first, pattern(100), "What was kept");
      first?.fill(0);
      same(await cache.get(digest), pattern(100), "What is read a second time");
    },
  ],
  [
    "keeps one whole entry of many written at once",
    async (cache) => {
      await Promise.all(Array.from({ length: 20 }, async (_, n) => cache.set(digest, pattern(20_000 + n, n + 1))));
      const found = await cache.get(digest);
      check(found instanceof Uint8Array, "Nothing was kept");
      same(found, pattern(found.length, found.length - 20_000 + 1), "What was kept");
    },
  ],
  [
    "shows the old bytes or the new ones while they are written, never a mixture",
    async (cache) => {
      await cache.set(digest, pattern(200_000, 1));
      for (let round = 2; round < 12; round++) {
        const writing = cache.set(digest, pattern(200_000, round));
        const found = await cache.get(digest);
        check(found instanceof Uint8Array, "Nothing was found during a write");
        const isOld = found[0] === pattern(1, round - 1)[0];
        same(found, pattern(200_000, isOld ? round - 1 : round), "What was read during a write");
        await writing;
      }
    },
  ],
  [
    "keeps many keys written at once",
    async (cache) => {
      const many = Array.from({ length: 50 }, (_, n) => `many-${n}`);
      await Promise.all(many.map(async (key, n) => cache.set(key, pattern(2000, n + 1))));
      const found = await Promise.all(many.map(async (key) => cache.get(key)));
      for (const [n, key] of many.entries()) same(found[n], pattern(2000, n + 1), `"${key}"`);
    },
  ],
  [
    "forgets everything",
    async (cache) => {
      if (!cache.clear) return;
      for (const key of keys) await cache.set(key, pattern(10));
      await cache.clear();
      for (const key of keys) absent(await cache.get(key), `"${key}"`);
      await cache.set(digest, pattern(30));
      same(await cache.get(digest), pattern(30), "What was kept afterwards");
    },
  ],
  [
    "opens again after it was disposed of",
    async (cache, { again }) => {
      await cache.set(digest, pattern(40));
      await cache.dispose?.();
      await cache.dispose?.();
      if (again) same(await cache.get(digest), pattern(40), "What was kept before");
      await cache.set("other", pattern(50));
      same(await cache.get("other"), pattern(50), "What was kept afterwards");
    },
  ],
  [
    "does not need to be called as a method",
    async ({ get, set, delete: remove }) => {
      await set(digest, pattern(60));
      same(await get(digest), pattern(60), "What was kept");
      await remove(digest);
      absent(await get(digest), "A deleted key");
    },
  ],
  [
    "shares its store with a second driver",
    async (cache, { again }) => {
      if (!again) return;
      await cache.set(digest, pattern(70));
      const second = await again();
      same(await second.get(digest), pattern(70), "What the first one kept");
      await second.set(digest, pattern(80));
      same(await cache.get(digest), pattern(80), "What the second one kept");
      await second.delete(digest);
      absent(await cache.get(digest), "What the second one deleted");
      await second.dispose?.();
    },
  ],
];

/**
 * The conformance cases for one driver of a module cache. Each case makes its own store and throws an Error when it fails.
 *
 * @example
 * for (const { name, run } of testCache({ name: "mine", create: () => myCache() })) test(name, run);
 */
export function testCache(under: CacheUnderTest): ConformanceCase[] {
  return cases.map(([title, body]) => ({
    name: `${under.name}: ${title}`,
    async run() {
      const cache = await under.create();
      try {
        await body(cache, under);
      } finally {
        await cache.dispose?.();
      }
    },
  }));
}
