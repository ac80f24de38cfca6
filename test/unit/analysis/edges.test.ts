// Edges of the analysis that no vector reaches: responses labelled in different ways, material that does not fit, guards that misbehave.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  comparePolicies,
  compareReports,
  readMaterial,
  recordExpectations,
  suggestChanges,
  toolCoverage,
  toScenario,
  traceTags,
} from "../../../src/analysis/index.ts";
import type { Labels } from "../../../src/difc/labels.ts";
import type { Guard } from "../../../src/guard/guard.ts";
import { preview } from "../../../src/monitor/preview.ts";
import { parseScenario, type Scenario } from "../../../src/monitor/scenario.ts";

const open: Labels = { secrecy: [], integrity: [] };
const secret: Labels = { secrecy: ["s"], integrity: [] };

function guardOf(change: Partial<Guard>): Guard {
  return {
    name: "made-up",
    labelAgent: async () => ({ agent: open, mode: "filter" }),
    labelResource: async () => ({ ...open, description: "thing", operation: "read" }),
    labelResponse: async () => null,
    close: async () => {},
    ...change,
  };
}

const scenario = (result: unknown): Scenario => ({
  servers: { s: { guard: { wasm: "g.wasm" } } },
  calls: [{ server: "s", tool: "list_x", result }],
});

test("a whole that is visible is set against items one by one", async () => {
  const whole = await preview(scenario([1, 2, 3]), { guards: { "g.wasm": guardOf({}) } });
  const byItem = await preview(scenario([1, 2, 3]), {
    guards: { "g.wasm": guardOf({ labelResponse: async () => ({ labeledPaths: [{ path: "/1", labels: secret }] }) }) },
  });
  const effect = compareReports(whole, byItem);
  assert.deepEqual([effect.comparison, effect.calls[0]?.hidden, effect.calls[0]?.shown], ["stricter", [1], []]);
  assert.equal(compareReports(byItem, whole).comparison, "looser");
});

test("reports of different calls are not compared", async () => {
  const one = await preview(scenario([]), { guards: { "g.wasm": guardOf({}) } });
  assert.throws(() => compareReports(one, { ...one, calls: [] }), /1 and 0 calls/);
  assert.throws(() => recordExpectations(scenario([]), { ...one, calls: [] }), /1 calls and the report 0/);
});

test("a taint by content without labels of its own is traced to the call alone", async () => {
  const guard = guardOf({
    labelAgent: async () => ({ agent: { secrecy: [], integrity: ["i"] }, mode: "propagate" }),
    labelResource: async () => ({ ...secret, description: "thing", operation: "read" }),
    labelResponse: async () => ({ labeledPaths: [{ path: "/0", labels: { secrecy: [], integrity: ["i"] } }] }),
  });
  const text = { type: "text", text: "[1]" };
  const image = { type: "image", data: "AA==", mimeType: "image/png" };
  const report = await preview(scenario({ content: [text, image] }), { guards: { "g.wasm": guard } });
  assert.deepEqual(report.calls[0]?.labelling, { kind: "array", path: "", form: "mcp-text", unlabelled: "shown" });
  const [gained, lost] = traceTags(report).tags;
  assert.deepEqual([gained?.tag, gained?.gained?.by, gained?.gained?.count], ["s", "response", 0]);
  assert.deepEqual([lost?.tag, lost?.lost?.by, lost?.lost?.count], ["i", "response", 0]);
});

test("integrity that what was read before keeps out is traced to what was read", async () => {
  const reading = guardOf({ labelResponse: async () => ({ labeledPaths: [{ path: "/0", labels: open }] }) });
  const needing = guardOf({
    labelAgent: async () => ({ agent: { secrecy: [], integrity: ["trusted"] }, mode: "filter" }),
    labelResource: async () => ({ secrecy: [], integrity: ["trusted"], description: "thing", operation: "write" }),
  });
  const report = await preview(
    {
      servers: { a: { guard: { wasm: "a.wasm" } }, b: { guard: { wasm: "b.wasm" } } },
      calls: [
        { server: "a", tool: "list_x", result: [1] },
        { server: "b", tool: "create_x", result: {} },
      ],
    },
    { guards: { "a.wasm": reading, "b.wasm": needing } },
  );
  assert.equal(report.calls[1]?.outcome.status, "denied");
  const found = traceTags(report).tags.find(({ tag }) => tag === "trusted");
  assert.equal(found?.gained, undefined);
  assert.deepEqual([found?.lost?.call, found?.lost?.items.map(({ index }) => index)], [0, [0]]);
  assert.deepEqual(
    found?.consequences.map(({ call, effect }) => [call, effect]),
    [[1, "denied"]],
  );
});

test("tags that a scenario cannot hold are left out of what is recorded", async () => {
  const guard = guardOf({
    labelAgent: async () => ({ agent: open, mode: "propagate" }),
    labelResponse: async () => ({ labeledPaths: [{ path: "/0", labels: { secrecy: [" "], integrity: [] } }] }),
  });
  const report = await preview(scenario([1]), { guards: { "g.wasm": guard } });
  const recorded = recordExpectations(scenario([1]), report);
  assert.equal((await preview(recorded, { guards: { "g.wasm": guard } })).passed, true);
});

