// parseScenario, its JSON Schema and the check of expectations, on their vectors.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { ScenarioError } from "../../../src/errors.ts";
import { checkExpectation } from "../../../src/monitor/expect.ts";
import schema from "../../../src/monitor/scenario.schema.json" with { type: "json" };
import { parseScenario } from "../../../src/monitor/scenario.ts";
import expectations from "../../vectors/monitor/expectations.json" with { type: "json" };
import invalid from "../../vectors/monitor/scenarios-invalid.json" with { type: "json" };
import valid from "../../vectors/monitor/scenarios-valid.json" with { type: "json" };

const accepts = new Ajv2020({ strict: true, strictRequired: false }).compile(schema);

for (const { name, scenario } of valid.cases) {
  test(`parseScenario: ${name}`, () => {
    const before = JSON.stringify(scenario);
    assert.deepEqual(JSON.parse(JSON.stringify(parseScenario(scenario))), scenario);
    assert.deepEqual(parseScenario(before), parseScenario(scenario));
    assert.equal(JSON.stringify(scenario), before);
    assert.ok(accepts(scenario), JSON.stringify(accepts.errors));
  });
}

for (const { name, path, says, ...rest } of invalid.cases) {
  test(`parseScenario refuses: ${name}`, () => {
    const given = rest as { scenario?: unknown; text?: string; schemaAccepts?: boolean };
    const thrown = catchError(() => parseScenario(given.text ?? given.scenario));
    assert.ok(thrown instanceof ScenarioError, `${thrown}`);
    assert.equal(thrown.path, path);
    for (const word of says) assert.ok(thrown.message.includes(word), `${word}: ${thrown.message}`);
    if (given.text === undefined)
      assert.equal(accepts(given.scenario), given.schemaAccepts === true, "the schema agrees");
  });
}

test("the schema describes every property", () => {
  const undescribed: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, part] of Object.entries(node)) {
      if (key === "properties") {
        for (const [name, property] of Object.entries(part as Record<string, { description?: string }>)) {
          if (!property.description) undescribed.push(`${path}.${name}`);
        }
      }
      visit(part, `${path}.${key}`);
    }
  };
  visit(schema, "");
  assert.deepEqual(undescribed, []);
});

for (const { name, expect, outcome, items, mismatches } of expectations.cases) {
  test(`expectation: ${name}`, () => {
    const found = checkExpectation(expect as never, outcome as never, items as never, "calls[2].expect");
    assert.deepEqual(
      found.map(({ path }) => path),
      mismatches.map((path) => `calls[2].expect.${path}`),
    );
    for (const { expected, actual } of found) assert.notDeepEqual(expected, actual);
  });
}

function catchError(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
