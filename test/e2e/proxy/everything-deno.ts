// The proxy before the reference server, in Deno. Agents' labels are kept in Deno KV.
import { createMonitor } from "edge-guard";
import { type DenoKvLike, denoKvAgents } from "edge-guard/deno";
import { createGuardProxy, type GuardProxy } from "edge-guard/proxy";
import { everythingGuard, identify } from "./everything-guard.ts";

declare const Deno: {
  readonly args: string[];
  openKv(path: string): Promise<DenoKvLike>;
  serve(
    options: { port: number; onListen: (address: { port: number }) => void },
    handler: (request: Request) => Promise<Response>,
  ): unknown;
};

const kv = await Deno.openKv(":memory:");
const create = (mode: "filter" | "propagate"): GuardProxy => {
  const monitor = createMonitor({
    servers: { everything: { guard: everythingGuard(mode) } },
    state: denoKvAgents(kv, { prefix: mode }),
  });
  return createGuardProxy({ upstream: Deno.args[0]!, monitor, identify });
};
const proxies: { readonly [path: string]: GuardProxy } = {
  "/filter": create("filter"),
  "/propagate": create("propagate"),
};
Deno.serve({ port: 0, onListen: ({ port }) => console.log(`Listening on port ${port}`) }, async (request) => {
  const proxy = proxies[new URL(request.url).pathname];
  return proxy === undefined ? new Response(null, { status: 404 }) : proxy.fetch(request);
});
