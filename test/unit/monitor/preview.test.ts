// preview: what its report holds beyond the outcomes.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Labels, Mode } from "../../../src/difc/labels.ts";
import type { Guard } from "../../../src/guard/guard.ts";
import { preview } from "../../../src/monitor/preview.ts";

const vault: Labels = { secrecy: ["private:vault"], integrity: [] };
const open: Labels = { secrecy: [], integrity: [] };

/** Asks its backend about the call, then labels every second item `private:vault`. */
function asking(mode: Mode = "filter"): Guard & { closed: number } {
  return {
    name: "asking",
    closed: 0,
    labelAgent: async () => ({ agent: open, mode }),
    async labelResource({ tool, args }, options) {
      try {
        await options?.backend?.callTool("about", { tool, args });
      } catch {
        // A guard goes on without the answer.
      }
      return { ...open, description: "things", operation: tool.startsWith("create") ? "write" : "read" };
    },
    labelResponse: async (_call, result) => {
      if (!Array.isArray(result)) return null;
      return {
        labeledPaths: result.map((_, index) => ({ path: `/${index}`, labels: index % 2 === 0 ? open : vault })),
      };
    },
    async close() {
      this.closed += 1;
    },
  };
}

const scenario = (calls: unknown[], more: object = {}) => ({
  title: "t",
  servers: { s: { guard: { wasm: "asking.wasm" } } },
  calls,
  ...more,
});
const list = (expect: object = {}) => ({ server: "s", tool: "list_x", args: { a: 1 }, result: [10, 11, 12], expect });

test("the report holds every item with what became of it, and the result as the backend gave it", async () => {
  const report = await preview(scenario([list()]), { guards: { "asking.wasm": asking() } });
  const [call] = report.calls;
  assert.equal(call?.outcome.status, "filtered");
  assert.deepEqual(call?.backendResult, [10, 11, 12]);
  assert.deepEqual(
    call?.items.map(({ index, visible, data, violations }) => ({ index, visible, data, violations })),
    [
      { index: 0, visible: true, data: 10, violations: [] },
      { index: 1, visible: false, data: 11, violations: ["secrecy"] },
      { index: 2, visible: true, data: 12, violations: [] },
    ],
  );
  assert.match(call?.items[1]?.reason ?? "", /private:vault/);
  assert.deepEqual({ ...report.modes }, { s: "filter" });
  assert.equal(report.passed, true);
});

test("in strict mode no item is visible, those that would have been say why", async () => {
  const report = await preview(scenario([list()]), { guards: { "asking.wasm": asking("strict") } });
  const [call] = report.calls;
  assert.equal(call?.outcome.status, "denied");
  assert.deepEqual(
    call?.items.map(({ visible, reason }) => [visible, /rest of the response/.test(reason)]),
    [
      [false, true],
      [false, false],
      [false, true],
    ],
  );
});

test("in propagate mode a visible item says that it taints", async () => {
  const report = await preview(scenario([list()]), { guards: { "asking.wasm": asking("propagate") } });
  assert.match(report.calls[0]?.items[1]?.reason ?? "", /tainted/);
  assert.deepEqual(report.calls[0]?.items[1]?.violations, ["secrecy"]);
  assert.deepEqual(report.agent, { before: open, after: vault });
});

test("an answer without items is one item; a write is not looked at", async () => {
  const calls = [
    { server: "s", tool: "get_x", result: { a: 1 } },
    { server: "s", tool: "create_x", result: { a: 1 } },
  ];
  const report = await preview(scenario(calls), { guards: { "asking.wasm": asking() } });
  assert.deepEqual(
    report.calls[0]?.items.map(({ data, visible }) => ({ data, visible })),
    [{ data: { a: 1 }, visible: true }],
  );
  assert.deepEqual(report.calls[1]?.items, []);
});

test("questions without an answer are listed once, ready to be pasted in", async () => {
  const options = { guards: { "asking.wasm": asking() } };
  const first = await preview(scenario([list(), list()]), options);
  const missing = [{ server: "s", tool: "about", args: { tool: "list_x", args: { a: 1 } } }];
  assert.deepEqual(first.missingAnswers, missing);
  const backend = missing.map(({ tool, args }) => ({ tool, args, result: null }));
  const second = await preview(
    scenario([list()], { servers: { s: { guard: { wasm: "asking.wasm" }, backend } } }),
    options,
  );
  assert.deepEqual(second.missingAnswers, []);
});

test("expectations that do not hold are listed by path, and the report has not passed", async () => {
  const report = await preview(scenario([list({ status: "allowed" }), list({ kept: [0, 2] })]), {
    guards: () => asking(),
  });
  assert.deepEqual(
    report.calls.map(({ mismatches }) => mismatches),
    [[{ path: "calls[0].expect.status", expected: "allowed", actual: "filtered" }], []],
  );
  assert.equal(report.passed, false);
});

test("the scenario's mode and agent hold", async () => {
  const more = { mode: "propagate", agent: { id: "triage", secrecy: ["x"] } };
  const agents: string[] = [];
  const report = await preview(scenario([list()], more), {
    guards: { "asking.wasm": asking("strict") },
    onEvent: ({ agent }) => agents.push(agent),
  });
  assert.equal(report.calls[0]?.outcome.status, "allowed");
  assert.deepEqual(report.agent.before, { secrecy: ["x"], integrity: [] });
  assert.ok(agents.length > 0 && agents.every((agent) => agent === "triage"));
});

test("a call without a result is a server that fails", async () => {
  const report = await preview(
    scenario([{ server: "s", tool: "get_x", expect: { status: "failed", error: "backend" } }]),
    { guards: () => asking() },
  );
  assert.equal(report.passed, true);
});

test("guards that were given stay open; one that is missing is named", async () => {
  const guard = asking();
  await preview(scenario([list()]), { guards: { "asking.wasm": guard } });
  assert.equal(guard.closed, 0);
  await assert.rejects(preview(scenario([])), { name: "TypeError", message: /"asking.wasm"/ });
  await assert.rejects(preview(scenario([]), { guards: { toString: guard } }), { name: "TypeError" });
  const hostile = { servers: { s: { guard: { wasm: "toString" } } }, calls: [] };
  await assert.rejects(preview(hostile, { guards: {} }), { name: "TypeError" });
});

test("a delayed backend gives the same report", async () => {
  const options = { guards: () => asking() };
  const entry = { tool: "about", args: { tool: "list_x", args: { a: 1 } }, result: 1 };
  const given = scenario([list()], { servers: { s: { guard: { wasm: "asking.wasm" }, backend: [entry] } } });
  const [now, later] = [await preview(given, options), await preview(given, { ...options, backendDelayMs: 5 })];
  assert.deepEqual(later.calls[0]?.items, now.calls[0]?.items);
  assert.deepEqual(later.missingAnswers, []);
});

test("an abort ends the preview", async () => {
  const guard: Guard = { ...asking(), labelResource: () => new Promise(() => {}) };
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 5);
  const pending = preview(scenario([list()]), { guards: { "asking.wasm": guard }, signal: controller.signal });
  await assert.rejects(pending, { name: "AbortError" });
});
