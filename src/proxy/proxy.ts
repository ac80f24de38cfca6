// createGuardProxy: one HTTP request in, one response out. Whatever is not understood, not known or not covered is refused here.
import { type JsonObject, own } from "../difc/json.ts";
import { TimeoutError } from "../errors.ts";
import { readBody } from "./body.ts";
import { agentIdOf, createCallers, type Identity } from "./callers.ts";
import { listen, openStream } from "./changes.ts";
import { covers, getPrompt, listCovered, listTemplates, readResource } from "./covered.ts";
import { discover, initialize } from "./describe.ts";
import { type ExchangeContext, tell, tellExchange } from "./guarded-call.ts";
import { type Inbound, readMessage } from "./inbound.ts";
import {
  type Answer,
  CODE,
  encodeAnswer,
  HEADER,
  isRequestId,
  objectAt,
  type RequestId,
  refusal,
  stringAt,
} from "./messages.ts";
import { type GuardProxyOptions, readOptions } from "./options.ts";
import { answerInTime } from "./reply.ts";
import { callTool, listTools } from "./tools.ts";

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

type Keep = (work: Promise<unknown>) => void;

const encoder = new TextEncoder();

/** The client has cancelled: nobody waits for an answer. */
const CANCELLED: unique symbol = Symbol("cancelled");

