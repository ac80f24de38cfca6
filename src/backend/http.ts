// A backend that is an MCP server at a URL: Streamable HTTP at wire level, the stateless form of 2026-07-28 and its predecessors.
import type { BackendError } from "../errors.ts";
import { askingBackend, checkNumber, failure } from "./asking.ts";
import type { Backend } from "./backend.ts";
import { createExchange, type Fail, type Message, type Reply } from "./http-exchange.ts";

export interface HttpBackendOptions {
  /** For events and error messages. @default the URL's host */
  readonly name?: string;
  /** False when asking in vain hurts. @default true */
  readonly speculate?: boolean;
  /** @default the runtime's fetch */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Sent with every request, credentials for example; a function is asked before each. Never sent to another address. */
  readonly headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /** Speaks this version of MCP only. @default the newest that the server understands, found out by the first question */
  readonly protocolVersion?: string;
  /** The largest body of an answer. @default 16777216 (16 MiB) */
  readonly maxBytes?: number;
}

interface Session {
  readonly headers: Readonly<Record<string, string>>;
  readonly id: string | null;
}

const stateless = "2026-07-28";
const newestWithSessions = "2025-11-25";
const client = { name: "edge-guard", version: "1" };
const sessionHeader = "Mcp-Session-Id";
const versionHeader = "MCP-Protocol-Version";
const transientStatus = new Set([429, 502, 503, 504]);
/** A refusal that says nothing about the protocol: not known to this server, too large, too often. */
const unrelatedStatus = new Set([401, 403, 408, 413, 429]);

/** A header's value as MCP 2026-07-28 encodes it: plain when it is safe, else Base64 of UTF-8 between marks. */
function headerValue(text: string): string {
  if (/^[!-~](?:[\t -~]*[!-~])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)) return text;
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return `=?base64?${btoa(bytes)}?=`;
}

const errorOf = (reply: Reply): { readonly code?: unknown; readonly data?: unknown } | undefined =>
  reply.message?.["error"] as never;

/** Tells whether a server refused the stateless form because it only knows the older ones. */
function isOlderServer(reply: Reply): boolean {
  const { code, data } = errorOf(reply) ?? {};
  if (code === -32022) {
    const supported = (data as { supported?: unknown } | null | undefined)?.supported;
    return Array.isArray(supported) && !supported.includes(stateless);
  }
  if (code === -32020 || code === -32021) return false;
  return reply.status >= 400 && reply.status < 500 && !unrelatedStatus.has(reply.status);
}

/** The result of a response, or what is wrong with it: codes only, for bodies may hold what the host must not see. */
function resultOf(reply: Reply, fail: Fail): unknown {
  const { ok, status, message } = reply;
  const error = errorOf(reply);
  if (error || !ok) {
    const states = [ok ? "" : `HTTP ${status}`, error ? `JSON-RPC error ${Number(error.code)}` : ""];
    throw fail(states.filter(Boolean).join(", "), { transient: transientStatus.has(status) });
  }
  const result = message?.["result"];
  if (result === undefined) throw fail("the server answered without a result");
  if (typeof result !== "object" || result === null || !Object.hasOwn(result, "resultType")) return result;
  const { resultType, ...complete } = result as Message;
  if (resultType !== "complete") throw fail("the result is not complete");
  return complete;
}

/**
 * Asks an MCP server over Streamable HTTP, without an SDK. The first question tries the stateless form of 2026-07-28; a
 * server that refuses it gets `initialize` and a session, which is opened again once when it has expired.
 * JSON-RPC errors, HTTP errors and broken answers throw a BackendError, `transient` for lost connections and HTTP 429, 502,
 * 503, 504; a tool result with `isError` is an answer. `close` ends the session.
 *
 * @throws TypeError for an address that is not http(s) or holds credentials; TypeError, RangeError for other options
 */
