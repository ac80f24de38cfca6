// The Worker of the tests: the store of Durable Objects, and one object that fails.
import { AgentLabelsObject, type DurableObjectNamespaceLike, durableObjectAgents } from "edge-guard/cloudflare";
import { gainAndCount, runKit, tagsOf } from "./kit.ts";

export { AgentLabelsObject };

interface Bindings {
  readonly AGENTS: DurableObjectNamespaceLike;
}

let namespaces = 0;

/** A namespace of its own among the same objects. */
function apart(agents: DurableObjectNamespaceLike, name: string): DurableObjectNamespaceLike {
  return { idFromName: (key) => agents.idFromName(`${name}/${key}`), get: (id) => agents.get(id) };
}

export default {
  async fetch(request: Request, { AGENTS }: Bindings): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const answer = async (): Promise<unknown> => {
      if (pathname === "/kit") {
        const name = `run ${Date.now()}`;
        const create = () => durableObjectAgents(apart(AGENTS, `${name} ${++namespaces}`));
        const hands = () => [0, 1, 2, 3].map(() => durableObjectAgents(apart(AGENTS, name), { attempts: 5000 }));
        return runKit("durableObjectAgents", create, hands);
      }
      const ttl = searchParams.get("ttl");
      const store = durableObjectAgents(AGENTS, ttl === null ? {} : { ttl: Number(ttl) });
      if (pathname === "/gain") await gainAndCount(store, "kept", searchParams.get("tag") ?? "");
      if (pathname === "/down") {
        const down = {
          idFromName: (key: string) => AGENTS.idFromName(key),
          get: () => ({ fetch: async () => new Response("no", { status: 503 }) }),
        };
        return tagsOf(durableObjectAgents(down), "kept").catch((error: { code: string }) => error.code);
      }
      if (pathname === "/late") {
        // Made from what was forgotten meanwhile: must not bring it back.
        await gainAndCount(store, "late", "old");
        const stale = await durableObjectAgents(AGENTS).transact("late", (state) => ({ value: state }));
        await store.delete?.("late");
        const object = AGENTS.get(AGENTS.idFromName("agent:late") as never);
        const put = await object.fetch("https://agent.invalid/", {
          method: "PUT",
          body: JSON.stringify({ version: 1, state: stale }),
        });
        return [put.status, await tagsOf(store, "late")];
      }
      return tagsOf(store, "kept");
    };
    return Response.json(await answer());
  },
};
