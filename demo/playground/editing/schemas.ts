// The schemas of policies and scenarios; a scenario's policies are read by the policy's schema too.
import policySchema from "edge-guard/policy.schema.json" with { type: "json" };
import scenarioSchema from "edge-guard/scenario.schema.json" with { type: "json" };
import type { Schema } from "./json-schema.ts";

export type SchemaName = "policy" | "scenario";

const { server } = scenarioSchema.$defs;
const withPolicies = {
  ...scenarioSchema,
  $defs: {
    ...scenarioSchema.$defs,
    server: { ...server, properties: { ...server.properties, policy: { anyOf: [policySchema, { type: "string" }] } } },
  },
};

export const schemas: Readonly<Record<SchemaName, Schema>> = {
  policy: policySchema as Schema,
  scenario: withPolicies as Schema,
};
