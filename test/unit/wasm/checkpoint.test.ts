// A state that was captured comes back byte for byte, into the same memory and into a fresh one, and zeros are not kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Checkpoint, capture, putBack, type StateHolder } from "../../../src/wasm/checkpoint.ts";

const page = 65536;

function holderOf(pages: number): StateHolder {
  return {
    memory: new WebAssembly.Memory({ initial: pages }),
    buffers: {},
    globals: [
      new WebAssembly.Global({ value: "i32", mutable: true }, 0),
      new WebAssembly.Global({ value: "i64", mutable: true }, 0n),
    ],
  };
}

const bytesOf = ({ memory }: StateHolder): Uint8Array => new Uint8Array(memory.buffer);
const keptBytes = ({ parts }: Checkpoint): number => parts.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Short writes anywhere in four pages. */
const writes = fc.array(
  fc.record({
    at: fc.nat(4 * page - 8),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  { maxLength: 12 },
);
/** The host's two buffers, apart, at any address. */
const buffers = fc
  .uniqueArray(fc.nat(4 * page), { minLength: 4, maxLength: 4 })
  .map((edges) => edges.sort((a, b) => a - b) as [number, number, number, number])
  .map(([a, b, c, d]) => ({ input: { pointer: a, size: b - a }, output: { pointer: c, size: d - c } }));

function write(holder: StateHolder, list: readonly { at: number; bytes: Uint8Array }[]): void {
  for (const { at, bytes } of list) bytesOf(holder).set(bytes, at);
}

test("what is put back is what was captured, host buffers cleared, in place and in a fresh instance", () => {
  fc.assert(
    fc.property(writes, writes, writes, buffers, (data, before, after, places) => {
      const first = holderOf(2);
      write(
        first,
        data.filter(({ at }) => at < 2 * page - 8),
      );
      first.memory.grow(2);
      write(first, before);
      Object.assign(first.buffers, places);
      first.globals[0]!.value = 7;
      first.globals[1]!.value = -9n;
      const wanted = bytesOf(first).slice();
      for (const { pointer, size } of Object.values(places)) wanted.fill(0, pointer, pointer + size);
      const state = capture(first, undefined);
      assert.equal(state.pages, 4);

      write(first, after);
      first.globals[0]!.value = 8;
      assert.equal(putBack(first, state, false), true);
      assert.deepEqual(bytesOf(first), wanted);
      assert.deepEqual([first.globals[0]!.value, first.globals[1]!.value], [7, -9n]);

      // A fresh one begins with data of its own and two pages less.
      const second = holderOf(2);
      write(
        second,
        data.filter(({ at }) => at < 2 * page - 8),
      );
      assert.equal(putBack(second, state, true), true);
      assert.deepEqual(bytesOf(second), wanted);
      assert.deepEqual(second.buffers, { ...places, spare: undefined });
    }),
    { numRuns: 200 },
  );
});

test("a recycled checkpoint takes the new state, whatever shape it has", () => {
  fc.assert(
    fc.property(writes, writes, buffers, (one, other, places) => {
      const holder = holderOf(4);
      Object.assign(holder.buffers, places);
      write(holder, one);
      const old = capture(holder, undefined);
      write(holder, other);
      const wanted = bytesOf(holder).slice();
      for (const { pointer, size } of Object.values(places)) wanted.fill(0, pointer, pointer + size);
      const state = capture(holder, old);
      bytesOf(holder).fill(255);
      putBack(holder, state, false);
      assert.deepEqual(bytesOf(holder), wanted);
    }),
    { numRuns: 200 },
  );
});

test("zeros are not kept, and one byte is enough to be", () => {
  const holder = holderOf(64);
  assert.equal(keptBytes(capture(holder, undefined)), 0);
  for (const at of [0, 40_000, 40_001, 64 * page - 1]) {
    bytesOf(holder).fill(0);
    bytesOf(holder)[at] = 128;
    const state = capture(holder, undefined);
    assert.ok(keptBytes(state) > 0 && keptBytes(state) <= 16_384);
    bytesOf(holder).fill(1);
    putBack(holder, state, false);
    assert.equal(bytesOf(holder)[at], 128);
    assert.equal(
      bytesOf(holder).reduce((sum, byte) => sum + byte, 0),
      128,
    );
  }
});

test("a memory that has grown beyond the state is refused and left alone", () => {
  const holder = holderOf(1);
  const state = capture(holder, undefined);
  holder.memory.grow(1);
  bytesOf(holder)[5] = 5;
  assert.equal(putBack(holder, state, false), false);
  assert.equal(bytesOf(holder)[5], 5);
});
