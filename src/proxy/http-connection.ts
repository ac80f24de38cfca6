// One caller's connection to a server over Streamable HTTP.
import { isObject, type JsonObject, own } from "../difc/json.ts";
import type { BackendError } from "../errors.ts";
import type { Reply, SentHeaders, Wire } from "./exchange.ts";
import { CODE, encodeHeader, HEADER, headerName, LEGACY, META, MODERN, objectAt, stringAt } from "./messages.ts";
import { type ParameterHeaders, parameterHeaders } from "./schemas.ts";
import type { ServerDescription, UpstreamConnection, UpstreamReply, UpstreamRequestOptions } from "./upstream.ts";
import { describe, isOlder, OPEN_TIMEOUT_MS, waitFor } from "./upstream-replies.ts";

interface Session {
  readonly headers: Readonly<Record<string, string>>;
  readonly description: ServerDescription;
}

/** A server, with what all its callers share. */
export interface UpstreamTarget {
  readonly wire: Wire;
  readonly protocolVersion: string | undefined;
  readonly learned: {
    /** Whether it knows the stateless form; `undefined` until it was asked. */
    modern: boolean | undefined;
    finding: Promise<unknown> | undefined;
    /** The tools whose arguments this server wants repeated in headers; the same for every caller. */
    toolHeaders: ParameterHeaders;
  };
  fail(state: string, transient?: boolean): BackendError;
  /** The answer in a reply. */
  resultOf(reply: Reply): UpstreamReply;
}

const clientInfo = { name: "edge-guard", version: "1" };
/** For messages that nobody waits for. Each has a signal of its own: in Workers a signal belongs to the request that made it. */
const SIDE_TIMEOUT_MS = 5_000;

