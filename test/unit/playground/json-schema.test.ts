// The editor's reading of the schemas against a complete validator, over every policy and scenario of the vectors and random changes to them.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { checkSchema, type Schema, schemasAt } from "../../../demo/playground/editing/json-schema.ts";
import { mapJson } from "../../../demo/playground/json-map.ts";
import scenarioSchema from "../../../src/monitor/scenario.schema.json" with { type: "json" };
import policySchema from "../../../src/policy/policy.schema.json" with { type: "json" };

const root = process.env["EDGE_GUARD_ROOT"]!;
const scenarios = readdirSync(`${root}/demo/scenarios`).map((file): unknown =>
  JSON.parse(readFileSync(`${root}/demo/scenarios/${file}`, "utf8")),
);
const policies = scenarios.flatMap((scenario) =>
  Object.values((scenario as { servers: Record<string, { policy?: unknown }> }).servers).flatMap(
    ({ policy }) => policy ?? [],
  ),
);
policies.push({
  "allow-only": { repos: ["a/b"], "min-integrity": "none", "refusal-labels": "a, b", "tool-call-limits": { x: 1 } },
});

/** Changes one place of a value: takes it out, puts something else in, doubles it. */
function mutate(value: unknown, pick: () => number, strange: unknown): unknown {
  const copy = structuredClone(value);
  let at = copy as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(at);
    if (keys.length === 0) return copy;
    const key = keys[pick() % keys.length]!;
    const inner = at[key];
    if (typeof inner === "object" && inner !== null && pick() % 4 !== 0) {
      at = inner as Record<string, unknown>;
      continue;
    }
    const way = pick() % 6;
    if (way < 2) {
      if (Array.isArray(at)) at.splice(Number(key), 1);
      else delete at[key];
    } else if (way === 2 && Array.isArray(at)) at.push(inner);
    else if (way === 3) at[`${key}x`] = inner;
    else at[key] = strange;
    return copy;
  }
}

for (const [name, schema, samples] of [
  ["policy", policySchema, policies],
  ["scenario", scenarioSchema, scenarios],
] as const) {
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema);
  const agree = (value: unknown): void => {
    const problems = checkSchema(schema as Schema, value);
    assert.equal(problems.length === 0, validate(value), `${JSON.stringify(value)}: ${JSON.stringify(problems)}`);
    const { offsets } = mapJson(JSON.stringify(value));
    for (const { path } of problems) assert.ok(offsets.has(path), `"${path}" leads to a place`);
  };

  test(`the ${name}'s schema accepts what a complete validator accepts, and every mistake has a place`, () => {
    for (const sample of samples) agree(sample);
    const strange = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("all", "none", ["*"], "a/b", "", " ", 0, -1, 1.5, null, {}, []),
    );
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), strange, (which, picks, other) => {
        let at = 0;
        const pick = (): number => picks[at++ % picks.length]!;
        agree(mutate(samples[which % samples.length], pick, other));
      }),
      { numRuns: 600 },
    );
  });

  test(`the ${name}'s schema uses no keyword that the editor does not read`, () => {
    const read = new Set(
      (
        "$schema $ref $defs title description type enum const properties additionalProperties propertyNames minProperties " +
        "required items minItems uniqueItems pattern minimum maximum anyOf oneOf"
      ).split(" "),
    );
    const unread: string[] = [];
    const walk = (part: unknown, isSchema: boolean): void => {
      if (typeof part !== "object" || part === null) return;
      for (const [key, inner] of Object.entries(part)) {
        if (isSchema && !Array.isArray(part) && !read.has(key)) unread.push(key);
        if (key === "enum" || key === "const" || key === "required") continue;
        walk(inner, Array.isArray(part) ? isSchema : !(isSchema && (key === "properties" || key === "$defs")));
      }
    };
    walk(schema, true);
    assert.deepEqual(unread, []);
  });
}

test("a mistake is told for the form that was meant, at its place", () => {
  const check = (value: unknown) =>
    checkSchema(policySchema as Schema, value).map(({ path, message }) => `${path}: ${message}`);
  assert.deepEqual(check({ "allow-only": { repos: "all", "min-integrity": "high" } }), [
    'allow-only.min-integrity: It must be one of "none", "unapproved", "approved", "merged", not "high"',
  ]);
  assert.deepEqual(check({ "write-sink": { accept: ["*"], "sink-visibility": "open" } }), [
    'write-sink.sink-visibility: It must be one of "public", "private", "internal", not "open"',
  ]);
  assert.deepEqual(check({}), [': "allow-only" is missing; or: "write-sink" is missing']);
  assert.match(
    check({ "allow-only": { repos: ["Acme/x"], "min-integrity": "none" } })[0]!,
    /^allow-only\.repos\[0\]: "Acme\/x"/,
  );
  assert.match(check({ "allow-only": { repos: 7, "min-integrity": "none" } })[0]!, /^allow-only\.repos: .*or:/);
});

test("what may stand at a place follows from the keys that are there", () => {
  const keys = (there: readonly string[]) =>
    schemasAt(policySchema as Schema, [], there).flatMap(({ properties = {} }) => Object.keys(properties));
  assert.deepEqual(keys([]), ["allow-only", "trusted-bots", "write-sink"]);
  assert.deepEqual(keys(["write-sink"]), ["write-sink"]);
  assert.deepEqual(keys(["allow-only"]), ["allow-only", "trusted-bots"]);
});

test("hostile texts do no harm: deep, huge, with names that objects inherit", () => {
  let deep: unknown = 1;
  for (let at = 0; at < 400; at++) deep = { calls: [deep] };
  assert.ok(checkSchema(scenarioSchema as Schema, deep).length > 0);
  const many = { servers: {}, calls: Array.from({ length: 10_000 }, () => 7) };
  assert.equal(checkSchema(scenarioSchema as Schema, many).length, 100);
  const inherited: unknown = JSON.parse(
    '{"servers":{"__proto__":{"guard":"noop"}},"calls":[],"constructor":1,"toString":2}',
  );
  assert.deepEqual(
    checkSchema(scenarioSchema as Schema, inherited).map(({ path }) => path),
    ["constructor", "toString"],
  );
});
