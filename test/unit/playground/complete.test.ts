// Completion by the schema at every kind of place, without a browser: what is offered where the cursor (|) stands.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CompletionContext } from "@codemirror/autocomplete";
import { json } from "@codemirror/lang-json";
import { EditorState } from "@codemirror/state";
import { completeJson, suggestIds } from "../../../demo/playground/editing/complete.ts";
import type { Schema } from "../../../demo/playground/editing/json-schema.ts";
import scenarioSchema from "../../../src/monitor/scenario.schema.json" with { type: "json" };
import policySchema from "../../../src/policy/policy.schema.json" with { type: "json" };

async function offers(schema: unknown, marked: string): Promise<readonly string[] | null> {
  const position = marked.indexOf("|");
  const state = EditorState.create({ doc: marked.replace("|", ""), extensions: [json()] });
  const context = new CompletionContext(state, position, true);
  const result = await completeJson(schema as Schema, suggestIds)(context);
  return result === null ? null : result.options.map(({ label, displayLabel }) => displayLabel ?? label).sort();
}

const levels = ['"approved"', '"merged"', '"none"', '"unapproved"'];
const cases: readonly (readonly [string, unknown, string, readonly string[] | null])[] = [
  ["keys of an empty object", policySchema, "{|}", ["allow-only", "trusted-bots", "write-sink"]],
  ["keys that fit the ones there", policySchema, '{ "allow-only": {}, | }', ["trusted-bots"]],
  ["keys while one is being typed", policySchema, '{ "write-sink": { "si|" } }', ["accept", "sink-visibility"]],
  ["keys that still lack a quote", policySchema, '{ "write-sink": { "accept": ["*"], "s| } }', ["sink-visibility"]],
  ["values of an enumeration", policySchema, '{ "allow-only": { "min-integrity": | } }', levels],
  ["values inside quotes", policySchema, '{ "allow-only": { "min-integrity": "ap|" } }', levels],
  ["values of one of several forms", policySchema, '{ "allow-only": { "repos": | } }', ['"all"', '"public"']],
  [
    "values at the very end",
    policySchema,
    '{ "write-sink": { "sink-visibility": |',
    ['"internal"', '"private"', '"public"'],
  ],
  ["nothing where anything may stand", scenarioSchema, '{ "calls": [{ "args": | }] }', null],
  [
    "keys in an item of an array",
    scenarioSchema,
    '{ "calls": [{ "tool": "a", "server": "b", | }] }',
    ["args", "expect", "result"],
  ],
  [
    "ids that the text defines",
    scenarioSchema,
    '{"servers":{"github":{},"web":{}},"calls":[{"tool":"t","server":|}]}',
    ['"github"', '"web"'],
  ],
  [
    "ids inside quotes",
    scenarioSchema,
    '{"servers":{"github":{},"web":{}},"calls":[{"server":"|"}]}',
    ['"github"', '"web"'],
  ],
  [
    "items of an array",
    scenarioSchema,
    '{ "calls": [{ "expect": { "removed": [{ "violations": ["integrity", |] }] } }] }',
    ['"integrity"', '"secrecy"'],
  ],
];
for (const [name, schema, text, expected] of cases) {
  test(`completion: ${name}`, async () => assert.deepEqual(await offers(schema, text), expected));
}

test("completion never throws, wherever the cursor stands in whatever text", async () => {
  const text =
    '{"servers":{"a":{"guard":"noop","policy":{}}},"calls":[{"server":"a","expect":{"kept":[0,1],"agent":{}}}],"x":[[,}';
  for (let at = 0; at <= text.length; at++) {
    await offers(scenarioSchema, `${text.slice(0, at)}|${text.slice(at)}`);
    await offers(scenarioSchema, `${text.slice(0, at)}|`);
  }
});
