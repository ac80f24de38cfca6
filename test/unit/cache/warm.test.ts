// Warm starts: the stored state is exact, and refused unless guard, preparation and limits are the same and every byte is whole.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import type { CacheEvent, ModuleCache } from "../../../src/cache/cache.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../../src/cache/checkpoint.ts";
import { compileGuard } from "../../../src/guard/module.ts";
import type { Checkpoint } from "../../../src/wasm/instance.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const key = `${"ab".repeat(32)}-p1-memorypages-512`;
const expected = { key, memoryPages: 512, globals: 4 };

function checkpoint(): Checkpoint {
  const memory = new Uint8Array(3 * 65536);
  memory.fill(7, 100, 9000);
  memory[2 * 65536 - 1] = 1;
  memory[3 * 65536 - 1] = 255;
  const parts = [
    { offset: 0, bytes: memory.slice(0, 70_000) },
    { offset: 70_000, bytes: memory.slice(70_000) },
  ];
  return { pages: 3, parts, globals: [65536, -1n, Number.NEGATIVE_INFINITY, -0], buffers: {} };
}

const whole = ({ pages, parts }: Checkpoint): Bytes => {
  const memory = new Uint8Array(pages * 65536);
  for (const { offset, bytes } of parts) memory.set(bytes, offset);
  return memory;
};

describe("a checkpoint as bytes", () => {
  test("comes back as it was, without its zeros in between", async () => {
    const encoded = (await encodeCheckpoint(checkpoint(), key)) as Bytes;
    assert.ok(encoded.length < 25_000, `${encoded.length} bytes`);
    const decoded = (await decodeCheckpoint(encoded, expected)) as Checkpoint;
    assert.deepEqual(whole(decoded), whole(checkpoint()));
    assert.deepEqual(decoded.globals, checkpoint().globals);
    assert.deepEqual([decoded.pages, decoded.buffers], [3, {}]);
  });

  test("is not taken while the host has buffers in the guest", async () => {
    const buffers = { input: { pointer: 0, size: 8 } };
    assert.equal(await encodeCheckpoint({ ...checkpoint(), buffers }, key), undefined);
  });

  const others: Readonly<Record<string, object>> = {
    "another guard": { key: key.replace("ab", "ac") },
    "another version of the preparation": { key: key.replace("-p1", "-p2") },
    "other limits": { key: key.replace("512", "256") },
    "a smaller cap than it has pages": { memoryPages: 2 },
    "another number of globals": { globals: 3 },
  };
  for (const [what, other] of Object.entries(others)) {
    test(`is refused by ${what}`, async () => {
      const encoded = (await encodeCheckpoint(checkpoint(), key)) as Bytes;
      assert.equal(await decodeCheckpoint(encoded, { ...expected, ...other }), undefined);
    });
  }

  test("is refused when any byte is changed or missing", async () => {
    const encoded = (await encodeCheckpoint(checkpoint(), key)) as Bytes;
    for (let offset = 0; offset < encoded.length; offset += offset < 300 ? 1 : 997) {
      assert.equal(await decodeCheckpoint(encoded.with(offset, (encoded[offset] as number) ^ 1), expected), undefined);
    }
    for (const length of [0, 1, 31, 35, 36, 100, encoded.length - 1]) {
      assert.equal(await decodeCheckpoint(encoded.slice(0, length), expected), undefined);
    }
  });
});

describe("warmStart", async () => {
  const bytes = new Uint8Array(await readFile(`${process.env["EDGE_GUARD_ROOT"]}/.cache/guards/initialized.wasm`));
  const storage = () => {
    const kept = new Map<string, Bytes>();
    const open = (): ModuleCache => ({
      name: "test",
      get: (name) => kept.get(name),
      set: (name, value) => void kept.set(name, value),
      delete: (name) => void kept.delete(name),
    });
    return { kept, open };
  };
  const turns = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

  /** A guard, what it logged while it started, and what the cache told. */
  async function start(cache: ModuleCache, options: object = {}) {
    const events: CacheEvent[] = [];
    const log: string[] = [];
    const onCacheEvent = (event: CacheEvent): void => void events.push(event);
    const module = await compileGuard(bytes, { cache, warmStart: true, onCacheEvent, ...options });
    const guard = await module.instantiate({
      log: ({ message, source }) => void (source === "host_log" && log.push(message)),
    });
    await turns();
    return { module, guard, log, events };
  }

  test("the next instance, and the next process, begin where the first one was after _initialize", async () => {
    const { kept, open } = storage();
    const cold = await start(open());
    assert.deepEqual([kept.size, cold.log], [1, ["started"]]);
    const next = await start(open());
    for (const guard of [cold.guard, next.guard, await cold.module.instantiate()]) {
      assert.equal((await guard.labelResource({ tool: "a" })).description, "AB");
      await guard.close();
    }
    assert.deepEqual(next.log, []);
  });

  test("a fork and a recovered guard of a warm start have the same beginning", async () => {
    const { open } = storage();
    await (await start(open())).guard.close();
    const { guard } = await start(open());
    const fork = await guard.fork();
    const fresh = await guard.fresh();
    for (const each of [guard, fork, fresh]) {
      assert.equal((await each.labelResource({ tool: "a" })).description, "AB");
      await each.close();
    }
  });

  test("a spoilt image is dropped, and the guard starts as usual", async () => {
    const { kept, open } = storage();
    await (await start(open())).guard.close();
    const [name, image] = [...kept][0] as [string, Bytes];
    kept.set(name, image.with(200, (image[200] as number) ^ 1));
    const { guard, events, log } = await start(open());
    assert.equal(events.map(({ type }) => type).join(), "corrupt");
    assert.deepEqual([log, kept.get(name)], [["started"], image]);
    await guard.close();
  });

  test("another memory limit has an image of its own", async () => {
    const { kept, open } = storage();
    await (await start(open())).guard.close();
    await (await start(open(), { limits: { memoryPages: 64 } })).guard.close();
    assert.equal(kept.size, 2);
  });

  test("is nothing to a guard that has no _initialize, or is not asked for", async () => {
    const { kept, open } = storage();
    await (await start(open(), { warmStart: false })).guard.close();
    assert.equal(kept.size, 0);
  });
});
