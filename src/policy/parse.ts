// Reads what an operator wrote into a Policy, and writes a Policy for label_agent; one table of keys serves both (policy.md).
import { PolicyError } from "../errors.ts";
import { parseJsonText } from "./json-text.ts";
import type { AllowOnlyPolicy, Policy, WriteSinkPolicy } from "./policy.ts";
import * as values from "./values.ts";

interface Field {
  readonly key: string;
  readonly property: string;
  readonly read: values.Reader<unknown>;
  readonly alias?: string;
  readonly required?: true;
}

const LIMITS: Field = { key: "tool-call-limits", property: "toolCallLimits", read: values.readLimits };

const ALLOW_ONLY: readonly Field[] = [
  { key: "repos", property: "repos", read: values.readRepos, required: true },
  {
    key: "min-integrity",
    property: "minIntegrity",
    read: values.readLevel,
    required: true,
    alias: "integrity",
  },
  { key: "blocked-users", property: "blockedUsers", read: values.readNames },
  { key: "trusted-users", property: "trustedUsers", read: values.readNames },
  { key: "approval-labels", property: "approvalLabels", read: values.readNames },
  { key: "refusal-labels", property: "refusalLabels", read: values.readNamesOrText },
  { key: "endorsement-reactions", property: "endorsementReactions", read: values.readReactions },
  { key: "disapproval-reactions", property: "disapprovalReactions", read: values.readReactions },
  { key: "disapproval-integrity", property: "disapprovalIntegrity", read: values.readLevel },
  { key: "endorser-min-integrity", property: "endorserMinIntegrity", read: values.readLevel },
  LIMITS,
  { key: "promotion-label", property: "promotionLabel", read: values.readLabel },
  { key: "demotion-label", property: "demotionLabel", read: values.readLabel },
];

const WRITE_SINK: readonly Field[] = [
  { key: "accept", property: "accept", read: values.readAccept, required: true },
  { key: "sink-visibility", property: "sinkVisibility", read: values.readVisibility },
];

const TOP: readonly Field[] = [
  {
    key: "allow-only",
    property: "allowOnly",
    read: (value, path) => readObject(value, path, ALLOW_ONLY),
    alias: "allowonly",
  },
  {
    key: "write-sink",
    property: "writeSink",
    read: (value, path) => readObject(value, path, WRITE_SINK),
    alias: "writesink",
  },
  { key: "trusted-bots", property: "trustedBots", read: values.readBots },
];

const parsed = new WeakSet<object>();

/**
 * Reads a policy (policy.md): exactly one of `allow-only`, with `trusted-bots` beside it if wanted, or `write-sink`.
 * The result is normalised and frozen; given its own result, it returns it as it is.
 *
 * @param input an object, or a string that holds one as JSON
 * @throws {PolicyError} whose `path` leads to what is wrong (`allow-only.repos[1]`; `""` for the whole)
 * @example
 * ```ts
 * const policy = parsePolicy({ "allow-only": { repos: ["acme/*"], "min-integrity": "approved" } });
 * ```
 */
export function parsePolicy(input: unknown): Policy {
  if (typeof input === "object" && input !== null && parsed.has(input)) return input as Policy;
  const top = readObject(typeof input === "string" ? parseJsonText(input) : input, "", TOP);
  const { allowOnly, writeSink, trustedBots } = top as Record<string, object | undefined>;
  if ((allowOnly === undefined) === (writeSink === undefined)) {
    const found = allowOnly === undefined ? "neither" : "both";
    throw new PolicyError(
      "",
      `Cannot read the policy: it must hold exactly one of "allow-only" and "write-sink", got ${found}`,
    );
  }
  if (writeSink !== undefined && trustedBots !== undefined) {
    throw new PolicyError(
      "trusted-bots",
      'Cannot read the policy at trusted-bots: it belongs beside "allow-only" and means nothing to a "write-sink", drop it',
    );
  }
  const policy = Object.freeze(
    allowOnly === undefined
      ? { kind: "write-sink", ...writeSink }
      : { kind: "allow-only", ...allowOnly, ...(trustedBots && { trustedBots }) },
  ) as unknown as Policy;
  parsed.add(policy);
  return policy;
}

/**
 * What `label_agent` is given (policy.md, What reaches label_agent): the spelling of the tables, normalised, in a fixed order
 * of keys, with `trusted-bots` beside `allow-only` and without `tool-call-limits`, which are the host's affair.
 */
export function labelAgentPayload(policy: Policy): Record<string, unknown> {
  if (policy.kind === "write-sink") return { "write-sink": written(policy, WRITE_SINK) };
  const payload: Record<string, unknown> = { "allow-only": written(policy, ALLOW_ONLY) };
  if (policy.trustedBots !== undefined) payload["trusted-bots"] = policy.trustedBots;
  return payload;
}

function readObject(value: unknown, path: string, fields: readonly Field[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const allowed = fields.map((field) => `"${field.key}"`).join(", ");
  const entries = values.entriesOf(
    value,
    path,
    path === "" ? 'an object with "allow-only" or "write-sink"' : "an object",
  );
  const given = new Map<Field, string>();
  for (const [key, part] of entries) {
    const where = values.at(path, key);
    const name = key.toLowerCase();
    const field = fields.find((candidate) => candidate.key === name || candidate.alias === name);
    if (field === undefined) {
      throw new PolicyError(where, `${values.cannotRead(where)}: ${unknownKey(key, path)}; allowed are ${allowed}`);
    }
    const before = given.get(field);
    if (before !== undefined) {
      const keys = `${values.quote(before)} and ${values.quote(key)}`;
      throw new PolicyError(where, `${values.cannotRead(where)}: ${keys} are the same key given twice, drop one`);
    }
    given.set(field, key);
    if (part === undefined) continue;
    const read = field.read(part, where);
    if (read !== undefined) found[field.property] = read;
  }
  for (const { key, property, required } of fields) {
    const where = values.at(path, key);
    if (required && found[property] === undefined) {
      throw new PolicyError(where, `${values.cannotRead(where)}: the key "${key}" is missing`);
    }
  }
  return found;
}

function unknownKey(key: string, path: string): string {
  if (path === "" && key.toLowerCase() === "policy") return 'drop the envelope "policy" and write what is inside it';
  return `unknown key ${values.quote(key)}`;
}

function written(policy: AllowOnlyPolicy | WriteSinkPolicy, fields: readonly Field[]): Record<string, unknown> {
  const payload: Record<string, unknown> = {};
  for (const field of fields) {
    const value = (policy as unknown as Record<string, unknown>)[field.property];
    if (value !== undefined && field !== LIMITS) payload[field.key] = value;
  }
  return payload;
}
