// What must hold for every sequence of calls: agents are only ever restricted, nothing withheld shows, concurrency loses nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Labels, Mode, Operation } from "../../../src/difc/labels.ts";
import type { Guard } from "../../../src/guard/guard.ts";
import { createMonitor } from "../../../src/monitor/monitor.ts";
import { jsonStore } from "./stores.ts";

interface Step {
  readonly server: "a" | "b";
  readonly operation: Operation;
  readonly resource: Labels;
  readonly items: readonly Labels[] | null;
}

const tags = fc.uniqueArray(fc.constantFrom("p", "q", "r", "*"), { maxLength: 3 });
const labels: fc.Arbitrary<Labels> = fc.record({ secrecy: tags, integrity: tags });
const plain = fc.uniqueArray(fc.constantFrom("p", "q", "r"), { maxLength: 3 });
const base: fc.Arbitrary<Labels> = fc.record({ secrecy: plain, integrity: plain });
const step: fc.Arbitrary<Step> = fc.record({
  server: fc.constantFrom("a" as const, "b" as const),
  operation: fc.constantFrom("read" as const, "read" as const, "write" as const, "read-write" as const),
  resource: labels,
  items: fc.option(fc.array(labels, { maxLength: 4 }), { nil: null }),
});

/** The arguments of a call say how it is to be labelled. */
function guardFor(agent: Labels, mode: Mode): Guard {
  return {
    name: "scripted",
    labelAgent: async () => ({ agent, mode }),
    labelResource: async ({ args }) => {
      const { resource, operation } = args as Step;
      return { ...resource, description: "", operation };
    },
    labelResponse: async ({ args }) => {
      const { items } = args as Step;
      return items === null
        ? null
        : { labeledPaths: items.map((item, index) => ({ path: `/${index}`, labels: item })) };
    },
    close: async () => {},
  };
}

const result = ({ items }: Step): unknown => (items ?? [0]).map((_, index) => `secret-${index}-`);
const isIn = (inner: readonly string[], outer: readonly string[]): boolean => inner.every((tag) => outer.includes(tag));

test("propagate: no sequence of calls ever widens an agent", async () => {
  await fc.assert(
    fc.asyncProperty(base, base, fc.array(step, { maxLength: 12 }), async (first, second, steps) => {
      const monitor = createMonitor({
        servers: { a: { guard: guardFor(first, "propagate") }, b: { guard: guardFor(second, "propagate") } },
      });
      const called = new Set<string>();
      let before = await monitor.agents.get("default");
      for (const each of steps) {
        const outcome = await monitor.callTool({ server: each.server, tool: "list_x", args: each }, () => result(each));
        assert.ok(isIn(outcome.agent.before.secrecy, outcome.agent.after.secrecy), "secrecy only grows");
        assert.ok(isIn(outcome.agent.after.integrity, outcome.agent.before.integrity), "integrity only shrinks");
        const after = await monitor.agents.get("default");
        assert.ok(isIn(before.secrecy, after.secrecy), "secrecy only grows between calls");
        // A first call of a server brings what its policy gives; after that, nothing does.
        if (called.has(each.server))
          assert.ok(isIn(after.integrity, before.integrity), "integrity only shrinks between calls");
        called.add(each.server);
        before = after;
      }
    }),
    { numRuns: 400 },
  );
});

test("propagate: after reading, an agent holds the secrecy and has lost the integrity that it read lacks", async () => {
  await fc.assert(
    fc.asyncProperty(base, step, async (agent, each) => {
      const monitor = createMonitor({ servers: { a: { guard: guardFor(agent, "propagate") } } });
      const read: Step = { ...each, operation: "read", server: "a" };
      const outcome = await monitor.callTool({ server: "a", tool: "list_x", args: read }, () => result(read));
      if (outcome.status === "denied") return;
      const hidden = new Set(outcome.removed.map(({ index }) => index));
      const shown = (read.items ?? [read.resource]).filter((_, index) => !hidden.has(index));
      for (const { secrecy, integrity } of shown) {
        assert.ok(isIn(secrecy, outcome.agent.after.secrecy));
        assert.ok(integrity.includes("*") || isIn(outcome.agent.after.integrity, integrity));
      }
    }),
    { numRuns: 300 },
  );
});

