// The proxy before the reference server, as a Worker. Agents' labels are kept in Durable Objects.
import { createMonitor } from "edge-guard";
import { AgentLabelsObject, type DurableObjectNamespaceLike, durableObjectAgents } from "edge-guard/cloudflare";
import { createGuardProxy, type GuardProxy } from "edge-guard/proxy";
import { everythingGuard, identify } from "./everything-guard.ts";

export { AgentLabelsObject };

interface Bindings {
  readonly AGENTS: DurableObjectNamespaceLike;
  readonly UPSTREAM_URL: string;
}

const proxies = new Map<string, GuardProxy>();

export default {
  fetch(
    request: Request,
    { AGENTS, UPSTREAM_URL }: Bindings,
    context: { waitUntil(work: Promise<unknown>): void },
  ): Promise<Response> {
    const mode = new URL(request.url).pathname === "/propagate" ? "propagate" : "filter";
    let proxy = proxies.get(mode);
    if (proxy === undefined) {
      const monitor = createMonitor({
        servers: { everything: { guard: everythingGuard(mode) } },
        state: durableObjectAgents(AGENTS),
      });
      proxy = createGuardProxy({ upstream: UPSTREAM_URL, monitor, identify, keepAliveMs: 1000 });
      proxies.set(mode, proxy);
    }
    return proxy.fetch(request, context);
  },
};
