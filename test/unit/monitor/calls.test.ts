// Around the phases: abort, what guards and listeners are told, sessions, concurrency.
import assert from "node:assert/strict";
import { test } from "node:test";
import { functionBackend } from "../../../src/backend/function.ts";
import type { Labels, Mode } from "../../../src/difc/labels.ts";
import { BackendError, TimeoutError } from "../../../src/errors.ts";
import type { CallOptions, Guard } from "../../../src/guard/guard.ts";
import type { MonitorEvent } from "../../../src/monitor/events.ts";
import { createMonitor, type Monitor } from "../../../src/monitor/monitor.ts";
import type { AgentStore } from "../../../src/monitor/state.ts";

const none: Labels = { secrecy: [], integrity: [] };
const vault: Labels = { secrecy: ["private:vault"], integrity: [] };

function guardWith(parts: Partial<Guard> = {}, mode: Mode = "propagate"): Guard {
  return {
    name: "scripted",
    labelAgent: async () => ({ agent: none, mode }),
    labelResource: async () => ({ ...vault, description: "", operation: "read" }),
    labelResponse: async () => null,
    close: async () => {},
    ...parts,
  };
}

const never = (): Promise<never> => new Promise(() => {});
const call = (monitor: Monitor, signal?: AbortSignal) =>
  monitor.callTool({ server: "s", tool: "list_x", args: { a: 1 }, signal }, () => ["payroll"]);

for (const [where, parts, execute] of [
  ["label_agent", { labelAgent: never }, undefined],
  ["label_resource", { labelResource: never }, undefined],
  ["the backend", {}, never],
  ["label_response", { labelResponse: never }, undefined],
] as const) {
  test(`an abort while waiting for ${where} rejects at once, even where nobody else heeds the signal`, async () => {
    const monitor = createMonitor({ servers: { s: { guard: guardWith(parts) } } });
    const controller = new AbortController();
    const reason = new Error("enough");
    const pending = monitor.callTool({ server: "s", tool: "t", signal: controller.signal }, execute ?? (() => 1));
    setTimeout(() => controller.abort(reason), 5);
    await assert.rejects(pending, (error: Error) => error.name === "AbortError" && error.cause === reason);
    assert.deepEqual(await monitor.agents.get("default"), none);
  });
}

test("a call whose signal has fired does not begin", async () => {
  let asked = 0;
  const labelAgent = async () => {
    asked += 1;
    return { agent: none, mode: "strict" as const };
  };
  const monitor = createMonitor({ servers: { s: { guard: guardWith({ labelAgent }) } } });
  let executed = false;
  const pending = monitor.callTool({ server: "s", tool: "t", signal: AbortSignal.abort() }, () => {
    executed = true;
  });
  await assert.rejects(pending, { name: "AbortError" });
  assert.deepEqual([executed, asked], [false, 0]);
});

test("a signal that times out rejects with TimeoutError", async () => {
  const monitor = createMonitor({ servers: { s: { guard: guardWith({ labelResource: never }) } } });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("late", "TimeoutError")), 5);
  await assert.rejects(call(monitor, controller.signal), { name: "TimeoutError" });
});

test("a guard's own time-out is a fault of the call, not an abort", async () => {
  const labelResource = async (): Promise<never> => {
    throw new TimeoutError("The deadline passed");
  };
  const monitor = createMonitor({ servers: { s: { guard: guardWith({ labelResource }) } } });
  const outcome = await call(monitor, new AbortController().signal);
  assert.equal(outcome.status, "failed");
  assert.ok(outcome.error instanceof TimeoutError);
});

test("an abort while the taint is stored releases nothing", async () => {
  const controller = new AbortController();
  let transactions = 0;
  const state: AgentStore = {
    transact: (_key, change) => {
      transactions += 1;
      if (transactions === 2) {
        controller.abort();
        return never();
      }
      return Promise.resolve(change({ set: none, granted: none, gained: [], kept: null, calls: {} }).value);
    },
  };
  const monitor = createMonitor({ servers: { s: { guard: guardWith() } }, state });
  await assert.rejects(call(monitor, controller.signal), { name: "AbortError" });
  assert.equal(transactions, 2);
});

test("taint is stored before the result is released", async () => {
  const order: string[] = [];
  const inner = new Map<string, Parameters<Parameters<AgentStore["transact"]>[1]>[0]>();
  const state: AgentStore = {
    async transact(key, change) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { next, value } = change(inner.get(key) ?? { set: none, granted: none, gained: [], kept: null, calls: {} });
      if (next !== undefined) inner.set(key, next);
      order.push("stored");
      return value;
    },
  };
  const monitor = createMonitor({ servers: { s: { guard: guardWith() } }, state });
  await call(monitor);
  order.push("released");
  assert.deepEqual(order, ["stored", "stored", "released"]);
});

