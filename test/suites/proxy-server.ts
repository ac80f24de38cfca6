// A small MCP server behind a fetch function, in both eras and both forms of answer, that does what a case says.

export interface ServerTool {
  readonly result?: unknown;
  readonly outputSchema?: unknown;
  readonly inputSchema?: unknown;
}

/** What the server does with tools/call, in place of the tool's result. */
export interface Misbehaviour {
  readonly reply?: { readonly result?: unknown; readonly error?: unknown };
  /** The result as text, for what JSON.stringify cannot say. */
  readonly replyText?: string;
  /** The whole body as text. */
  readonly replyBody?: string;
  readonly replyStatus?: number;
}

export interface ProxyServerOptions extends Misbehaviour {
  readonly era: "modern" | "legacy";
  readonly body: "json" | "sse";
  readonly tools: Readonly<Record<string, ServerTool>>;
  readonly capabilities?: unknown;
  /** Pages of tools/list. @default one */
  readonly pageSize?: number;
  /** Other methods, by name. */
  readonly methods?: Readonly<Record<string, (params: never) => unknown>>;
  /** Runs before a tool's answer; may wait. `progress` sends a notification. */
  readonly before?: (tool: string, signal: AbortSignal, progress: (value: unknown) => void) => unknown;
}

export interface SeenRequest {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
  readonly text: string;
}

export interface ProxyServer {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Every JSON-RPC message so far. */
  readonly seen: SeenRequest[];
  /** Tells every open stream of changes. */
  changed(): void;
}

type Body = Readonly<Record<string, unknown>>;

