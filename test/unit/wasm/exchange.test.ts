// The number of UTF-8 bytes of a string, and a run's recording.
import { deepStrictEqual, strictEqual, throws } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { LimitError } from "../../../src/errors.ts";
import { createRun, type LogLine, readClock, repeatingHost, takeRandom, writeLog } from "../../../src/wasm/run.ts";
import { isText, utf8Length, writeShort } from "../../../src/wasm/utf8.ts";

const encoder = new TextEncoder();
const quiet = repeatingHost({});

test("writeShort writes what TextEncoder would, or nothing at all", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: "binary", maxLength: 200 })),
      fc.nat(16),
      fc.nat(300),
      (text, at, size) => {
        const bytes = new Uint8Array(size).fill(7);
        const expected = bytes.slice();
        const encoded = encoder.encode(text);
        const fits = encoded.length === text.length && text.length <= 128 && at + text.length <= size;
        if (fits) expected.set(encoded, at);
        strictEqual(writeShort(text, bytes, at), fits);
        deepStrictEqual(bytes, expected);
        if (!fits) return;
        strictEqual(isText(text, bytes, at, text.length), true);
        strictEqual(isText(text, bytes, at, text.length + 1), false);
        if (text.length > 0) strictEqual(isText(`${text.slice(0, -1)}\u0080`, bytes, at, text.length), false);
      },
    ),
  );
  strictEqual(isText("\u00e9", Uint8Array.of(0xe9), 0, 1), false, "that byte alone is no UTF-8");
  strictEqual(isText("abc", encoder.encode("ab"), 0, 3), false, "beyond the end");
});

test("utf8Length counts what TextEncoder writes, lone surrogates included", () => {
  const encoder = new TextEncoder();
  const unit = fc.oneof(
    fc.constantFrom("\ud800", "\udc00", "\udbff\udfff", "é", "€", "a"),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(unit), (parts) => {
      const text = parts.join("");
      strictEqual(utf8Length(text), encoder.encode(text).length);
    }),
    { numRuns: 2000 },
  );
});

test("clocks are repeated per clock and per sleep, what goes beyond is added", () => {
  const recording = {};
  let time = 0n;
  const read = (run: ReturnType<typeof createRun>, id: number): bigint => readClock(run, id, () => ++time);
  const first = createRun(recording, quiet);
  deepStrictEqual([read(first, 0), read(first, 0), read(first, 1)], [1n, 2n, 3n]);
  const second = createRun(recording, quiet);
  deepStrictEqual([read(second, 1), read(second, 0)], [3n, 1n]);
  second.sleeps++;
  deepStrictEqual([read(second, 0), read(second, 1)], [4n, 5n], "After a sleep nothing is older than it");
  const third = createRun(recording, quiet);
  deepStrictEqual([read(third, 0), read(third, 0), read(third, 0)], [1n, 2n, 6n]);
});

test("randomness is repeated while the guest asks for the same lengths", () => {
  const recording = {};
  let next = 0;
  const take = (run: ReturnType<typeof createRun>, length: number): number[] => [
    ...takeRandom(run, length, (bytes) => bytes.fill(++next)),
  ];
  const first = createRun(recording, quiet);
  deepStrictEqual([take(first, 1), take(first, 2)], [[1], [2, 2]]);
  const second = createRun(recording, quiet);
  deepStrictEqual([take(second, 1), take(second, 1), take(second, 2)], [[1], [3], [4, 4]]);
});

test("a guest cannot fill the host with readings, randomness or log lines", () => {
  const run = createRun({}, quiet);
  const limit = (error: unknown): boolean => error instanceof LimitError;
  throws(() => {
    for (let count = 0; count < 2_000_000; count++) readClock(run, 0, () => 0n);
  }, limit);
  throws(() => {
    for (let count = 0; count < 100_000; count++) takeRandom(run, 0, () => {});
  }, limit);
  throws(() => takeRandom(createRun({}, quiet), 5 * 2 ** 20, () => {}), limit);
  const lines: LogLine[] = [];
  const logging = createRun({}, { ...quiet, log: (line) => lines.push(line) });
  const message = "x".repeat(65_536);
  for (let count = 0; count < 1000; count++) writeLog(logging, { level: "info", source: "host_log", message });
  strictEqual(lines.length, 65);
  strictEqual(lines.at(-1)?.source, "host");
});