/**
 * Puts a monitor before MCP servers: what an agent calls and what it is shown goes through the monitor, everything that no guard
 * covers is refused (design.md, Proxy). Speaks MCP 2026-07-28 and its predecessors over Streamable HTTP at one address.
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
  /** Requests that a client of the older form may cancel, and how. */
  const running = new Map<string, () => void>();
  const open = new Set<AbortController>();
  const perPrincipal = new Map<string, number>();
  let closed = false;

  const plain = (status: number, reason: string, headers?: HeadersInit): Response => {
    tell(settings, { type: "refusal", status, reason });
    return Response.json(
      {
        jsonrpc: "2.0",
        id: null,
        error: { code: CODE.invalidRequest, message: reason },
      },
      {
        status,
        headers: {
          "cache-control": "no-store",
          ...(headers as Record<string, string>),
        },
      },
    );
  };

  async function handle(request: Request, keep: Keep): Promise<Response> {
    if (closed) return plain(503, "The proxy is closed");
    const host = request.headers.get("host") ?? new URL(request.url).host;
    if (settings.hosts !== undefined && !settings.hosts.includes(host))
      return plain(403, "The host is not served here");
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

  async function identified(request: Request, keep: Keep): Promise<Response> {
    const { method } = request;
    if (method !== "POST" && method !== "GET" && method !== "DELETE") {
      return plain(405, "The method is not supported", {
        allow: "POST, GET, DELETE",
      });
    }
    let identity: Identity | null | undefined;
    try {
      identity = await within(bounds.bodyMs, settings.identify(request));
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
    const { principal } = identity;
    const count = perPrincipal.get(principal) ?? 0;
    if (open.size >= bounds.concurrency || count >= bounds.concurrencyPerPrincipal) {
      return plain(429, "Too many requests at a time", { "retry-after": "1" });
    }
    perPrincipal.set(principal, count + 1);
    const controller = new AbortController();
    open.add(controller);
    let isOver = false;
    const release = (): void => {
      if (isOver) return;
      isOver = true;
      open.delete(controller);
      const left = perPrincipal.get(principal)! - 1;
      if (left === 0) perPrincipal.delete(principal);
      else perPrincipal.set(principal, left);
    };
    try {
      if (method === "POST") return await post(request, identity, controller, release, keep);
      if (method === "GET") return await stream(request, identity, controller, release);
      release();
      return new Response(null, {
        status: request.headers.has(HEADER.session) ? 204 : 405,
      });
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The stream of a session of the older form. */
  async function stream(
    request: Request,
    identity: Identity,
    controller: AbortController,
    release: () => void,
  ): Promise<Response> {
    const context = contextFor(request, identity, "legacy", controller, {});
    const timer = setTimeout(() => controller.abort(), bounds.streamMs);
    const end = (): void => {
      clearTimeout(timer);
      release();
    };
    const stop = (): void => controller.abort();
    try {
      // Nothing is kept that could be sent again, so a stream cannot be taken up where it broke off.
      const resumes = request.headers.has(HEADER.lastEvent);
      const accepts = !resumes && /text\/event-stream|\*\/\*/.test(request.headers.get("accept") ?? "");
      const response = accepts && (await openStream(context, end, { stop, signal: controller.signal }));
      if (response) return response;
    } catch (error) {
      end();
      throw error;
    }
    end();
    return new Response(null, {
      status: 405,
      headers: { allow: "POST, DELETE" },
    });
  }

  async function post(
    request: Request,
    identity: Identity,
    controller: AbortController,
    release: () => void,
    keep: Keep,
  ): Promise<Response> {
    const respond = (id: RequestId | null, answer: Answer): Response => {
      release();
      return answerResponse(id, answer);
    };
    const refuse = (id: RequestId | null, answer: Answer, method?: string): Response => {
      if ("error" in answer) {
        const { status = 200, error } = answer;
        tell(settings, {
          type: "refusal",
          principal: identity.principal,
          method,
          status,
          reason: error.message,
        });
      }
      return respond(id, answer);
    };
    const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json")
      return refuse(null, refusal(CODE.invalidRequest, "The body must be application/json", 415));
    const accept = request.headers.get("accept") ?? "*/*";
    const takesJson = /application\/(json|\*)|\*\/\*/.test(accept);
    const takesStream = /text\/(event-stream|\*)|\*\/\*/.test(accept);
    if (!takesJson && !takesStream) {
      return refuse(
        null,
        refusal(CODE.invalidRequest, "The client must accept application/json or text/event-stream", 406),
      );
    }
    const body = await readBody(request, bounds.requestBytes, bounds.bodyMs);
    if (typeof body !== "string") return refuse(null, body.refused);
    const inbound = readMessage(body, request.headers);
    if ("refused" in inbound) return refuse(inbound.id, inbound.refused);
    const { id, method, params, era } = inbound;
    if (id === undefined) {
      if (method === "notifications/cancelled") cancel(identity, request, params);
      release();
      return new Response(null, { status: 202 });
    }

    const meta = objectAt(params, "_meta");
    if (method === "subscriptions/listen" && era === "modern") {
      const context = contextFor(request, identity, era, controller, meta);
      const timer = setTimeout(() => controller.abort(), bounds.streamMs);
      onAbort(request.signal, () => controller.abort());
      const stop = (): void => controller.abort();
      const end = (): void => {
        clearTimeout(timer);
        release();
      };
      const answer = await listen(context, id, params, end, {
        stop,
        signal: controller.signal,
      });
      if (answer instanceof Response) return answer;
      clearTimeout(timer);
      return refuse(id, answer, method);
    }

    const key = era === "legacy" ? requestKey(identity, request, id) : undefined;
    if (key !== undefined && running.has(key)) {
      return refuse(id, refusal(CODE.invalidRequest, "A request with this id is under way", 400), method);
    }
    const late = (): void => controller.abort(new TimeoutError(`The request took longer than ${bounds.callMs} ms`));
    const timer = setTimeout(late, bounds.callMs);
    const leave = (): void => controller.abort(CANCELLED);
    // By way of a promise: in Workers one request cannot abort what another does, but it can settle what another waits for.
    if (key !== undefined) new Promise<void>((resolve) => void running.set(key, resolve)).then(leave);
    // In the older form a client that leaves has not cancelled (2025-11-25, Transports); here nobody could tell it the answer.
    const withdraw = era === "modern" ? onAbort(request.signal, leave) : undefined;
    const token = own(meta, "progressToken");
    const dispatched = (onProgress: ExchangeContext["onProgress"]): Promise<Answer | undefined> => {
      const work = run(inbound, {
        ...contextFor(request, identity, era, controller, meta),
        onProgress,
      }).finally(() => {
        clearTimeout(timer);
        withdraw?.();
        if (key !== undefined) running.delete(key);
      });
      keep(work);
      return work;
    };
    return answerInTime({
      id,
      settings,
      takesStream,
      takesJson,
      progressToken: isRequestId(token) ? token : undefined,
      onLeave: era === "modern" ? leave : () => {},
      work: dispatched,
      respond: (answer) => {
        if (answer !== undefined) return refuse(id, answer, method);
        release();
        return new Response(null, { status: 202 });
      },
      release,
    });
  }

  /** Never rejects; `undefined` when nobody waits for the answer. */
  async function run(inbound: Inbound, context: ExchangeContext): Promise<Answer | undefined> {
    const { signal } = context;
    try {
      return await abortable(dispatch(inbound, context), signal);
    } catch {
      if (signal.reason === CANCELLED) return undefined;
      if (!signal.aborted) return refusal(CODE.internal, "The proxy failed; nothing was released", 500);
      const late = signal.reason instanceof TimeoutError;
      const why = late ? "the deadline passed; the server may have carried it out" : "the proxy is being closed";
      return refusal(CODE.internal, `The request was given up: ${why}`);
    }
  }

  function dispatch({ method, params, era }: Inbound, context: ExchangeContext): Promise<Answer> | Answer {
    const { servers } = settings;
    switch (method) {
      case "tools/call":
        return callTool(context, params);
      case "tools/list":
        return listTools(context, params);
      case "ping":
        if (era === "legacy") return { result: {} };
        break;
      case "initialize":
        if (era === "legacy") return initialize(context, params);
        break;
      case "server/discover":
        if (era === "modern") return discover(context);
        break;
      case "resources/read":
        if (covers(servers, "resource")) return readResource(context, params);
        break;
      case "resources/list":
        if (covers(servers, "resource")) return listCovered(context, "resource", params);
        break;
      case "resources/templates/list":
        if (covers(servers, "resource")) return listTemplates(context);
        break;
      case "prompts/get":
        if (covers(servers, "prompt")) return getPrompt(context, params);
        break;
      case "prompts/list":
        if (covers(servers, "prompt")) return listCovered(context, "prompt", params);
        break;
    }
    return refusal(CODE.methodNotFound, "The method is not supported", era === "modern" ? 404 : undefined);
  }

  function cancel(identity: Identity, request: Request, params: JsonObject): void {
    const id = own(params, "requestId");
    const key = isRequestId(id) ? requestKey(identity, request, id) : undefined;
    if (key !== undefined) running.get(key)?.();
  }

  function contextFor(
    request: Request,
    identity: Identity,
    era: "modern" | "legacy",
    { signal }: AbortController,
    meta: JsonObject,
  ): ExchangeContext {
    return {
      settings,
      callers,
      identity,
      request,
      era,
      signal,
      trace: traceOf(meta, request.headers),
    };
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
      for (const controller of open) controller.abort(new Error("The proxy is being closed"));
      await callers.close();
    },
  };
}

/** By caller and session: ids are the client's, and so may be another client's too. Without a session nothing can be told apart. */
function requestKey(identity: Identity, request: Request, id: RequestId): string | undefined {
  const session = request.headers.get(HEADER.session);
  return session === null ? undefined : JSON.stringify([agentIdOf(identity), session, id]);
}

export function answerResponse(id: RequestId | null, answer: Answer): Response {
  const body = encoder.encode(encodeAnswer(id, answer));
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "cache-control": "no-store",
    // Servers that know it send head and body at once.
    "content-length": String(body.length),
  };
  if ("result" in answer) Object.assign(headers, answer.headers);
  return new Response(body, {
    status: ("error" in answer && answer.status) || 200,
    headers,
  });
}

function traceOf(meta: JsonObject, headers: Headers): Record<string, string> {
  const traceparent = stringAt(meta, "traceparent") ?? headers.get("traceparent");
  if (traceparent === null || !/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)) return {};
  return { traceparent };
}

function corsHeaders(origin: string): [string, string][] {
  return [
    ["access-control-allow-origin", origin],
    ["access-control-allow-methods", "POST, GET, DELETE, OPTIONS"],
    [
      "access-control-allow-headers",
      "Content-Type, Accept, Authorization, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Last-Event-ID, traceparent",
    ],
    ["access-control-expose-headers", "Mcp-Session-Id"],
    ["vary", "Origin"],
  ];
}

function onAbort(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) action();
  else signal.addEventListener("abort", action, { once: true });
  return () => signal.removeEventListener("abort", action);
}

/** The promise, or a rejection as soon as the signal fires, whatever the work still waits for. */
function abortable<T>(work: Promise<T> | T, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const withdraw = onAbort(signal, () => reject(signal.reason));
    Promise.resolve(work).then(resolve, reject).finally(withdraw);
  });
}

async function within<T>(ms: number, work: T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError("The deadline passed")), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