export function proxyServer(options: ProxyServerOptions): ProxyServer {
  const { era, body, tools, pageSize = 1000 } = options;
  const seen: SeenRequest[] = [];
  const listeners = new Set<() => void>();
  const encoder = new TextEncoder();
  let sessions = 0;

  const capabilities = options.capabilities ?? {
    tools: { listChanged: true },
    resources: { subscribe: true },
    prompts: {},
    completions: {},
    logging: {},
    tasks: { list: {} },
    experimental: { everything: {} },
  };
  const description = { capabilities, instructions: "FORBIDDEN instructions" };
  const serverInfo = { name: "fake", version: "1.2.3" };

  const headersOf = (extra: Record<string, string> = {}): Record<string, string> => ({
    "content-type": body === "json" ? "application/json" : "text/event-stream",
    ...extra,
  });
  const frame = (text: string): string => `event: message\ndata: ${text}\n\n`;

  const answer = (id: unknown, text: string, extra?: Record<string, string>, status = 200): Response => {
    const message = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${text}}`;
    return new Response(body === "json" ? message : `: hello\n\n${frame(message)}`, {
      status,
      headers: headersOf(extra),
    });
  };

  const listTools = (params: Body): unknown => {
    const names = Object.keys(tools);
    const from = Number(params["cursor"] ?? 0);
    const page = names.slice(from, from + pageSize);
    const next = from + pageSize < names.length ? { nextCursor: String(from + pageSize) } : {};
    const listed = page.map((name) => ({
      name,
      description: `Does ${name}`,
      inputSchema: tools[name]?.inputSchema ?? { type: "object", properties: { region: { type: "string" } } },
      ...(tools[name]?.outputSchema !== undefined && { outputSchema: tools[name]?.outputSchema }),
      _meta: { x: "FORBIDDEN" },
      execution: { taskSupport: "required" },
    }));
    return { resultType: "complete", ttlMs: 60_000, cacheScope: "public", tools: listed, ...next };
  };

  const call = async (id: unknown, params: Body, signal: AbortSignal): Promise<Response> => {
    const name = String(params["name"]);
    const progressToken = (params["_meta"] as Body | undefined)?.["progressToken"];
    const finish = (): Response => {
      const { reply, replyText, replyBody, replyStatus } = options;
      if (replyBody !== undefined) {
        const text = body === "sse" && replyStatus === undefined ? frame(replyBody) : replyBody;
        const location: Record<string, string> = replyStatus === 307 ? { location: "https://elsewhere.example/" } : {};
        return new Response(text, { status: replyStatus ?? 200, headers: headersOf(location) });
      }
      if (replyText !== undefined) return answer(id, `"result":${replyText}`);
      if (reply?.error !== undefined) return answer(id, `"error":${JSON.stringify(reply.error)}`);
      const result = reply?.result ?? tools[name]?.result;
      if (result === undefined) return answer(id, `"error":{"code":-32602,"message":"Unknown tool"}`);
      const complete = era === "modern" ? { resultType: "complete", ...(result as object) } : result;
      return answer(id, `"result":${JSON.stringify(complete)}`);
    };
    if (options.before === undefined) return finish();
    if (body === "json") {
      await options.before(name, signal, () => {});
      return finish();
    }
    const stream = new ReadableStream<Uint8Array>({
      async start(controller) {
        try {
          await options.before?.(name, signal, (value) => {
            const notification = {
              jsonrpc: "2.0",
              method: "notifications/progress",
              params: { progressToken, ...(value as object) },
            };
            controller.enqueue(encoder.encode(frame(JSON.stringify(notification))));
          });
          controller.enqueue(encoder.encode(await finish().text()));
          controller.close();
        } catch (error) {
          controller.error(error);
        }
      },
    });
    return new Response(stream, { headers: headersOf() });
  };

  const listening = (signal: AbortSignal): Response => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        const tell = (): void => {
          const message = { jsonrpc: "2.0", method: "notifications/tools/list_changed", params: { x: "FORBIDDEN" } };
          controller.enqueue(encoder.encode(frame(JSON.stringify(message))));
        };
        listeners.add(tell);
        signal.addEventListener("abort", () => listeners.delete(tell));
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  };

  const handle = async (init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    const signal = init.signal ?? new AbortController().signal;
    if (init.method === "GET") return era === "legacy" ? listening(signal) : new Response(null, { status: 405 });
    if (init.method === "DELETE") return new Response(null, { status: 200 });
    const text = String(init.body);
    const { id, method, params = {} } = JSON.parse(text) as { id?: unknown; method: string; params?: Body };
    seen.push({ method, params, headers, text });
    if (id === undefined) return new Response(null, { status: 202 });
    const claim = (params["_meta"] as Body | undefined)?.["io.modelcontextprotocol/protocolVersion"];
    const known = options.methods?.[method];
    if (era === "legacy" && claim !== undefined)
      return answer(id, `"error":{"code":-32600,"message":"no session"}`, {}, 400);
    if (era === "modern" && (claim !== "2026-07-28" || headers.get("mcp-method") !== method)) {
      return answer(id, `"error":{"code":-32020,"message":"headers"}`, {}, 400);
    }
    if (era === "legacy" && method === "initialize") {
      const result = { protocolVersion: "2025-11-25", ...description, serverInfo };
      return answer(id, `"result":${JSON.stringify(result)}`, { "mcp-session-id": `upstream-${++sessions}` });
    }
    if (era === "legacy" && headers.get("mcp-session-id") === null) return new Response("no session", { status: 400 });
    if (era === "modern" && method === "server/discover") {
      const result = {
        ...{
          resultType: "complete",
          supportedVersions: ["2026-07-28"],
          ...description,
          ttlMs: 0,
          cacheScope: "public",
        },
        _meta: { "io.modelcontextprotocol/serverInfo": serverInfo },
      };
      return answer(id, `"result":${JSON.stringify(result)}`);
    }
    if (era === "modern" && method === "subscriptions/listen") return listening(signal);
    if (known !== undefined) {
      const result = { ...(era === "modern" && { resultType: "complete" }), ...(known(params as never) as object) };
      return answer(id, `"result":${JSON.stringify(result)}`);
    }
    if (method === "tools/list") return answer(id, `"result":${JSON.stringify(listTools(params))}`);
    if (method === "tools/call") return call(id, params, signal);
    return answer(id, `"error":{"code":-32601,"message":"no such method"}`);
  };

  return {
    seen,
    changed: () => {
      for (const tell of listeners) tell();
    },
    fetch: (_url, init) =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(init.signal?.reason);
        if (init.signal?.aborted) return stop();
        init.signal?.addEventListener("abort", stop);
        handle(init).then(resolve, reject);
      }),
  };
}
