// The proxies as a Worker.
import { loadGuard } from "edge-guard";
import guardModule from "edge-guard/repo-guard.wasm";
import { guarded, type Handler, holding, plain, route } from "./handlers.ts";

let handler: Promise<Handler> | undefined;

async function start(upstream: string): Promise<Handler> {
  const guard = await loadGuard(guardModule, { name: "repo-guard" });
  return route({
    "/guarded": guarded(upstream, guard),
    "/plain": plain(upstream),
    "/held": holding(upstream),
    "/labelled": holding(upstream, guard),
  });
}

export default {
  async fetch(
    request: Request,
    { UPSTREAM_URL }: { readonly UPSTREAM_URL: string },
    context: { waitUntil(work: Promise<unknown>): void },
  ): Promise<Response> {
    handler ??= start(UPSTREAM_URL);
    return (await handler)(request, context);
  },
};
