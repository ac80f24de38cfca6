// createGuardProxy: one HTTP request in, one response out. Whatever is not understood, not known or not covered is refused here.
import { createAlarm } from "./alarm.ts";
import { agentIdOf, createCallers, type Identity } from "./callers.ts";
import { tell, tellExchange } from "./guarded-call.ts";
import { HEADER } from "./messages.ts";
import { type GuardProxyOptions, readOptions } from "./options.ts";
import { createPlaces } from "./places.ts";
import { type Caller, createRequests } from "./requests.ts";
import { corsHeaders, refusedResponse } from "./responses.ts";

/** A guarded MCP server. */
export interface GuardProxy {
  /**
   * Answers one request. Never rejects.
   *
   * @param context a Worker's or a service worker's, so that a call that is under way ends in order when its client has left
   */
  fetch(request: Request, context?: { waitUntil?(promise: Promise<unknown>): void }): Promise<Response>;
  /** Aborts what is under way and ends the sessions with the servers. The monitor stays open. */
  close(): Promise<void>;
}

/**
 * Puts a monitor before MCP servers: what an agent calls and what it is shown goes through the monitor, everything that no guard
 * covers is refused (design.md, Proxy). Speaks MCP 2026-07-28 and its predecessors over Streamable HTTP at one address.
 *
 * What it withheld, and what would have let it through: {@link withheldReport} counts and reads the change from the tags; `recordingMonitor`
 * around the monitor with `suggestChanges` (both in `edge-guard/analysis`), or `edge-guard serve --record` with `edge-guard preview --why`,
 * try changes on what really happened.
 *
 * @throws {TypeError | RangeError} naming the option
 * @example
 * ```ts
 * const monitor = createMonitor({ servers: { github: { guard, policy } } });
 * const proxy = createGuardProxy({ upstream: "https://mcp.example/mcp", monitor, identify: bearerTokens({ [token]: { principal: "triage" } }) });
 * export default { fetch: proxy.fetch };
 * ```
 */
export function createGuardProxy(options: GuardProxyOptions): GuardProxy {
  const settings = readOptions(options);
  const { bounds } = settings;
  const callers = createCallers(bounds.callers, (exchange) => tellExchange(settings, exchange));
  const requests = createRequests(settings, callers);
  const places = createPlaces(bounds);
  let closed = false;

  const plain = (status: number, reason: string, headers?: Readonly<Record<string, string>>): Response => {
    tell(settings, { type: "refusal", status, reason });
    return refusedResponse(status, reason, headers);
  };

  async function handle(request: Request, keep: Caller["keep"]): Promise<Response> {
    if (closed) return plain(503, "The proxy is closed");
    if (settings.hosts !== undefined) {
      const host = request.headers.get("host") ?? new URL(request.url).host;
      if (!settings.hosts.includes(host)) return plain(403, "The host is not served here");
    }
    const origin = request.headers.get("origin");
    const { origins = [] } = settings;
    if (origin !== null && !origins.includes("*") && !origins.includes(origin)) {
      return plain(403, "Pages of this origin may not call");
    }
    const response =
      request.method === "OPTIONS" ? new Response(null, { status: 204 }) : await identified(request, keep);
    if (origin !== null) for (const [name, value] of corsHeaders(origin)) response.headers.set(name, value);
    return response;
  }

  async function identified(request: Request, keep: Caller["keep"]): Promise<Response> {
    const { method } = request;
    if (method !== "POST" && method !== "GET" && method !== "DELETE") {
      return plain(405, "The method is not supported", {
        allow: "POST, GET, DELETE",
      });
    }
    const alarm = createAlarm(settings.streamAfterMs);
    let identity: Identity | null | undefined;
    try {
      identity = await alarm.within(bounds.bodyMs, settings.identify(request));
    } catch {
      return plain(503, "It cannot be told who is calling");
    }
    if (identity == null || typeof identity.principal !== "string" || identity.principal === "") {
      return plain(401, "The request does not say who is calling", {
        "www-authenticate": "Bearer",
      });
    }
    if (identity.agent !== undefined && typeof identity.agent !== "string")
      return plain(503, "It cannot be told who is calling");
    const place = places.take(identity.principal);
    if (place === undefined) return plain(429, "Too many requests at a time", { "retry-after": "1" });
    const { controller, release } = place;
    const caller: Caller = { controller, release, request, identity, agentId: agentIdOf(identity), alarm, keep };
    try {
      if (method === "POST") return await requests.post(caller);
      if (method === "GET") return await requests.stream(caller);
      place.release();
      return new Response(null, {
        status: request.headers.has(HEADER.session) ? 204 : 405,
      });
    } catch (error) {
      place.release();
      throw error;
    }
  }

  return {
    async fetch(request, context) {
      try {
        return await handle(request, (work) => context?.waitUntil?.(work));
      } catch {
        return plain(500, "The proxy failed; nothing was released");
      }
    },
    async close() {
      closed = true;
      places.abortAll(new Error("The proxy is being closed"));
      await callers.close();
    },
  };
}
