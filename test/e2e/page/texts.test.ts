// What the page makes of texts and data, without a browser: places in JSON, one line per item, shared endings of tags.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mapJson, offsetOf, parseText, place, pretty } from "../../../demo/playground/json-map.ts";
import { itemAuthor, itemTitle } from "../../../web/describe-item.ts";
import { childrenOf, find, nodeOf, valueAt } from "../../../web/json-nodes.ts";
import type { NodeView } from "../../../web/protocol.ts";
import { type ResultPart, resultParts } from "../../../web/result-parts.ts";
import { sharedEnding } from "../../../web/view/labels.tsx";

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("a text is broken exactly when JSON.parse refuses it", () => {
  const json = fc.json().chain((text) => fc.constantFrom(text, pretty(JSON.parse(text)), `\t${text}\r\n`));
  const cut = fc.tuple(json, fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, insert]) => {
    const where = at % (text.length + 1);
    return text.slice(0, where) + insert + text.slice(where + 1);
  });
  fc.assert(
    fc.property(fc.oneof(json, cut, fc.string()), (text) => {
      const { brokenAt } = mapJson(text);
      assert.equal(brokenAt === undefined, parses(text));
      if (brokenAt !== undefined) assert.ok(brokenAt >= 0 && brokenAt <= text.length);
    }),
    { numRuns: 2000 },
  );
});

test("formatting keeps the value, and every value is found at its offset", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = pretty(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      for (const offset of mapJson(text).offsets.values()) assert.doesNotMatch(text[offset]!, /[\s,:\]}]/);
    }),
  );
});

test("paths lead to their value, or to the closest one around it", () => {
  const text = '{\n  "allow-only": {\n    "repos": ["a/b", "c d"],\n    "odd key": { "x": 1 }\n  }\n}';
  const map = mapJson(text);
  const at = (path: string) => text.slice(offsetOf(map, path)).split("\n", 1)[0];
  assert.equal(at("allow-only.repos[1]"), '"c d"],');
  assert.equal(at('allow-only["odd key"].x'), "1 }");
  assert.equal(at("allow-only.repos[7]"), '["a/b", "c d"],');
  assert.equal(at("nothing.like.this"), "{");
  assert.deepEqual(place(text, offsetOf(map, "allow-only.repos")), { line: 3, column: 14 });
});

test("keys given twice are mistakes with their path", () => {
  const parsed = parseText('{ "a": { "b": 1, "b": 2 } }');
  assert.deepEqual("problems" in parsed && parsed.problems.map(({ path }) => path), ["a.b"]);
});

test("an item of any shape gets a line, never a fault", () => {
  assert.equal(itemTitle({ title: "First\nsecond" }), "First");
  assert.equal(itemTitle({ sha: "1", commit: { message: "Mend it\n\nbecause" } }), "Mend it");
  assert.equal(itemTitle({ title: "x".repeat(500) }).length, 141);
  assert.equal(itemTitle("plain"), "plain");
  assert.equal(itemTitle(7), "7");
  assert.equal(itemTitle({}), "");
  assert.equal(itemAuthor({ user: { login: "mona" }, author_association: "MEMBER" }), "mona, MEMBER");
  assert.equal(itemAuthor({ author: "mona" }), "mona");
  assert.equal(itemAuthor(null), "");
  fc.assert(
    fc.property(fc.anything(), (data) => typeof itemTitle(data) === "string" && typeof itemAuthor(data) === "string"),
  );
});

test("tags share an ending only when all of them have it", () => {
  assert.equal(sharedEnding(["none:acme/*", "approved:acme/*"]), ":acme/*");
  assert.equal(sharedEnding(["integrity=none;scopes=a/b,c", "integrity=approved;scopes=a/b,c"]), ";scopes=a/b,c");
  assert.equal(sharedEnding(["none:acme/*", "none:globex/*"]), "");
  assert.equal(sharedEnding(["private", "private:acme"]), "");
  assert.equal(sharedEnding(["private:acme"]), "", "one tag stands whole");
  assert.equal(sharedEnding([":acme", ":acme"]), "", "nothing would be left");
});

const asPart = (value: unknown): ResultPart => ({ kind: "result", label: "result", value });

/** The values of a tree that is opened everywhere, runs included. */
function opened(part: ResultPart, { pointer, run }: Pick<NodeView, "pointer" | "run">): NodeView[] {
  const children = childrenOf(part, pointer, run?.[0], run?.[1]);
  assert.ok(children.length <= 100, `${children.length} lines on one level`);
  return children.flatMap((node) => (node.run === undefined ? [node] : opened(part, node)));
}

test("a tree of runs holds every member once, in order, however many there are", () => {
  for (const length of [0, 1, 100, 101, 9_999, 10_001, 123_456]) {
    const nodes = opened(asPart({ items: Array.from({ length }, (_, at) => at) }), { pointer: "/items" });
    assert.equal(nodes.length, length);
    assert.ok(nodes.every(({ pointer, key }, at) => pointer === `/items/${at}` && key === String(at)));
  }
});

test("what a search finds is reached by its positions, whatever the keys are", () => {
  const wanted = "needle";
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom("__proto__", "a/b", "m~n", "", "0"), (value, key) => {
      const root = JSON.parse(
        `{${JSON.stringify(key)}: [${JSON.stringify(value)}, {"x": "a Needle here"}]}`,
      ) as unknown;
      const part = asPart(root);
      const { total, hits } = find([part], wanted);
      assert.ok(total >= 1);
      for (const { pointer, positions } of hits) {
        let at = nodeOf(part, "", "result", root);
        for (const position of positions) at = opened(part, at)[position]!;
        assert.equal(at.pointer, pointer);
        assert.equal(at.preview, nodeOf(part, pointer, at.key, valueAt(root, pointer)).preview);
      }
    }),
  );
});

test("a result that is nested without end is searched to a depth, and never ends the worker", () => {
  const deep = JSON.parse(`${"[".repeat(50_000)}"needle"${"]".repeat(50_000)}`) as unknown;
  assert.deepEqual(find([asPart(deep)], "needle"), { total: 0, hits: [] });
  assert.equal(childrenOf(asPart(deep), "/0/0/0").length, 1);
});

test("the parts of a result: text that is JSON, prose, the notice, structured content, blocks that are not text", () => {
  const kinds = (result: unknown) =>
    resultParts(result, (text) => text === "withheld").map(({ kind, value }) => [kind, value]);
  assert.deepEqual(kinds([1]), [["result", [1]]]);
  assert.deepEqual(kinds(undefined), [["result", null]]);
  assert.deepEqual(
    kinds({
      content: [
        { type: "text", text: '{"a":1}' },
        { type: "text", text: "withheld" },
        { text: "prose" },
        { type: "image", data: "" },
        null,
      ],
      structuredContent: { a: 1 },
      isError: true,
    }),
    [
      ["text", { a: 1 }],
      ["notice", "withheld"],
      ["text", "prose"],
      ["other", { type: "image", data: "" }],
      ["other", null],
      ["structured", { a: 1 }],
      ["other", { isError: true }],
    ],
  );
});
