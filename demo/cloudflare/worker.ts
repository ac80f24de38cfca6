// A guarded MCP server on Cloudflare Workers: agents' labels in Durable Objects, the sample guard, one server behind it.
import { createMonitor, loadGuard, type Mode } from "edge-guard";
import { accessTokens } from "edge-guard/access";
import { AgentLabelsObject, type DurableObjectNamespaceLike, durableObjectAgents } from "edge-guard/cloudflare";
import { bearerTokens, createGuardProxy, type GuardProxy, type Identity, jsonLines } from "edge-guard/proxy";
import guardModule from "edge-guard/repo-guard.wasm";
import policy from "./policy.json" with { type: "json" };

export { AgentLabelsObject };

interface Bindings {
  readonly AGENTS: DurableObjectNamespaceLike;
  /** The MCP server behind this one. */
  readonly UPSTREAM_URL: string;
  /** Sent to it for agents that bring no `X-Upstream-Authorization` of their own. */
  readonly UPSTREAM_AUTHORIZATION?: string;
  /** `{ "<token>": { "principal": "…", "agent": "…" } }`, a secret. */
  readonly AGENT_TOKENS?: string;
  /** Instead of tokens: Cloudflare Access in front of this Worker. */
  readonly ACCESS_ISSUER?: string;
  readonly ACCESS_AUDIENCE?: string;
  /** In place of policy.json. */
  readonly POLICY?: string;
  /** Overrides the guard's mode. */
  readonly MODE?: Mode;
}

let proxy: Promise<GuardProxy> | undefined;

async function start(bindings: Bindings): Promise<GuardProxy> {
  const { AGENTS, UPSTREAM_URL, UPSTREAM_AUTHORIZATION, MODE, POLICY, AGENT_TOKENS, ACCESS_ISSUER, ACCESS_AUDIENCE } = bindings;
  const guard = await loadGuard(guardModule, { name: "repo-guard" });
  const monitor = createMonitor({
    servers: { github: { guard, policy: POLICY ?? policy } },
    state: durableObjectAgents(AGENTS),
    ...(MODE && { mode: MODE }),
  });
  const identify =
    ACCESS_ISSUER && ACCESS_AUDIENCE
      ? accessTokens({ issuer: ACCESS_ISSUER, audience: ACCESS_AUDIENCE })
      : bearerTokens(JSON.parse(AGENT_TOKENS ?? "{}") as Record<string, Identity>);
  return createGuardProxy({
    monitor,
    identify,
    onEvent: jsonLines((line) => console.log(line)),
    // A Worker learns that its client has left when it next writes, and cancels the call on the server then.
    keepAliveMs: 2000,
    upstreams: {
      github: {
        upstream: UPSTREAM_URL,
        prefix: "",
        headers: (_identity, request): HeadersInit => {
          const authorization = request.headers.get("x-upstream-authorization") ?? UPSTREAM_AUTHORIZATION;
          return authorization ? { authorization } : {};
        },
      },
    },
  });
}

export default {
  async fetch(request: Request, bindings: Bindings, context: { waitUntil(work: Promise<unknown>): void }): Promise<Response> {
    proxy ??= start(bindings);
    return (await proxy).fetch(request, context);
  },
};
