// Policies on their vectors: parsing, the payload for label_agent, and the JSON Schema beside the parser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { labelAgentPayload, parsePolicy } from "../../../src/policy/parse.ts";
import schema from "../../../src/policy/policy.schema.json" with { type: "json" };
import type { Policy } from "../../../src/policy/policy.ts";
import { acceptFor } from "../../../src/policy/scopes.ts";
import { policySuite } from "../../suites/policy.ts";
import accept from "../../vectors/policy/accept.json" with { type: "json" };
import invalid from "../../vectors/policy/invalid.json" with { type: "json" };
import valid from "../../vectors/policy/valid.json" with { type: "json" };

policySuite({ test }, { parsePolicy } as never, undefined as never);

const fits = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

interface ValidVector {
  readonly name: string;
  readonly input: unknown;
  readonly policy: unknown;
  readonly payload: object;
  readonly spelling?: string;
}

interface InvalidVector {
  readonly name: string;
  readonly input: unknown;
  readonly schemaAccepts?: string;
}

for (const { name, input, payload, spelling } of valid.cases as ValidVector[]) {
  test(`labelAgentPayload: ${name}`, () => {
    const written = labelAgentPayload(parsePolicy(input));
    assert.equal(JSON.stringify(written), JSON.stringify(payload));
    assert.equal(
      JSON.stringify(labelAgentPayload(parsePolicy(written))),
      JSON.stringify(written),
      "It is its own normal form",
    );
  });
  test(`The schema ${spelling === undefined ? "accepts" : "refuses"}: ${name}`, () => {
    assert.equal(fits(input), spelling === undefined, JSON.stringify(fits.errors));
  });
}

for (const { name, input, schemaAccepts } of invalid.cases as InvalidVector[]) {
  test(`The schema ${schemaAccepts === undefined ? "refuses" : "accepts"}: ${name}`, () => {
    assert.equal(fits(input), schemaAccepts !== undefined, "Where they differ, schemaAccepts says why");
  });
}

for (const { name, repos, accept: tags } of accept.cases) {
  test(`acceptFor: ${name}`, () => {
    assert.deepEqual(acceptFor(repos as "all" | readonly string[]), tags);
    const policy: Policy = parsePolicy({ "write-sink": { accept: tags } });
    assert.deepEqual(policy, { kind: "write-sink", accept: tags });
  });
}