test("strict and filter: no sequence of calls of one server changes its agent, and nothing withheld shows", async () => {
  await fc.assert(
    fc.asyncProperty(
      base,
      fc.constantFrom("strict" as const, "filter" as const),
      fc.array(step, { maxLength: 8 }),
      async (agent, mode, steps) => {
        const monitor = createMonitor({ servers: { a: { guard: guardFor(agent, mode) } } });
        for (const each of steps) {
          const outcome = await monitor.callTool({ server: "a", tool: "list_x", args: each }, () => result(each));
          assert.deepEqual(outcome.agent.before, outcome.agent.after);
          const text = JSON.stringify(outcome.result);
          for (const { index } of outcome.removed) assert.ok(!text.includes(`secret-${index}-`), text);
          if (outcome.status === "denied") assert.ok(!text.includes("secret-"), text);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("what an agent has read on any server, in any mode, never reaches a sink that does not accept it", async () => {
  const modes = fc.constantFrom<Mode>("strict", "filter", "propagate");
  await fc.assert(
    fc.asyncProperty(
      base,
      modes,
      base,
      modes,
      fc.array(step, { maxLength: 8 }),
      plain,
      async (first, m, second, n, steps, sink) => {
        const monitor = createMonitor({
          servers: {
            a: { guard: guardFor(first, m) },
            b: { guard: guardFor(second, n) },
            sink: { guard: guardFor({ secrecy: [], integrity: [] }, "strict") },
          },
        });
        const read = new Set<string>();
        for (const each of steps) {
          const outcome = await monitor.callTool({ server: each.server, tool: "list_x", args: each }, () =>
            result(each),
          );
          const isShown = outcome.status !== "denied" && each.operation !== "write";
          if (!isShown) continue;
          const hidden = new Set(outcome.removed.map(({ index }) => index));
          const looked = outcome.trace[4]?.status === "ok" && each.items !== null;
          for (const item of looked ? each.items.filter((_, index) => !hidden.has(index)) : [each.resource]) {
            for (const tag of item.secrecy) read.add(tag);
          }
        }
        const write: Step = {
          server: "a",
          operation: "write",
          resource: { secrecy: sink, integrity: [] },
          items: null,
        };
        const outcome = await monitor.callTool({ server: "sink", tool: "post", args: write }, () => null);
        if (!isIn([...read], sink)) assert.equal(outcome.status, "denied", `read ${[...read]}, sink takes ${sink}`);
      },
    ),
    { numRuns: 500 },
  );
});

test("concurrent calls of one agent over a store that interleaves lose no tag", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
      const agent: Labels = { secrecy: [], integrity: ["p", "q", "r"] };
      const monitor = createMonitor({
        servers: { a: { guard: guardFor(agent, "propagate") }, b: { guard: guardFor(agent, "propagate") } },
        state: jsonStore(),
      });
      const reads = steps.map((each): Step => ({ ...each, operation: "read" }));
      const outcomes = await Promise.all(
        reads.map((each) => monitor.callTool({ server: each.server, tool: "list_x", args: each }, () => result(each))),
      );
      const { secrecy, integrity } = await monitor.agents.get("default");
      outcomes.forEach((outcome, position) => {
        if (outcome.status === "denied") return;
        const hidden = new Set(outcome.removed.map(({ index }) => index));
        const { items, resource } = reads[position]!;
        for (const item of (items ?? [resource]).filter((_, index) => !hidden.has(index))) {
          assert.ok(isIn(item.secrecy, secrecy), "no secrecy is lost");
          assert.ok(item.integrity.includes("*") || isIn(integrity, item.integrity), "no loss of integrity is lost");
        }
      });
    }),
    { numRuns: 60 },
  );
});
