// Real MCP servers of both SDK generations over real HTTP on 127.0.0.1.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as ServerV1 } from "@modelcontextprotocol/sdk/server/index.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler, Server as ServerV2 } from "@modelcontextprotocol/server";

export type Tool = (tool: string, args: unknown, options: { readonly signal: AbortSignal }) => unknown;
export type FetchHandler = (request: Request) => Response | Promise<Response>;

export interface RunningServer {
  readonly url: string;
  /** Every request so far: its HTTP method, and its protocol version, session and JSON-RPC method where it has them. */
  readonly requests: { method: string; version?: string; session?: string; rpc?: string; authorization?: string }[];
  close(): Promise<void>;
}

async function pump(
  handle: FetchHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
): Promise<void> {
  const controller = new AbortController();
  outgoing.on("close", () => controller.abort());
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  const { method = "GET" } = incoming;
  const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method,
    headers,
    signal: controller.signal,
    ...(method === "POST" && { body: new Uint8Array(body) }),
  });
  const response = await handle(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  const reader = response.body?.getReader();
  controller.signal.addEventListener("abort", () => void reader?.cancel().catch(() => {}));
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) outgoing.write(part.value);
  outgoing.end();
}

/** Serves a web-standard handler on a port that the system picks. */
export async function serve(handle: FetchHandler): Promise<RunningServer> {
  const requests: RunningServer["requests"] = [];
  const server = createServer(async (incoming, outgoing) => {
    const parts: Buffer[] = [];
    try {
      for await (const part of incoming) parts.push(part as Buffer);
      const body = Buffer.concat(parts);
      const header = (name: string) => incoming.headers[name] as string | undefined;
      const [version, session, authorization] = ["mcp-protocol-version", "mcp-session-id", "authorization"].map(header);
      const rpc = body.length > 0 ? (JSON.parse(body.toString()) as { method?: string }).method : undefined;
      requests.push({
        method: incoming.method ?? "",
        ...(version && { version }),
        ...(session && { session }),
        ...(rpc && { rpc }),
        ...(authorization && { authorization }),
      });
      await pump(handle, incoming, outgoing, body);
    } catch {
      outgoing.destroy();
    }
  });
  // On a busy machine a client may take long to use a connection again.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const info = { name: "test server", version: "1.0.0" };
const abilities = { capabilities: { tools: {} } };

/** A v1 SDK server with sessions, as its documentation sets one up. */
export function sessionServer(tool: Tool, json: boolean): { handle: FetchHandler; forget(): void } {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const handle: FetchHandler = async (request) => {
    const id = request.headers.get("mcp-session-id");
    const known = id === null ? undefined : sessions.get(id);
    if (known) return known.handleRequest(request);
    if (id !== null) return new Response("Session not found", { status: 404 });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      enableJsonResponse: json,
      onsessioninitialized: (session) => void sessions.set(session, transport),
      onsessionclosed: (session) => void sessions.delete(session),
    });
    const server = new ServerV1(info, abilities);
    server.setRequestHandler(
      CallToolRequestSchema,
      async ({ params }, { signal }) => (await tool(params.name, params.arguments, { signal })) as never,
    );
    await server.connect(transport as never);
    return transport.handleRequest(request);
  };
  return { handle, forget: () => sessions.clear() };
}

/** A v2 SDK server: 2026-07-28 and, unless it rejects them, older clients without sessions. */
export function statelessServer(
  tool: Tool,
  options: { responseMode?: "auto" | "json" | "sse"; legacy?: "stateless" | "reject" } = {},
): FetchHandler {
  const handler = createMcpHandler(() => {
    const server = new ServerV2(info, abilities);
    server.setRequestHandler(
      "tools/call",
      async ({ params }, { mcpReq }) => (await tool(params.name, params.arguments, mcpReq)) as never,
    );
    return server;
  }, options);
  return (request) => handler.fetch(request);
}