/** One caller's connection: requests in the server's form, a session where it needs one. */
export function createConnection(
  target: UpstreamTarget,
  credentials: Readonly<Record<string, string>>,
): UpstreamConnection {
  const { wire, protocolVersion, learned, fail, resultOf } = target;
  let session: Promise<Session> | undefined;
  let opened: Session | undefined;
  let lastId = 0;
  let running = 0;
  let onIdle: (() => void) | undefined;

  // Names in lower case: what the proxy says of a request counts, not what credentials may say of it.
  const always = Object.fromEntries(new Headers(credentials));
  const headersWith = (more: SentHeaders): SentHeaders => ({ ...always, ...more });

  const post = (
    message: JsonObject,
    more: Readonly<Record<string, string>>,
    signal: AbortSignal,
    hear: (message: JsonObject) => void = () => {},
  ): Promise<Reply> =>
    wire.post({ jsonrpc: "2.0", ...message }, headersWith(more), signal, (got) => {
      const id = own(got, "id");
      if (id === undefined) return hear(got);
      // A server that waits for its client would wait for ever. It was told of no abilities: all but pings are refused.
      const answer =
        own(got, "method") === "ping"
          ? { result: {} }
          : {
              error: {
                code: CODE.methodNotFound,
                message: "Method not found",
              },
            };
      post({ id, ...answer }, more, AbortSignal.timeout(SIDE_TIMEOUT_MS)).catch(() => {});
    });

  const envelope = (meta: JsonObject): JsonObject => ({
    ...meta,
    [`${META}protocolVersion`]: MODERN,
    [`${META}clientInfo`]: clientInfo,
    [`${META}clientCapabilities`]: {},
  });

  const modernRequest = (
    method: string,
    params: JsonObject,
    meta: JsonObject,
    signal: AbortSignal,
    hear?: (message: JsonObject) => void,
  ): Promise<Reply> => {
    const repeated = headerName(method, params);
    const headers: Record<string, string> = {
      [HEADER.version]: MODERN,
      [HEADER.method]: method,
    };
    if (repeated !== undefined) headers[HEADER.name] = encodeHeader(repeated);
    if (method === "tools/call") {
      const names = learned.toolHeaders.get(repeated ?? "");
      for (const [key, value] of names?.(objectAt(params, "arguments")) ?? [])
        headers[key.toLowerCase()] = encodeHeader(value);
    }
    return post({ id: ++lastId, method, params: { ...params, _meta: envelope(meta) } }, headers, signal, hear);
  };

  const open = async (): Promise<Session> => {
    const signal = AbortSignal.timeout(OPEN_TIMEOUT_MS);
    const params = {
      protocolVersion: protocolVersion ?? LEGACY[0],
      capabilities: {},
      clientInfo,
    };
    const reply = await post({ id: ++lastId, method: "initialize", params }, {}, signal);
    const answer = resultOf(reply);
    if ("error" in answer) throw fail(`it refused to begin a session with JSON-RPC error ${answer.error.code}`);
    const version = own(answer.result, "protocolVersion");
    if (typeof version !== "string" || version >= MODERN) throw fail("it speaks no version of MCP that is known");
    const id = reply.headers.get(HEADER.session);
    const headers = {
      [HEADER.version]: version,
      ...(id !== null && { [HEADER.session]: id }),
    };
    const { ok, status } = await post({ method: "notifications/initialized" }, headers, signal);
    if (!ok) throw fail(`HTTP ${status}`, status >= 500);
    opened = {
      headers,
      description: describe(answer.result, objectAt(answer.result, "serverInfo")),
    };
    return opened;
  };

  const openOnce = (signal: AbortSignal): Promise<Session> => {
    session ??= open();
    const opening = session;
    const forget = (): void => {
      if (session === opening) session = undefined;
    };
    opening.catch(forget);
    return waitFor(opening, signal, forget);
  };

  /** What the server says of itself; finds out its era on the way. */
  const discover = async (signal: AbortSignal): Promise<ServerDescription> => {
    if (learned.modern !== false) {
      const reply = await modernRequest("server/discover", {}, {}, signal);
      if (learned.modern || !isOlder(reply)) {
        const answer = resultOf(reply);
        if ("error" in answer) throw fail(`it refused to describe itself with JSON-RPC error ${answer.error.code}`);
        learned.modern = true;
        const meta = objectAt(answer.result, "_meta");
        return describe(answer.result, objectAt(meta, `${META}serverInfo`));
      }
      learned.modern = false;
    }
    return (await openOnce(signal)).description;
  };

  /** Finds out the era once for all who wait for it. */
  const findEra = async (signal: AbortSignal): Promise<void> => {
    learned.finding ??= discover(AbortSignal.timeout(OPEN_TIMEOUT_MS));
    const search = learned.finding;
    const forget = (): void => {
      if (learned.finding === search) learned.finding = undefined;
    };
    search.then(forget, forget);
    await waitFor(search, signal, forget);
  };

  const inSession = async (
    method: string,
    params: JsonObject,
    meta: JsonObject,
    signal: AbortSignal,
    hear: (message: JsonObject) => void,
  ): Promise<Reply> => {
    const sent = Object.keys(meta).length === 0 ? params : { ...params, _meta: meta };
    for (let again = false; ; again = true) {
      const { headers } = await openOnce(signal);
      const id = ++lastId;
      // Here a closed connection alone cancels nothing.
      const cancel = (): void => {
        const message = {
          method: "notifications/cancelled",
          params: { requestId: id },
        };
        post(message, headers, AbortSignal.timeout(SIDE_TIMEOUT_MS)).catch(() => {});
      };
      signal.addEventListener("abort", cancel);
      const reply = await post({ id, method, params: sent }, headers, signal, hear).finally(() =>
        signal.removeEventListener("abort", cancel),
      );
      const isExpired = headers[HEADER.session] !== undefined && (reply.status === 404 || reply.status === 400);
      if (again || !isExpired) return reply;
      if (opened?.headers === headers) session = undefined;
    }
  };

  const learnToolHeaders = async (signal: AbortSignal): Promise<void> => {
    const found: [string, JsonObject][] = [];
    let cursor: unknown;
    for (let page = 0; page < 64; page++) {
      const params = typeof cursor === "string" ? { cursor } : {};
      const answer = resultOf(await modernRequest("tools/list", params, {}, signal));
      if ("error" in answer) break;
      const tools = own(answer.result, "tools");
      for (const tool of Array.isArray(tools) ? tools : []) {
        if (!isObject(tool)) continue;
        const toolName = stringAt(tool, "name");
        if (toolName !== undefined) found.push([toolName, objectAt(tool, "inputSchema")]);
      }
      cursor = own(answer.result, "nextCursor");
      if (typeof cursor !== "string") break;
    }
    learned.toolHeaders = parameterHeaders(found);
  };

  return {
    describe: discover,
    request: (method, params, options) => counted(request(method, params, options)),
    listen: (onChange, signal) => counted(listen(onChange, signal)),
    async close() {
      // What is under way keeps its session.
      if (running > 0) {
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      }
      if (opened?.headers[HEADER.session] === undefined) return;
      // A session that cannot be ended ends by itself.
      await wire.delete(headersWith(opened.headers), AbortSignal.timeout(2000)).catch(() => {});
    },
  };

  function counted<T>(action: Promise<T>): Promise<T> {
    running++;
    action.then(ended, ended);
    return action;
  }

  function ended(): void {
    if (--running === 0) onIdle?.();
  }

  async function request(
    method: string,
    params: JsonObject,
    { signal, onProgress, trace }: UpstreamRequestOptions,
  ): Promise<UpstreamReply> {
    if (learned.modern === undefined) await findEra(signal);
    const token = onProgress && `p${lastId + 1}-${method}`;
    const meta = {
      ...trace,
      ...(token !== undefined && { progressToken: token }),
    };
    const hear = (message: JsonObject): void => {
      if (own(message, "method") !== "notifications/progress") return;
      const got = objectAt(message, "params");
      const progress = own(got, "progress");
      const total = own(got, "total");
      if (own(got, "progressToken") !== token || !Number.isFinite(progress)) return;
      onProgress?.(progress as number, Number.isFinite(total) ? (total as number) : undefined);
    };
    if (!learned.modern) return resultOf(await inSession(method, params, meta, signal, hear));
    const reply = await modernRequest(method, params, meta, signal, hear);
    const refused = reply.message && objectAt(reply.message, "error");
    // The request was refused before anything ran, so it may be sent again.
    if (method !== "tools/call" || reply.ok || refused?.["code"] !== CODE.headerMismatch) return resultOf(reply);
    await learnToolHeaders(signal);
    return resultOf(await modernRequest(method, params, meta, signal, hear));
  }

  async function listen(onChange: () => void, signal: AbortSignal): Promise<void> {
    const hear = (message: JsonObject): void => {
      if (own(message, "method") === "notifications/tools/list_changed") onChange();
    };
    if (learned.modern === undefined) await findEra(signal);
    if (learned.modern) {
      await modernRequest("subscriptions/listen", { notifications: { toolsListChanged: true } }, {}, signal, hear);
      return;
    }
    const { headers } = await openOnce(signal);
    await wire.get(headersWith(headers), signal, hear);
  }
}
