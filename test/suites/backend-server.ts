// A small MCP server behind a fetch function, in both forms of the protocol, for suites that must run without a network.

export type Tool = (tool: string, args: unknown, options: { readonly signal: AbortSignal }) => unknown;

export interface FakeServerOptions {
  /** `stateless`: MCP 2026-07-28 only. `sessions`: 2025-11-25 with initialize and sessions only. */
  readonly era: "stateless" | "sessions";
  /** `sse` streams in pieces of 5 bytes with comments and a notification first. */
  readonly body: "json" | "sse";
}

export interface FakeServer {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Every request so far: the HTTP method or the JSON-RPC method. */
  readonly log: string[];
  /** Forgets all sessions, as a restarted server does. */
  forget(): void;
}

interface Request {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: unknown;
    readonly requestId?: number;
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

const json = (status: number, value: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });

const refusal = (status: number, id: number | undefined, code: number, data?: unknown): Response =>
  json(status, { jsonrpc: "2.0", id: id ?? null, error: { code, message: "secret of the server", data } });

function stream(value: unknown): Response {
  const text = [
    ": open\r\n\r\n",
    `event: message\r\ndata: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params: {} })}\r\n\r\n`,
    `id: 1\r\ndata: ${JSON.stringify(value)}\n\n`,
  ].join("");
  const bytes = new TextEncoder().encode(text);
  const step = bytes.length > 10_000 ? 65_536 : 5;
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + step));
      at += step;
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

export function fakeServer(tool: Tool, { era, body }: FakeServerOptions): FakeServer {
  const log: string[] = [];
  const sessions = new Map<string, Map<number, AbortController>>();
  let lastSession = 0;

  const answer = async (request: Request, signal: AbortSignal): Promise<Response> => {
    const { id, params } = request;
    try {
      const result = await tool(params?.name ?? "", params?.arguments, { signal });
      const message = { jsonrpc: "2.0", id, result };
      return body === "sse" ? stream(message) : json(200, message);
    } catch {
      return refusal(200, id, -32603);
    }
  };

  const stateless = (request: Request, headers: Headers, signal: AbortSignal): Promise<Response> | Response => {
    const version = request.params?._meta?.["io.modelcontextprotocol/protocolVersion"];
    if (version !== "2026-07-28") return refusal(400, request.id, -32022, { supported: ["2026-07-28"] });
    const name = headers.get("mcp-name");
    const agree = headers.get("mcp-method") === request.method && headers.get("mcp-protocol-version") === version;
    if (!agree || name !== request.params?.name) return refusal(400, request.id, -32020);
    return answer(request, signal);
  };

  const inSession = (request: Request, headers: Headers): Promise<Response> | Response => {
    const { id, method } = request;
    if (method === "initialize") {
      const session = `session-${++lastSession}`;
      sessions.set(session, new Map());
      const result = {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "fake", version: "1" },
      };
      return json(200, { jsonrpc: "2.0", id, result }, { "mcp-session-id": session });
    }
    if (headers.get("mcp-protocol-version") !== "2025-11-25") return refusal(400, id, -32000);
    const running = sessions.get(headers.get("mcp-session-id") ?? "");
    if (!running) return refusal(404, id, -32001);
    if (method === "notifications/cancelled") running.get(request.params?.requestId ?? -1)?.abort();
    if (id === undefined) return new Response(null, { status: 202 });
    const controller = new AbortController();
    running.set(id, controller);
    return answer(request, controller.signal);
  };

  return {
    log,
    forget: () => sessions.clear(),
    async fetch(url, init) {
      if (url !== "https://mcp.example/mcp") throw new TypeError(`Unexpected address ${url}`);
      const headers = new Headers(init.headers);
      const signal = init.signal ?? new AbortController().signal;
      if (init.method === "DELETE") {
        log.push("DELETE");
        return new Response(null, { status: sessions.delete(headers.get("mcp-session-id") ?? "") ? 200 : 404 });
      }
      const request = JSON.parse(String(init.body)) as Request;
      log.push(request.method ?? "response");
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      return Promise.race([
        aborted,
        Promise.resolve(era === "stateless" ? stateless(request, headers, signal) : inSession(request, headers)),
      ]);
    },
  };
}
