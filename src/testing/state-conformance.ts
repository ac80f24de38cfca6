// What every AgentStore must do, as cases that any test runner can run. A store that fails one of them can leak.
import { canonicalJson } from "../backend/canonical-json.ts";
import { type AgentState, type AgentStore, emptyState } from "../monitor/state.ts";
import type { ConformanceCase } from "./backend-conformance.ts";

export interface StoreUnderTest {
  /** Stands before each case's name. */
  readonly name: string;
  /** Makes an empty store. Called once per case. */
  create(): AgentStore | Promise<AgentStore>;
}

const KEYS = ["alice", "__proto__", "constructor", "", " ", "a/b", "a:b", "ключ 🔑", "k".repeat(400)];

/** The cases for one store. */
export function testAgentStore({ name, create }: StoreUnderTest): ConformanceCase[] {
  const cases: [string, (store: AgentStore) => Promise<void>][] = [
    ["an unknown agent has the empty state", async (store) => same(await read(store, "alice"), emptyState)],
    [
      "the value of a change is handed on",
      async (store) => same(await store.transact("alice", () => ({ value: { deep: [1] } })), { deep: [1] }),
    ],
    [
      "what is stored is there the next time, to the last field",
      async (store) => {
        const state = stateOf(["private:acme", "*"], { '["server","tool"]': 3 }, ["approved"]);
        await write(store, "alice", state);
        same(await read(store, "alice"), state);
      },
    ],
    [
      "no integrity left is not the same as none asked for",
      async (store) => {
        await write(store, "alice", { ...emptyState, kept: [] });
        same((await read(store, "alice")).kept, []);
        await write(store, "alice", emptyState);
        same((await read(store, "alice")).kept, null);
      },
    ],
    [
      "a change without a next state changes nothing",
      async (store) => {
        await write(store, "alice", stateOf(["a"]));
        await store.transact("alice", () => ({ value: 1 }));
        same(await read(store, "alice"), stateOf(["a"]));
      },
    ],
    [
      "agents are kept apart, whatever they are called",
      async (store) => {
        for (const key of KEYS) await write(store, key, stateOf([`tag of ${key}`]));
        for (const key of KEYS) same((await read(store, key)).gained, [`tag of ${key}`]);
      },
    ],
    [
      "of a hundred changes at the same time none is lost",
      async (store) => {
        const tags = Array.from({ length: 100 }, (_, index) => `tag ${index}`);
        await Promise.all(tags.map((tag) => gain(store, "alice", tag)));
        same([...(await read(store, "alice")).gained].sort(), tags.sort());
      },
    ],
    [
      "counting at the same time counts every call once",
      async (store) => {
        const count = (): Promise<number> =>
          store.transact("alice", (state) => {
            const calls = (state.calls["call"] ?? 0) + 1;
            return { next: { ...state, calls: { call: calls } }, value: calls };
          });
        const counts = await Promise.all(Array.from({ length: 50 }, count));
        same(
          counts.sort((a, b) => a - b),
          Array.from({ length: 50 }, (_, index) => index + 1),
        );
      },
    ],
    [
      "a change sees what the one before it stored",
      async (store) => {
        await gain(store, "alice", "first");
        same(await store.transact("alice", ({ gained }) => ({ value: gained })), ["first"]);
      },
    ],
    [
      "a change that throws rejects, stores nothing and blocks nobody",
      async (store) => {
        await gain(store, "alice", "first");
        let thrown: unknown;
        await store
          .transact("alice", () => {
            throw new RangeError("no");
          })
          .catch((error: unknown) => {
            thrown = error;
          });
        check(thrown instanceof Error, "The rejection must be an Error");
        same((await read(store, "alice")).gained, ["first"]);
        await gain(store, "alice", "second");
        same((await read(store, "alice")).gained, ["first", "second"]);
      },
    ],
    [
      "a deleted agent is unknown again, others stay",
      async (store) => {
        if (store.delete === undefined) return;
        await gain(store, "alice", "first");
        await gain(store, "bob", "first");
        await store.delete("alice");
        await store.delete("nobody");
        same(await read(store, "alice"), emptyState);
        same((await read(store, "bob")).gained, ["first"]);
      },
    ],
    [
      "a state of a thousand tags comes back whole",
      async (store) => {
        const state = stateOf(Array.from({ length: 1000 }, (_, index) => `private:owner/repository-${index}`));
        await write(store, "alice", state);
        same(await read(store, "alice"), state);
      },
    ],
  ];
  return cases.map(([title, body]) => ({ name: `${name}: ${title}`, run: async () => body(await create()) }));
}

function stateOf(
  gained: readonly string[],
  calls: AgentState["calls"] = {},
  kept: AgentState["kept"] = null,
): AgentState {
  return { ...emptyState, gained, calls, kept };
}

function read(store: AgentStore, key: string): Promise<AgentState> {
  return store.transact(key, (state) => ({ value: state }));
}

function write(store: AgentStore, key: string, next: AgentState): Promise<void> {
  return store.transact(key, () => ({ next, value: undefined }));
}

function gain(store: AgentStore, key: string, tag: string): Promise<void> {
  return store.transact(key, (state) => ({ next: { ...state, gained: [...state.gained, tag] }, value: undefined }));
}

function check(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

function same(actual: unknown, expected: unknown): void {
  const [left, right] = [canonicalJson(actual), canonicalJson(expected)];
  check(left === right, `Expected ${right.slice(0, 300)}, got ${left.slice(0, 300)}`);
}
