// The page of the tests: the store in IndexedDB.
import { browserAgents } from "edge-guard/browser";
import { gainAndCount, runKit, tagsOf } from "./kit.ts";

let made = 0;
const store = browserAgents({ name: "kept" });

Object.assign(globalThis, {
  kit: () =>
    runKit(
      "browserAgents",
      () => browserAgents({ name: `run ${Date.now()} ${++made}` }),
      () => [browserAgents({ name: "hands" }), browserAgents({ name: "hands" })],
    ),
  gain: async (agent: string, prefix: string, count: number) => {
    await Promise.all(Array.from({ length: count }, (_, n) => gainAndCount(store, agent, `${prefix}${n}`)));
  },
  stateOf: (agent: string) => store.transact(agent, (state) => ({ value: state })),
  /** Takes the agent's lock and keeps it. */
  hold: (agent: string) =>
    new Promise<void>((resolve) => {
      navigator.locks.request(`edge-guard:kept:${agent}`, () => {
        resolve();
        return new Promise(() => {});
      });
    }),
  broken: () => {
    indexedDB.open = () => {
      throw new DOMException("no", "SecurityError");
    };
    return tagsOf(browserAgents({ name: "other" }), "a").catch((error: { code: string }) => error.code);
  },
});
