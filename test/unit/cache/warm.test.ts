// Warm starts: the stored state is exact, and refused unless guard, preparation and limits are the same and every byte is whole.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import type { CacheEvent, ModuleCache } from "../../../src/cache/cache.ts";
import { decodeState, encodeState, type StoredState } from "../../../src/cache/checkpoint.ts";
import { closeCache } from "../../../src/cache/process-wide.ts";
import { compileGuard } from "../../../src/guard/module.ts";
import type { Checkpoint } from "../../../src/wasm/guest.ts";
import { mapStorage, resealed, secretOf } from "../../suites/kept-state.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const key = `${"ab".repeat(32)}-p1-memorypages-512`;
const expected = { of: key, memoryPages: 512, globals: 4 };

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
    const buffers = { input: { pointer: 65536, size: 100 }, output: { pointer: 70_000, size: 0 }, spare: [] };
    const encoded = await encodeState({ checkpoint: { ...checkpoint(), buffers }, answer: "é" }, key);
    assert.ok(encoded.length < 25_000, `${encoded.length} bytes`);
    const { checkpoint: found, answer } = (await decodeState(encoded, expected)) as StoredState;
    assert.deepEqual(whole(found), whole(checkpoint()));
    assert.deepEqual(found.globals, checkpoint().globals);
    assert.deepEqual([found.pages, found.buffers, answer], [3, buffers, "é"]);
  });

  const others: Readonly<Record<string, object>> = {
    "another guard": { of: key.replace("ab", "ac") },
    "another version of the preparation": { of: key.replace("-p1", "-p2") },
    "other limits": { of: key.replace("512", "256") },
    "a smaller cap than it has pages": { memoryPages: 2 },
    "another number of globals": { globals: 3 },
  };
  for (const [what, other] of Object.entries(others)) {
    test(`is refused by ${what}`, async () => {
      const encoded = await encodeState({ checkpoint: checkpoint() }, key);
      assert.equal(await decodeState(encoded, { ...expected, ...other }), undefined);
    });
  }

  test("is refused when any byte is changed or missing, signed or not", async () => {
    for (const secret of [undefined, await secretOf(1)]) {
      const encoded = await encodeState({ checkpoint: checkpoint() }, key, secret);
      assert.ok(await decodeState(encoded, expected, secret));
      for (let offset = 0; offset < encoded.length; offset += offset < 300 ? 1 : 997) {
        const spoilt = encoded.with(offset, (encoded[offset] as number) ^ 1);
        assert.equal(await decodeState(spoilt, expected, secret), undefined);
      }
      for (const length of [0, 1, 31, 35, 36, 100, encoded.length - 1]) {
        assert.equal(await decodeState(encoded.slice(0, length), expected, secret), undefined);
      }
    }
  });

  test("is refused without the secret that it was signed with", async () => {
    const [one, other] = [await secretOf(1), await secretOf(2)];
    const state = { checkpoint: checkpoint() };
    const [plain, signed] = [await encodeState(state, key), await encodeState(state, key, one)];
    assert.equal(await decodeState(plain, expected, one), undefined);
    assert.equal(await decodeState(signed, expected, other), undefined);
    assert.equal(await decodeState(signed, expected), undefined);
  });

  /** What nobody but somebody else's program writes: a state with a seal that holds, and a header that does not. */
  const headers: Readonly<Record<string, (header: Record<string, unknown>) => object>> = {
    "pages that are no number": (header) => ({ ...header, pages: "3" }),
    "half a page": (header) => ({ ...header, pages: 2.5 }),
    "fewer pages than none": (header) => ({ ...header, pages: -1 }),
    "a part beyond its memory": (header) => ({ ...header, parts: [[3 * 65536 - 1, 4096]] }),
    "a part before its memory": (header) => ({ ...header, parts: [[-4096, 4096]] }),
    "more parts than bytes": ({ parts, ...header }) => ({ ...header, parts: [...(parts as []), [0, 4096]] }),
    "a buffer beyond its memory": (header) => ({ ...header, buffers: { input: { pointer: 3 * 65536, size: 1 } } }),
    "a buffer that is no range": (header) => ({ ...header, buffers: { output: { pointer: "0", size: 1 } } }),
    "buffers that overlap": (header) => ({
      ...header,
      buffers: { input: { pointer: 0, size: 9 }, output: { pointer: 8, size: 9 } },
    }),
    "a spare page in a buffer": (header) => ({
      ...header,
      buffers: { input: { pointer: 0, size: 9 }, spare: [{ pointer: 0, size: 9 }] },
    }),
    "no buffers": ({ buffers: _, ...header }) => header,
    "an answer that is no text": (header) => ({ ...header, answer: 1 }),
    "a format to come": (header) => ({ ...header, format: 3 }),
    nothing: () => [],
  };
  for (const [what, change] of Object.entries(headers)) {
    test(`is refused with ${what} in its header`, async () => {
      const encoded = await encodeState({ checkpoint: checkpoint() }, key);
      assert.ok(await decodeState(await resealed(encoded, (header) => header), expected));
      assert.equal(await decodeState(await resealed(encoded, change), expected), undefined);
    });
  }
});