export function httpBackend(url: string | URL, options: HttpBackendOptions = {}): Backend {
  const target = new URL(url, globalThis.location?.href);
  if (!/^https?:$/.test(target.protocol) || target.username || target.password) {
    throw new TypeError(
      `Cannot ask "${target.origin}": "url" must be http(s) and without credentials; use "headers" for them`,
    );
  }
  const { name = target.host, speculate, protocolVersion, headers = {} } = options;
  const maxBytes = checkNumber("maxBytes", options.maxBytes ?? 16 * 2 ** 20, 1);
  if (protocolVersion !== undefined && !/^\d{4}-\d\d-\d\d$/.test(protocolVersion)) {
    throw new RangeError(`Option "protocolVersion" must be a date such as "${stateless}": it is "${protocolVersion}"`);
  }
  if (typeof headers !== "function") new Headers(headers);
  const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const exchange = createExchange(fetch, target.href, maxBytes);
  const life = new AbortController();
  let era = protocolVersion && (protocolVersion >= stateless ? "stateless" : "sessions");
  let session: Promise<Session> | undefined;
  let opened: Session | undefined;
  let lastId = 0;

  const ownHeaders = async (more: Readonly<Record<string, string>>): Promise<Headers> => {
    const all = new Headers(typeof headers === "function" ? await headers() : headers);
    for (const key in more) all.set(key, more[key]!);
    return all;
  };

  const send = async (
    message: Message,
    more: Readonly<Record<string, string>>,
    signal: AbortSignal,
    fail: Fail,
  ): Promise<Reply> =>
    exchange({ jsonrpc: "2.0", ...message }, await ownHeaders(more), signal, fail, ({ id, method }) => {
      // A server that waits for the client would wait for ever: pings are answered, anything else is refused.
      const answer = method === "ping" ? { result: {} } : { error: { code: -32601, message: "Method not found" } };
      send({ id, ...answer }, more, life.signal, fail).catch(() => {});
    });

  const open = async (fail: Fail): Promise<Session> => {
    const params = { protocolVersion: protocolVersion ?? newestWithSessions, capabilities: {}, clientInfo: client };
    const reply = await send({ id: ++lastId, method: "initialize", params }, {}, life.signal, fail);
    const version = (resultOf(reply, fail) as { protocolVersion?: unknown } | null)?.protocolVersion;
    if (typeof version !== "string" || version >= stateless || (protocolVersion && version !== protocolVersion)) {
      throw fail("the server speaks no version of MCP that is wanted");
    }
    const id = reply.headers.get(sessionHeader);
    const started = { id, headers: { [versionHeader]: version, ...(id !== null && { [sessionHeader]: id }) } };
    const { ok, status } = await send({ method: "notifications/initialized" }, started.headers, life.signal, fail);
    if (!ok) throw fail(`HTTP ${status}`, { transient: transientStatus.has(status) });
    opened = started;
    return started;
  };

  const openOnce = (fail: Fail): Promise<Session> => {
    session ??= open(fail).catch((error) => {
      session = undefined;
      if (!protocolVersion) era = undefined;
      throw error;
    });
    return session;
  };

  const askStateless = (params: Message, tool: string, signal: AbortSignal, fail: Fail): Promise<Reply> => {
    const version = protocolVersion ?? stateless;
    const prefix = "io.modelcontextprotocol/";
    const _meta = {
      [`${prefix}protocolVersion`]: version,
      [`${prefix}clientInfo`]: client,
      [`${prefix}clientCapabilities`]: {},
    };
    return send(
      { id: ++lastId, method: "tools/call", params: { ...params, _meta } },
      { [versionHeader]: version, "Mcp-Method": "tools/call", "Mcp-Name": headerValue(tool) },
      signal,
      fail,
    );
  };

  const askInSession = async (params: Message, signal: AbortSignal, fail: Fail): Promise<Reply> => {
    for (let again = false; ; again = true) {
      const opening = openOnce(fail);
      const { id: sessionId, headers } = await opening;
      const id = ++lastId;
      // Here a closed connection alone cancels nothing.
      const cancel = (): void => {
        send({ method: "notifications/cancelled", params: { requestId: id } }, headers, life.signal, fail).catch(
          () => {},
        );
      };
      signal.addEventListener("abort", cancel);
      const reply = await send({ id, method: "tools/call", params }, headers, signal, fail).finally(() =>
        signal.removeEventListener("abort", cancel),
      );
      // 404 is what the protocol says for an expired session, 400 what widely copied servers send.
      if (again || sessionId === null || (reply.status !== 404 && reply.status !== 400)) return reply;
      if (session === opening) session = undefined;
    }
  };

  return askingBackend(
    { name, speculate },
    async (tool, args, { signal }) => {
      const fail: Fail = (state, context) => failure(name, tool, state, context);
      if (args !== undefined && (typeof args !== "object" || args === null || Array.isArray(args))) {
        throw fail("the arguments of an MCP tool must be an object");
      }
      const params = { name: tool, arguments: args };
      if (era !== "sessions") {
        const reply = await askStateless(params, tool, signal, fail).catch((error: BackendError) => {
          // In a browser, an older server whose CORS rules do not allow the new headers looks like a lost connection.
          if (era || !globalThis.location || !error.transient || signal.aborted) throw error;
        });
        // Several questions may have gone out before the first one told which form the server knows.
        if (reply && (era === "stateless" || !isOlderServer(reply))) {
          const result = resultOf(reply, fail);
          era ??= "stateless";
          return result;
        }
        era = "sessions";
      }
      return resultOf(await askInSession(params, signal, fail), fail);
    },
    async () => {
      try {
        if (opened?.id != null) {
          const init = { method: "DELETE", headers: await ownHeaders(opened.headers), redirect: "manual" } as const;
          await fetch(target.href, { ...init, signal: AbortSignal.timeout(2000) });
        }
      } catch {
        // A session that cannot be ended ends by itself.
      }
      life.abort();
    },
  );
}
