// canonicalJson and questionKey: the vectors, that equal values have equal texts, and what has no text.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalJson, questionKey } from "../../../src/backend/canonical-json.ts";
import vectors from "../../vectors/backend/canonical-json.json" with { type: "json" };

for (const { name, json, want } of vectors.cases) {
  test(`canonical JSON: ${name}`, () => assert.equal(canonicalJson(JSON.parse(json)), want));
}

test("canonical JSON is JSON of the same value", () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      const value = JSON.parse(json);
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("canonical JSON does not depend on the order of keys", () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, part]) => [key, reversed(part)]),
    );
  };
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(canonicalJson(reversed(value)), canonicalJson(value))));
});

test("canonical JSON drops what JSON.stringify drops", () => {
  assert.equal(canonicalJson({ b: undefined, a: [undefined, () => 1], c: () => 1 }), '{"a":[null,null]}');
  assert.equal(canonicalJson(new Date(0)), '"1970-01-01T00:00:00.000Z"');
  assert.equal(canonicalJson(Object.create({ inherited: 1 })), "{}");
});

test("what has no canonical JSON is refused", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = [cycle, cycle];
  for (const value of [
    cycle,
    undefined,
    () => 1,
    1n,
    { n: 1n },
    JSON.parse(`${"[".repeat(2000)}${"]".repeat(2000)}`),
  ]) {
    assert.throws(() => canonicalJson(value), TypeError);
  }
});

test("question keys tell tools and arguments apart", () => {
  assert.equal(questionKey("t"), questionKey("t", {}));
  const keys = [
    questionKey("t"),
    questionKey("t", null),
    questionKey("t", []),
    questionKey('t"{}'),
    questionKey("t{}"),
  ];
  assert.equal(new Set(keys).size, keys.length);
});
