// The two proxies that are compared, for any runtime, and how long the guard alone takes.
import { createMonitor, functionBackend, type WasmGuard } from "edge-guard";
import { bearerTokens, createGuardProxy, type Fetch, httpUpstream } from "edge-guard/proxy";
import { AGENTS, tokenOf } from "./tokens.ts";

export type Handler = (
  request: Request,
  context?: { waitUntil(work: Promise<unknown>): void },
) => Response | Promise<Response>;

const POLICY = { "allow-only": { repos: "public", "min-integrity": "approved" } };
const TOKENS = Object.fromEntries(
  Array.from({ length: AGENTS }, (_, agent) => [tokenOf(agent), { principal: "team", agent: `${agent}` }]),
);

/** Hands every byte on, as runtimes make it easiest. */
export const plain =
  (upstream: string): Handler =>
  async (request) => {
    const { status, headers, body } = await fetch(upstream, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      duplex: "half",
    } as RequestInit);
    return new Response(body, { status, headers: { "content-type": headers.get("content-type") ?? "" } });
  };

/** How long the guard took in each call, in milliseconds. Only where clocks move while something is computed. */
const labelled: number[] = [];

export function guarded(upstream: string, guard: WasmGuard, fetch?: Fetch): Handler {
  const monitor = createMonitor({
    servers: { github: { guard, policy: POLICY } },
    onEvent(event) {
      if (event.type !== "outcome") return;
      const { trace } = event.outcome;
      labelled.push((trace[1]?.milliseconds ?? 0) + (trace[4]?.milliseconds ?? 0));
    },
  });
  const proxy = createGuardProxy({
    upstream: httpUpstream(upstream, fetch === undefined ? {} : { fetch }),
    monitor,
    identify: bearerTokens(TOKENS),
  });
  return (request, context) => proxy.fetch(request, context);
}

/**
 * Labels the list that is posted so many times as the query says, over an asynchronous backend: timed from outside, because clocks of
 * Workers stand still while they compute.
 */
export function labels(guard: WasmGuard): Handler {
  const backend = functionBackend(async () => ({
    content: [{ type: "text", text: '{"full_name":"acme/site","private":false}' }],
  }));
  let session: Promise<WasmGuard> | undefined;
  const call = { tool: "list_issues", args: { owner: "acme", repo: "site" } };
  const open = async (): Promise<WasmGuard> => {
    const own = await guard.fresh();
    await own.labelAgent(POLICY, { backend });
    return own;
  };
  return async (request) => {
    session ??= open();
    const own = await session;
    const list: unknown = await request.json();
    const times = Number(new URL(request.url).searchParams.get("times"));
    for (let turn = 0; turn < times; turn++) {
      await own.labelResource(call, { backend });
      await own.labelResponse(call, list, { backend });
    }
    return new Response(null, { status: 204 });
  };
}

/** The times since the last request of this kind. */
export const labelTimes: Handler = () => Response.json(labelled.splice(0));

/** By path. */
export function route(handlers: Readonly<Record<string, Handler>>): Handler {
  return (request, context) => {
    const handler = handlers[new URL(request.url).pathname];
    return handler === undefined ? new Response(null, { status: 404 }) : handler(request, context);
  };
}
