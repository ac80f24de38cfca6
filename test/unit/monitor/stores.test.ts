// The in-memory store against the conformance kit, its bounds, and what the kit finds in stores that lose updates.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StateError } from "../../../src/errors.ts";
import { memoryAgents } from "../../../src/monitor/memory-agents.ts";
import { type AgentState, type AgentStore, emptyState } from "../../../src/monitor/state.ts";
import { testAgentStore } from "../../../src/testing/state-conformance.ts";
import { jsonStore } from "./stores.ts";

for (const [name, create] of [
  ["memoryAgents", () => memoryAgents()],
  ["memoryAgents with ttl", () => memoryAgents({ ttl: 60_000 })],
  ["a store of JSON texts that retries", jsonStore],
] as const) {
  describe(name, () => {
    for (const { name: title, run } of testAgentStore({ name, create })) test(title, run);
  });
}

test("the kit finds a store that reads, waits and writes", async () => {
  const states = new Map<string, AgentState>();
  const careless: AgentStore = {
    async transact(key, change) {
      const { next, value } = change(states.get(key) ?? emptyState);
      await Promise.resolve();
      if (next !== undefined) states.set(key, next);
      return value;
    },
  };
  const failed: string[] = [];
  for (const { name, run } of testAgentStore({ name: "careless", create: () => careless })) {
    states.clear();
    await run().catch(() => failed.push(name));
  }
  assert.ok(
    failed.some((name) => name.includes("none is lost")),
    failed.join("\n"),
  );
});

const gained = (tag: string) => () => ({ next: { ...emptyState, gained: [tag] }, value: undefined });
const read = (store: AgentStore, key: string) => store.transact(key, (state) => ({ value: state.gained }));

test("a full store refuses new agents and keeps the ones that it has", async () => {
  const store = memoryAgents({ max: 2 });
  await store.transact("a", gained("x"));
  await store.transact("b", gained("x"));
  await assert.rejects(
    store.transact("c", gained("x")),
    (error: Error) => error instanceof StateError && /"max"/.test(error.message),
  );
  assert.deepEqual(await read(store, "c"), []);
  assert.deepEqual(await read(store, "a"), ["x"]);
  await store.transact("a", gained("y"));
  await store.delete?.("b");
  await store.transact("c", gained("z"));
  assert.deepEqual(await read(store, "c"), ["z"]);
});

test("an agent that was idle for ttl is forgotten, one that was read is not", async () => {
  let time = 0;
  const store = memoryAgents({ ttl: 10, now: () => time });
  await store.transact("idle", gained("x"));
  await store.transact("busy", gained("x"));
  time = 9;
  assert.deepEqual(await read(store, "busy"), ["x"]);
  time = 10;
  assert.deepEqual(await read(store, "busy"), ["x"]);
  assert.deepEqual(await read(store, "idle"), []);
});

test("options that are no positive numbers are refused by name", () => {
  for (const bad of [0, -1, Number.NaN, "9"]) {
    assert.throws(() => memoryAgents({ max: bad as number }), { name: "RangeError", message: /"max"/ });
    assert.throws(() => memoryAgents({ ttl: bad as number }), { name: "RangeError", message: /"ttl"/ });
  }
});