test("a guard that fails under another policy is not taken for one that shows more", async () => {
  const guard = guardOf({
    labelAgent: async (policy) => {
      const { "allow-only": rules } = policy as { "allow-only": { "min-integrity": string } };
      if (rules["min-integrity"] === "none") throw new Error("It cannot");
      return { agent: { secrecy: [], integrity: ["i"] }, mode: "filter" };
    },
    labelResponse: async () => ({ labeledPaths: [{ path: "/0", labels: { secrecy: [], integrity: ["i"] } }] }),
  });
  const policy = (level: string) => ({ "allow-only": { repos: "all", "min-integrity": level } });
  const guarded = {
    servers: { s: { guard: { wasm: "g.wasm" }, policy: policy("unapproved") } },
    calls: [{ server: "s", tool: "list_x", result: [1, 2] }],
  };
  const options = { guards: { "g.wasm": guard } };
  const { effect } = await comparePolicies(guarded, { s: policy("none") }, options);
  assert.deepEqual([effect.comparison, effect.calls[0]?.after, effect.calls[0]?.hidden], ["stricter", "failed", [0]]);
  const { changes, tried } = await suggestChanges(guarded, options);
  assert.ok(tried > 0);
  assert.deepEqual(changes, []);
});

test("a guard that fails for every tool covers none", async () => {
  const guard = guardOf({
    labelResource: async () => {
      throw new Error("It cannot");
    },
  });
  const { tools, counts } = await toolCoverage([{ name: "list_x" }], scenario([1]), "s", {
    guards: { "g.wasm": guard },
  });
  assert.match(tools[0]?.error ?? "", /It cannot/);
  assert.deepEqual([counts.failed, counts.default, tools[0]?.shapes], [1, 1, []]);
});

test("a guard that goes by the words of names is found out, whatever stands between the words", async () => {
  const guard = guardOf({
    labelResource: async ({ tool }) => {
      const isRead = tool.startsWith("get-") || tool.endsWith(".read") || tool === "now";
      return { ...open, description: tool, operation: isRead ? "read" : "read-write" };
    },
  });
  const names = ["get-sum", "issue.read", "now", "sum", "put-sum", "-", "_x", "x_"];
  const { tools } = await toolCoverage(
    names.map((name) => ({ name })),
    scenario([1]),
    "s",
    { guards: { "g.wasm": guard } },
  );
  assert.deepEqual(
    tools.map(({ known }) => known),
    ["pattern", "pattern", "name", "default", "default", "default", "default", "default"],
  );
});

test("a guard that labels one shape only is found out", async () => {
  const guard = guardOf({
    labelResponse: async (_call, result) =>
      Array.isArray(result) ? { labeledPaths: [{ path: "/0", labels: open }] } : null,
  });
  const { tools, counts } = await toolCoverage([{ name: "list_x" }], scenario([1]), "s", {
    guards: { "g.wasm": guard },
  });
  assert.deepEqual(
    tools[0]?.shapes.map(({ shape, labels }) => [shape, labels]),
    [
      ["rest", "items"],
      ["mcp", "none"],
    ],
  );
  assert.equal(counts.uneven, 1);
});

test("material that does not go with what is there says why", async () => {
  const sinks = parseScenario({ servers: { web: { policy: { "write-sink": { accept: ["*"] } } } }, calls: [] });
  const policy = await readMaterial('{"allow-only":{"repos":"all","min-integrity":"none"}}');
  assert.deepEqual(Object.keys(toScenario(policy, sinks).scenario?.servers ?? {}), ["web", "github"]);
  const bare = parseScenario({ servers: { s: {} }, calls: [] });
  const log = await readMaterial(
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}\n{"jsonrpc":"2.0","id":1,"result":{}}',
  );
  const { scenario: none, problems } = toScenario(log, bare);
  assert.equal(none, undefined);
  assert.match(problems.at(-1)?.message ?? "", /servers\.s\.guard/);
});

test("material is a text or bytes, of a size", async () => {
  await assert.rejects(readMaterial(12 as never), /must be a string/);
  const large = await readMaterial("x".repeat(100), { maxBytes: 99 });
  assert.match(large.problems[0]?.message ?? "", /100 bytes, more than the 99/);
  const wide = await readMaterial(new Uint8Array([0xff, 0xfe, 0x7b, 0x00]));
  assert.match(wide.problems[0]?.message ?? "", /UTF-16/);
  const noise = await readMaterial(new Uint8Array([0x80, 0x81]).buffer);
  assert.match(noise.problems[0]?.message ?? "", /neither a WebAssembly module nor a text/);
  const broken = await readMaterial(new Uint8Array([0, 0x61, 0x73, 0x6d, 9, 9, 9, 9]));
  assert.ok(broken.kind === "guard" && !broken.report.ok && broken.problems.length > 0 && broken.sha256.length === 64);
});
