// Stores for tests: one that, like a database, keeps texts, is slow, and runs a change again when another came in between.
import { type AgentState, type AgentStore, emptyState } from "../../../src/monitor/state.ts";

/** Every transaction yields several times, so that calls interleave as they would over a network. */
export function jsonStore(): AgentStore & { readonly retries: number } {
  const texts = new Map<string, string>();
  const versions = new Map<string, number>();
  let retries = 0;
  const later = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    get retries() {
      return retries;
    },
    async transact(key, change) {
      for (;;) {
        await later();
        const version = versions.get(key) ?? 0;
        const text = texts.get(key);
        await later();
        const { next, value } = change(text === undefined ? emptyState : (JSON.parse(text) as AgentState));
        if (next === undefined) return value;
        await later();
        if ((versions.get(key) ?? 0) !== version) {
          retries += 1;
          continue;
        }
        versions.set(key, version + 1);
        texts.set(key, JSON.stringify(next));
        return value;
      }
    },
    async delete(key) {
      await later();
      versions.set(key, (versions.get(key) ?? 0) + 1);
      texts.delete(key);
    },
  };
}
