// What goes into the journal comes out of it: any texts, kept beforehand or not, any answers, over many blocks, and again after clear().
import { deepStrictEqual, strictEqual } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { createJournal, type JournalEntry } from "../../../src/guard/journal.ts";
import type { Answer } from "../../../src/wasm/run.ts";

const encoder = new TextEncoder();
const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary", maxLength: 40 }).map((found) => found.toWellFormed()),
  fc.tuple(fc.constantFrom("a", "é", "雪", "𝛌"), fc.nat(90_000)).map(([one, count]) => one.repeat(count)),
);
const answers = fc
  .array(fc.tuple(fc.string(), fc.option(fc.string({ unit: "grapheme" }))), { maxLength: 4 })
  .map((entries) => new Map<string, Answer>(entries));
const entry = fc.record({
  name: fc.constantFrom("label_agent", "label_resource", "label_response" as const),
  text,
  answers,
  randoms: fc.option(fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 2 }), { nil: undefined }),
  /** Whether the exchange has handed the bytes over before the call, or those of another call that failed. */
  kept: fc.constantFrom("yes", "no", "another"),
});

const plain = (found: Iterable<JournalEntry>) =>
  Array.from(found, ({ name, text, recording }) => [
    name,
    text,
    [...((recording.answers as Map<string, Answer> | undefined) ?? [])],
    recording.randoms?.map((bytes) => [...bytes]),
  ]);

test("calls come out as they went in, and a copy does not change with its original", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), fc.array(entry, { maxLength: 4 }), (before, after) => {
      const journal = createJournal();
      const expected: ReturnType<typeof plain> = [];
      const push = (list: typeof before): void => {
        for (const { name, text, answers, randoms, kept } of list) {
          // The view is the whole buffer, with what an earlier input left behind.
          const keep = (input: string): void =>
            journal.keep(input, encoder.encode(`${input}earlier`), encoder.encode(input).length);
          if (kept === "another") keep(`${text}!`);
          if (kept === "yes") keep(text);
          const isEmpty = answers.size === 0 && randoms === undefined;
          journal.push(name, text, isEmpty ? undefined : { answers, randoms });
          expected.push([name, text, [...answers], randoms?.map((bytes) => [...bytes])]);
        }
      };
      push(before);
      const copy = journal.copy();
      const first = [...expected];
      push(after);
      deepStrictEqual(plain(journal.entries()), expected);
      strictEqual(journal.calls, expected.length);
      journal.clear();
      deepStrictEqual([journal.calls, journal.bytes, plain(journal.entries())], [0, 0, []]);
      expected.length = 0;
      push(after);
      deepStrictEqual(plain(journal.entries()), expected, "After clear(), over blocks that were used before");
      deepStrictEqual(plain(copy.entries()), first);
    }),
    { numRuns: 150 },
  );
});

test("inputs and answers count", () => {
  const journal = createJournal();
  journal.push("label_agent", "ab", { answers: new Map([["key", "12345"]]) });
  strictEqual(journal.bytes, 10);
});
