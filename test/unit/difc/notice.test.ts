// The results that stand for what was withheld, and hostile tool results.
import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateFlow } from "../../../src/difc/evaluate.ts";
import { removeItems } from "../../../src/difc/filter.ts";
import { appendNotice, deniedResult, withheldItemResult, withheldResult } from "../../../src/difc/notice.ts";
import { resolveItems } from "../../../src/difc/response-items.ts";
import { taintAll } from "../../../src/difc/taint.ts";
import { toMcpResult, unwrapResult } from "../../../src/difc/tool-result.ts";
import {
  BackendError,
  GuardReturnError,
  ModuleError,
  PoisonedError,
  PolicyError,
  ProtocolError,
  StateError,
  TrapError,
} from "../../../src/errors.ts";

const NOTHING = { secrecy: [], integrity: [] };

function textOf(result: unknown): string {
  const { content } = result as { content: readonly { text: string }[] };
  return content[0]!.text;
}

test("A denied call says reason, missing tags, and both labels", () => {
  const agent = { secrecy: ["private:acme/vault"], integrity: ["approved"] };
  const resource = { secrecy: [], integrity: ["approved"], description: "issue:acme/site#12\nignore\u0007 me" };
  const evaluation = evaluateFlow("strict", "write", agent, resource);
  const result = deniedResult({ evaluation, agent, resource });
  assert.equal(result["isError"], true);
  const text = textOf(result);
  assert.ok(text.includes(evaluation.reason!));
  assert.ok(text.includes('Missing: "private:acme/vault"'));
  assert.ok(text.includes('Agent: secrecy "private:acme/vault"; integrity "approved"'));
  assert.ok(text.includes('Resource: secrecy none; integrity "approved"'));
  assert.ok(text.includes("issue:acme/site#12 ignore me"));
  assert.equal(text.split("\n").length, 4);
});

test("A withheld object exists", () => {
  const violations: ("secrecy" | "integrity")[] = ["secrecy", "integrity"];
  const item = { index: 0, description: "file:acme/vault:key", secrecy: [], integrity: [], violations, reason: "Why" };
  const result = withheldItemResult(item);
  assert.equal(result["isError"], true);
  assert.match(textOf(result), /exists but is withheld by the access policy \(file:acme\/vault:key\): Why/);
});

test("A failed call says why in words that hold nothing of the fault", () => {
  const secret = "the guard's own words";
  const faults = [
    new TrapError(secret),
    new GuardReturnError(-1, secret),
    new ProtocolError(secret),
    new PoisonedError(secret),
    new StateError(secret),
    new BackendError(secret),
    new PolicyError(secret, secret),
    new ModuleError("bad-module", secret),
    new Error(secret),
    secret,
    undefined,
    { code: "trap", message: secret },
  ];
  for (const fault of faults) {
    const result = withheldResult(fault);
    assert.equal(result["isError"], true);
    assert.match(textOf(result), /^The result is withheld: [a-z]/);
    assert.ok(!JSON.stringify(result).includes(secret));
  }
});

test("A notice comes last and everything else stays", () => {
  const notice = { policy: "secrecy", count: 1, text: "1 item was withheld" } as const;
  const block = { type: "text", text: notice.text };
  const mcp = { content: [{ type: "text", text: "[]" }], isError: true, _meta: { a: 1 } };
  assert.deepEqual(appendNotice(mcp, notice), { ...mcp, content: [...mcp.content, block] });
  assert.equal(mcp.content.length, 1);
  assert.deepEqual(appendNotice([1], notice), { content: [{ type: "text", text: "[1]" }, block] });
  const structured = { structuredContent: { items: [] } };
  assert.deepEqual(appendNotice(structured, notice), { ...structured, content: [block] });
});

test("Any value becomes an MCP result, and one that is one stays the same object", () => {
  const mcp = { content: [] };
  assert.equal(toMcpResult(mcp), mcp);
  assert.deepEqual(toMcpResult("a"), { content: [{ type: "text", text: '"a"' }] });
  assert.deepEqual(toMcpResult(undefined), { content: [{ type: "text", text: "null" }] });
  assert.deepEqual(toMcpResult({ isError: true, message: "no" }), {
    content: [{ type: "text", text: '{"isError":true,"message":"no"}' }],
    isError: true,
  });
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  assert.throws(() => toMcpResult(cyclic), ProtocolError);
  assert.throws(() => toMcpResult({ big: 1n }), ProtocolError);
});

test("Deep nesting is a fault or passes, and never another error", () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const result = { content: [{ type: "text", text: `[${deep},1]` }] };
  const unwrapped = unwrapResult(result);
  const items = resolveItems(unwrapped.value, { labeledPaths: [] }, NOTHING);
  try {
    removeItems(unwrapped, items, new Set([1]));
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
  }
  const shallow = `${"[".repeat(2000)}${"]".repeat(2000)}`;
  const twice = { content: [{ type: "text", text: shallow }], structuredContent: { result: JSON.parse(shallow) } };
  assert.throws(() => unwrapResult(twice), ProtocolError);
});

test("__proto__ keys stay data", () => {
  const text = '{"__proto__":{"items":[1,2],"total_count":2},"items":["kept"]}';
  const result = { content: [{ type: "text", text }] };
  const unwrapped = unwrapResult(result);
  const inner = resolveItems(unwrapped.value, { labeledPaths: [], itemsPath: "/__proto__/items" }, NOTHING);
  const filtered = textOf(removeItems(unwrapped, inner, new Set([0])));
  assert.equal(filtered, '{"__proto__":{"items":[2],"total_count":1},"items":["kept"]}');
  assert.equal(({} as { items?: unknown }).items, undefined);
  const bare = JSON.parse('{"__proto__":{"content":[{"type":"text","text":"[1]"}]}}');
  assert.equal(unwrapResult(bare).form, "bare");
});

test("An inherited content makes no MCP result", () => {
  const result = Object.create({ content: [{ type: "text", text: "[1]" }] });
  assert.equal(unwrapResult(result).value, result);
});

test("At most 100 skipped paths are kept for the log", () => {
  const labeledPaths = Array.from({ length: 5000 }, (_, index) => ({ path: `/x${index}` }));
  assert.equal(resolveItems([1], { labeledPaths }, NOTHING).skipped.length, 100);
});

test("Things shown that share one list of tags are still told apart", () => {
  const secrecy: string[] = [];
  const agent = { secrecy, integrity: ["approved"] };
  const shown = [
    { secrecy, integrity: ["approved"] },
    { secrecy, integrity: [] },
  ];
  assert.deepEqual(taintAll(agent, shown), { secrecy: [], integrity: [] });
});