test("guards are told tool, arguments, capabilities, signal and backend, and the JSON inside an MCP result", async () => {
  const seen: [string, unknown, CallOptions | undefined][] = [];
  const backend = functionBackend(() => 1);
  const wrapped = { content: [{ type: "text", text: "[1]" }] };
  const guard = guardWith({
    labelAgent: async (policy, options) => {
      seen.push(["agent", policy, options]);
      return { agent: none, mode: "filter" };
    },
    labelResource: async (toolCall, options) => {
      seen.push(["resource", toolCall, options]);
      return { ...none, description: "", operation: "read" };
    },
    labelResponse: async (_call, result, options) => {
      seen.push(["response", result, options]);
      return null;
    },
  });
  const policy = { "allow-only": { repos: "all", "min-integrity": "none", "tool-call-limits": { x: 1 } } };
  const monitor = createMonitor({ servers: { s: { guard, policy, backend } }, capabilities: ["images"] });
  await monitor.callTool({ server: "s", tool: "list_x", args: { a: 1 } }, () => wrapped);
  assert.deepEqual(
    seen.map(([what, value]) => [what, value]),
    [
      ["agent", { "allow-only": { repos: "all", "min-integrity": "none" } }],
      ["resource", { tool: "list_x", args: { a: 1 } }],
      ["response", [1]],
    ],
  );
  for (const [, , options] of seen) {
    assert.deepEqual(options?.capabilities, ["images"]);
    assert.equal(options?.backend, backend);
  }
  await monitor.callTool({ server: "s", tool: "list_x" }, () => wrapped);
  assert.equal(seen.filter(([what]) => what === "agent").length, 1, "label_agent is asked once per session");
});

test("events tell the phases in order, the guard's reports in their phase, and the outcome last", async () => {
  const events: MonitorEvent[] = [];
  const question = {
    type: "question",
    guard: "scripted",
    tool: "ask",
    args: {},
    result: 1,
    milliseconds: 0,
    used: true,
  } as const;
  const guard = guardWith({
    labelResource: async (_call, options) => {
      options?.onEvent?.(question);
      return { ...none, description: "", operation: "read" };
    },
    labelResponse: async () => ({ labeledPaths: [{ path: "/7", labels: none }] }),
  });
  const monitor = createMonitor({ servers: { s: { guard } }, onEvent: (event) => events.push(event) });
  const outcome = await call(monitor);
  const names = events.map((event) => (event.type === "phase" ? event.phase.name : event.type));
  assert.deepEqual(names, [
    "agent",
    "guard",
    "resource",
    "coarse-check",
    "backend",
    "log",
    "response",
    "items",
    "taint",
    "outcome",
  ]);
  assert.deepEqual(outcome.trace[1]?.events, [question]);
  assert.ok(events.every(({ agent, server, tool }) => agent === "default" && server === "s" && tool === "list_x"));
});

test("a listener that throws decides nothing", async () => {
  const onEvent = (): never => {
    throw new Error("broken");
  };
  const monitor = createMonitor({ servers: { s: { guard: guardWith() } }, onEvent });
  assert.equal((await call(monitor)).status, "allowed");
});

test("what execute throws becomes a BackendError, one of its own stays", async () => {
  const monitor = createMonitor({ servers: { s: { guard: guardWith() } } });
  const run = (thrown: unknown) =>
    monitor.callTool({ server: "s", tool: "t" }, () => {
      throw thrown;
    });
  const cause = new Error("no route");
  const first = await run(cause);
  assert.ok(first.error instanceof BackendError && first.error.cause === cause);
  const own = new BackendError("busy", { transient: true });
  assert.equal((await run(own)).error, own);
  assert.equal((await run("a string")).status, "failed");
  assert.equal((await run(undefined)).status, "failed");
});

test("two calls at the same time never see more than the limit lets through", async () => {
  const policy = { "allow-only": { repos: "all", "min-integrity": "none", "tool-call-limits": { list_x: 3 } } };
  const monitor = createMonitor({ servers: { s: { guard: guardWith(), policy } } });
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => call(monitor)));
  assert.equal(outcomes.filter(({ status }) => status === "allowed").length, 3);
  assert.equal(outcomes.filter(({ status }) => status === "denied").length, 7);
});

test("agents: set begins anew, end forgets, misuse is named", async () => {
  const monitor = createMonitor({ servers: { s: { guard: guardWith() } } });
  await call(monitor);
  assert.deepEqual((await monitor.agents.get("default")).secrecy, ["private:vault"]);
  await monitor.agents.set("default", { secrecy: ["x", " x "], integrity: ["y"] });
  assert.deepEqual(await monitor.agents.get("default"), { secrecy: ["x"], integrity: ["y"] });
  await monitor.agents.end("default");
  assert.deepEqual(await monitor.agents.get("default"), none);
  await assert.rejects(monitor.agents.get(1 as never), { name: "TypeError", message: /"id"/ });
  await assert.rejects(monitor.agents.set("a", { secrecy: "x" } as never), {
    name: "TypeError",
    message: /"labels.secrecy"/,
  });
  await assert.rejects(monitor.agents.set("a", null as never), { name: "TypeError", message: /"labels"/ });
});

test("a result of 100 000 items is filtered in linear time", async () => {
  const time = async (count: number): Promise<number> => {
    const items = Array.from({ length: count }, (_, index) => ({ index }));
    const labeledPaths = items.map((_, index) => ({ path: `/${index}`, labels: index % 2 === 0 ? none : vault }));
    const monitor = createMonitor({
      servers: { s: { guard: guardWith({ labelResponse: async () => ({ labeledPaths }) }, "filter") } },
    });
    const started = performance.now();
    const outcome = await monitor.callTool({ server: "s", tool: "list_x" }, () => items);
    assert.equal(outcome.removed.length, count / 2);
    return performance.now() - started;
  };
  await time(10_000);
  const small = Math.min(await time(10_000), await time(10_000), await time(10_000));
  const large = await time(100_000);
  assert.ok(large < small * 60, `10 000 items: ${small} ms, 100 000: ${large} ms`);
});
