// What every store is put through in its own runtime: the conformance kit, and a thousand changes of one agent by several hands.
import type { AgentStore } from "edge-guard";
import { testAgentStore } from "edge-guard/testing";

/** `""` for a case that held. */
export type Results = Readonly<Record<string, string>>;

/** `create` makes an empty store at each call; `hands` makes several stores on the same data, as several processes would. */
export async function runKit(
  name: string,
  create: () => AgentStore | Promise<AgentStore>,
  hands: () => readonly AgentStore[] | Promise<readonly AgentStore[]>,
): Promise<Results> {
  const results: Record<string, string> = {};
  const run = async (title: string, body: () => Promise<void>): Promise<void> => {
    try {
      await body();
      results[title] = "";
    } catch (error) {
      results[title] = String(error);
    }
  };
  for (const { name: title, run: body } of testAgentStore({ name, create })) await run(title, body);
  await run(`${name}: a thousand changes by several hands lose no tag and no count`, async () => {
    const stores = await hands();
    await Promise.all(
      Array.from({ length: 1000 }, (_, n) => gainAndCount(stores[n % stores.length]!, "alice", `t${n}`)),
    );
    const { gained, calls } = await stores[0]!.transact("alice", (state) => ({ value: state }));
    if (new Set(gained).size !== 1000 || calls["c"] !== 1000)
      throw new Error(`${gained.length} tags, ${calls["c"]} calls`);
  });
  return results;
}

export function gainAndCount(store: AgentStore, key: string, tag: string): Promise<void> {
  return store.transact(key, (state) => ({
    next: { ...state, gained: [...state.gained, tag], calls: { c: (state.calls["c"] ?? 0) + 1 } },
    value: undefined,
  }));
}

export async function tagsOf(store: AgentStore, key: string): Promise<readonly string[]> {
  return store.transact(key, ({ gained }) => ({ value: gained }));
}
