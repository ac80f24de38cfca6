// Policies that no JSON file can hold, and the promises on what parsePolicy returns.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isGuardError, PolicyError } from "../../../src/errors.ts";
import { labelAgentPayload, parsePolicy } from "../../../src/policy/parse.ts";

const base = { repos: "all", "min-integrity": "none" };

function refused(input: unknown, path: string): PolicyError {
  try {
    parsePolicy(input);
  } catch (error) {
    assert.ok(error instanceof PolicyError, String(error));
    assert.equal(error.path, path);
    return error;
  }
  return assert.fail("The policy was accepted");
}

test("A cyclic object is refused where it stops being a policy", () => {
  const cyclic: Record<string, unknown> = { ...base };
  cyclic["repos"] = [cyclic];
  refused({ "allow-only": cyclic }, "allow-only.repos[0]");
  const top: Record<string, unknown> = {};
  top["allow-only"] = top;
  refused(top, "allow-only.allow-only");
});

test("A hole in an array is no string", () => {
  // biome-ignore lint/suspicious/noSparseArray: the subject
  refused({ "allow-only": { ...base, repos: ["a/b", , "c/d"] } }, "allow-only.repos[1]");
  refused({ "allow-only": { ...base, "blocked-users": new Array(1) } }, "allow-only.blocked-users[0]");
});

test("A property is read once, and one that throws is a fault with its cause", () => {
  let reads = 0;
  const shifty = {
    get repos() {
      return reads++ === 0 ? ["a/b"] : "all";
    },
    "min-integrity": "none",
  };
  assert.deepEqual(parsePolicy({ "allow-only": shifty }), { kind: "allow-only", repos: ["a/b"], minIntegrity: "none" });
  assert.equal(reads, 1);
  const cause = new Error("no");
  const throwing = {
    get repos(): never {
      throw cause;
    },
  };
  assert.equal(refused({ "allow-only": throwing }, "allow-only").cause, cause);
});

test("Inherited keys do not count, own __proto__ keys are unknown", () => {
  refused({ "allow-only": Object.create(base) }, "allow-only.repos");
  refused(Object.create({ "allow-only": base }), "");
  refused(
    { "allow-only": JSON.parse('{"__proto__":{"repos":"all"},"repos":"all","min-integrity":"none"}') },
    "allow-only.__proto__",
  );
  refused(new Map([["allow-only", base]]), "");
  const bare = Object.assign(Object.create(null), { "allow-only": base });
  assert.equal(parsePolicy(bare).kind, "allow-only");
});

test("undefined counts as absent", () => {
  const policy = parsePolicy({ "allow-only": { ...base, "blocked-users": undefined }, "write-sink": undefined });
  assert.deepEqual(policy, { kind: "allow-only", repos: "all", minIntegrity: "none" });
  refused({ "allow-only": { ...base, repos: undefined } }, "allow-only.repos");
});

test("Limits have no prototype: a tool called toString has none, one called __proto__ has its own", () => {
  const text = '{"allow-only":{"repos":"all","min-integrity":"none","tool-call-limits":{"__proto__":3,"t":-0}}}';
  const policy = parsePolicy(text);
  assert.ok(policy.kind === "allow-only");
  assert.equal(Object.getOwnPropertyDescriptor(policy.toolCallLimits, "__proto__")?.value, 3);
  assert.equal(policy.toolCallLimits!["toString"], undefined);
  assert.ok(Object.is(policy.toolCallLimits!["t"], 0));
});

test("What comes back is frozen all through, shares nothing with the input, and is accepted again", () => {
  const repos = ["b/c", "a/b"];
  const policy = parsePolicy({
    "allow-only": { ...base, repos, "blocked-users": ["x"], "tool-call-limits": { t: 1 } },
  });
  assert.deepEqual(repos, ["b/c", "a/b"]);
  assert.ok(Object.isFrozen(policy));
  for (const part of Object.values(policy)) assert.ok(Object.isFrozen(part));
  assert.equal(parsePolicy(policy), policy);
  refused({ ...policy }, "kind");
});

test("A function, a symbol, a bigint are no policy", () => {
  for (const input of [() => base, Symbol("x"), 1n, undefined]) refused(input, "");
});

test("Messages stay on one line and short, whatever the keys are", () => {
  const key = `x\n${"y".repeat(10_000)}`;
  const error = refused({ "allow-only": { ...base, [key]: 1 } }, `allow-only["x\\n${"y".repeat(58)}…"]`);
  assert.ok(error.message.length < 800 && !error.message.includes("\n"));
});

test("Whatever the input, the answer is a policy that is its own normal form, or a PolicyError", () => {
  const word = fc.constantFrom(
    "allow-only",
    "AllowOnly",
    "write-sink",
    "repos",
    "min-integrity",
    "integrity",
    "accept",
    "all",
    "none",
    "a/b",
    "*",
    "x",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.constantFrom(0, 1, null, true, undefined),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(word, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  const plausible = fc.record({
    "allow-only": fc.record(
      { repos: tree, "min-integrity": fc.constantFrom("none", "x"), "blocked-users": tree },
      { requiredKeys: ["repos"] },
    ),
  });
  fc.assert(
    fc.property(fc.oneof(tree, plausible, fc.anything(), fc.string()), (input) => {
      let policy: ReturnType<typeof parsePolicy>;
      try {
        policy = parsePolicy(input);
      } catch (error) {
        assert.ok(error instanceof PolicyError && isGuardError(error), String(error));
        return;
      }
      const payload = labelAgentPayload(policy);
      assert.deepEqual(labelAgentPayload(parsePolicy(JSON.stringify(payload))), payload);
    }),
    { numRuns: 2000 },
  );
});
