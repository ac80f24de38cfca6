// The two proxies that are compared, for any runtime, and how long the guard alone takes.
import { createMonitor, functionBackend, type WasmGuard } from "edge-guard";
import { bearerTokens, createGuardProxy, type Fetch, httpUpstream } from "edge-guard/proxy";
import { LIST } from "./list.ts";
import { AGENTS, tokenOf } from "./tokens.ts";

export type Handler = (
  request: Request,
  context?: { waitUntil(work: Promise<unknown>): void },
) => Response | Promise<Response>;

const POLICY = { "allow-only": { repos: "public", "min-integrity": "approved" } };
const TOKENS = Object.fromEntries(
  Array.from({ length: AGENTS }, (_, agent) => [tokenOf(agent), { principal: "team", agent: `${agent}` }]),
);

const pass = (upstream: string, { method, headers, body }: Request): Promise<Response> =>
  fetch(upstream, { method, headers, body, duplex: "half" } as RequestInit);

const answerOf = ({ status, headers }: Response, body: BodyInit | null): Response =>
  new Response(body, { status, headers: { "content-type": headers.get("content-type") ?? "" } });

/** Hands every byte on, as runtimes make it easiest. */
export const plain =
  (upstream: string): Handler =>
  async (request) => {
    const answer = await pass(upstream, request);
    return answerOf(answer, answer.body);
  };

export function guarded(upstream: string, guard: WasmGuard, fetch?: Fetch): Handler {
  const monitor = createMonitor({ servers: { github: { guard, policy: POLICY } } });
  const proxy = createGuardProxy({
    upstream: httpUpstream(upstream, fetch === undefined ? {} : { fetch }),
    monitor,
    identify: bearerTokens(TOKENS),
  });
  return (request, context) => proxy.fetch(request, context);
}

/** What a guard answers for the list, over an asynchronous backend as in the proxy. */
function labelling(guard: WasmGuard): () => Promise<{ resource(): Promise<unknown>; response(): Promise<unknown> }> {
  const backend = functionBackend(async () => ({
    content: [{ type: "text", text: '{"full_name":"acme/site","private":false}' }],
  }));
  const call = { tool: "list_issues", args: { owner: "acme", repo: "site" } };
  const open = async () => {
    const own = await guard.fresh();
    await own.labelAgent(POLICY, { backend });
    return {
      resource: () => own.labelResource(call, { backend }),
      response: () => own.labelResponse(call, LIST, { backend }),
    };
  };
  let session: ReturnType<typeof open> | undefined;
  return () => (session ??= open());
}

/**
 * Holds the answer until all of it is there. `guard`: and beside that labels such a call and such a list, once each. What the second takes
 * more than the first is the guard's own time in a proxied call, timed from outside, because clocks of Workers stand still
 * while they compute; in a loop of calls a guard is several times faster than once in a request.
 */
export function holding(upstream: string, guard?: WasmGuard): Handler {
  const session = guard && labelling(guard);
  return async (request) => {
    const labels = await session?.();
    await labels?.resource();
    const answer = await pass(upstream, request);
    const body = await answer.arrayBuffer();
    await labels?.response();
    return answerOf(answer, body);
  };
}

/** By path. */
export function route(handlers: Readonly<Record<string, Handler>>): Handler {
  return (request, context) => {
    const handler = handlers[new URL(request.url).pathname];
    return handler === undefined ? new Response(null, { status: 404 }) : handler(request, context);
  };
}