describe("warmStart", async () => {
  const bytes = new Uint8Array(await readFile(`${process.env["EDGE_GUARD_ROOT"]}/.cache/guards/initialized.wasm`));
  /** A guard, what it logged while it started, and what the cache told. */
  async function start(cache: ModuleCache, options: object = {}) {
    const events: CacheEvent[] = [];
    const log: string[] = [];
    const onCacheEvent = (event: CacheEvent): void => void events.push(event);
    const module = await compileGuard(bytes, { cache, warmStart: true, onCacheEvent, ...options });
    const guard = await module.instantiate({
      log: ({ message, source }) => void (source === "host_log" && log.push(message)),
    });
    /** Closes the guard, and the cache when everything is written. */
    const end = async (): Promise<void> => {
      await guard.close();
      await closeCache(cache);
    };
    return { module, guard, log, events, end };
  }
  const once = async (cache: ModuleCache, options: object = {}): Promise<void> => (await start(cache, options)).end();

  test("the next instance, and the next process, begin where the first one was after _initialize", async () => {
    const { kept, open } = mapStorage();
    const cold = await start(open());
    const second = await cold.module.instantiate();
    assert.equal((await second.labelResource({ tool: "a" })).description, "AB");
    await second.close();
    assert.equal((await cold.guard.labelResource({ tool: "a" })).description, "AB");
    await cold.end();
    assert.deepEqual([kept.size, cold.log], [1, ["started"]]);
    const next = await start(open());
    for (const guard of [next.guard, await next.module.instantiate()]) {
      assert.equal((await guard.labelResource({ tool: "a" })).description, "AB");
      await guard.close();
    }
    assert.deepEqual(next.log, []);
  });

  test("a fork and a recovered guard of a warm start have the same beginning", async () => {
    const { open } = mapStorage();
    await once(open());
    const { guard } = await start(open());
    const fork = await guard.fork();
    const fresh = await guard.fresh();
    for (const each of [guard, fork, fresh]) {
      assert.equal((await each.labelResource({ tool: "a" })).description, "AB");
      await each.close();
    }
  });

  test("a spoilt image is dropped, and the guard starts as usual", async () => {
    const { kept, open } = mapStorage();
    await once(open());
    const [name, image] = [...kept][0] as [string, Bytes];
    kept.set(name, image.with(200, (image[200] as number) ^ 1));
    const { events, log, end } = await start(open());
    await end();
    assert.equal(events.map(({ type }) => type).join(), "corrupt");
    assert.deepEqual([log, kept.get(name)], [["started"], image]);
  });

  test("an image whose seal holds but that does not fit the module is dropped, and the guard starts as usual", async () => {
    for (const change of [
      (image: Bytes) => resealed(image, (header) => ({ ...header, pages: 0, parts: [] })),
      (image: Bytes) => {
        const end = 36 + new DataView(image.buffer).getUint32(32, true);
        return resealed(image.with(end, 1), (header) => header);
      },
    ]) {
      const { kept, open } = mapStorage();
      await once(open());
      const [name, image] = [...kept][0] as [string, Bytes];
      kept.set(name, await change(image));
      const { guard, events, log, end } = await start(open());
      assert.equal((await guard.labelResource({ tool: "a" })).description, "AB");
      await end();
      assert.ok(events.some(({ type }) => type === "corrupt"));
      assert.deepEqual([log, kept.get(name)], [["started"], image]);
    }
  });

  test("an event tells that it was used", async () => {
    const { open } = mapStorage();
    await once(open());
    const { events, end } = await start(open());
    await end();
    assert.deepEqual(
      events.map(({ type, from, reason }) => [type, from, reason]),
      [["restored", "store", "_initialize"]],
    );
  });

  test("another memory limit has an image of its own", async () => {
    const { kept, open } = mapStorage();
    await once(open());
    await once(open(), { limits: { memoryPages: 64 } });
    assert.equal(kept.size, 2);
  });

  test("is nothing to a guard that has no _initialize, or is not asked for", async () => {
    const { kept, open } = mapStorage();
    await once(open(), { warmStart: false });
    assert.equal(kept.size, 0);
  });
});
