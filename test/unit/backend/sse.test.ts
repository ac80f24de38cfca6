// The event stream parser: every vector at every way to cut it, and that a huge event takes linear time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEventParser } from "../../../src/backend/sse.ts";
import vectors from "../../vectors/backend/event-stream.json" with { type: "json" };

function parse(text: string, size: number): string[] {
  const out: string[] = [];
  const read = createEventParser((data) => out.push(data));
  for (let at = 0; at < text.length; at += size) read(text.slice(at, at + size));
  return out;
}

for (const { name, text, want } of vectors.cases) {
  test(`event stream: ${name}`, () => {
    for (let size = 1; size <= text.length + 1; size++)
      assert.deepEqual(parse(text, size), want, `in pieces of ${size}`);
  });
}

test("event stream: an empty piece between CR and LF changes nothing", () => {
  const out: string[] = [];
  const read = createEventParser((data) => out.push(data));
  for (const piece of ["data: a\r", "", "\ndata: b\r", "", "\n\r", "", "\n"]) read(piece);
  assert.deepEqual(out, ["a\nb"]);
});

test("event stream: a 32 MB event in small pieces does not take quadratic time", () => {
  const data = "x".repeat(32 * 2 ** 20);
  const started = performance.now();
  assert.deepEqual(parse(`data: ${data}\n\n`, 16 * 1024), [data]);
  assert(performance.now() - started < 5000);
});
