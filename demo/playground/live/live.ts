// The frame that holds a connection to a live MCP server. It exists only while somebody is connected, and before its first request it
// narrows its own policy to that one origin, for good: neither a redirect nor a fault of ours can send anything elsewhere.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { ToolDescription } from "edge-guard/analysis";
import { serverAddress } from "./address.ts";
import {
  type CallRequest,
  type Connected,
  type ConnectRequest,
  type FromLive,
  portMessage,
  type ToLive,
} from "./messages.ts";

/** A server that lists without end is cut here. */
const mostTools = 2000;
const timeoutMs = 30_000;
let client: Client | undefined;

function narrowTo(origin: string): void {
  const meta = document.createElement("meta");
  meta.httpEquiv = "Content-Security-Policy";
  meta.content = `connect-src ${origin}`;
  document.head.append(meta);
}

async function connect({ address, authorization }: ConnectRequest): Promise<Connected> {
  if (client !== undefined) throw new Error("Connecting: this frame has a connection already");
  const url = serverAddress(address);
  narrowTo(url.origin);
  const headers = authorization === "" ? {} : { Authorization: authorization };
  const transport = new StreamableHTTPClientTransport(url, {
    requestInit: { headers, credentials: "omit", redirect: "error", referrerPolicy: "no-referrer", cache: "no-store" },
  });
  const connecting = new Client({ name: "edge-guard-playground", version: "1" });
  await connecting.connect(transport, { timeout: timeoutMs });
  client = connecting;
  const tools: ToolDescription[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor }, { timeout: timeoutMs });
    tools.push(...(page.tools as readonly ToolDescription[]));
    cursor = page.nextCursor;
  } while (cursor !== undefined && tools.length < mostTools);
  return { name: client.getServerVersion()?.name ?? url.host, tools: tools.slice(0, mostTools) };
}

async function call({ tool, args }: CallRequest): Promise<unknown> {
  if (client === undefined) throw new Error(`Calling "${tool}": there is no connection`);
  return client.callTool({ name: tool, arguments: args as Record<string, unknown> }, { timeout: timeoutMs });
}

function listen(port: MessagePort): void {
  const answer = (message: FromLive): void => port.postMessage(message);
  port.onmessage = ({ data }: MessageEvent<ToLive>) => {
    const { id } = data;
    (data.type === "connect" ? connect(data) : call(data)).then(
      // As JSON: what a server sends must not travel as anything else.
      (value) => answer({ id, value: JSON.parse(JSON.stringify(value ?? null)) }),
      (error: unknown) => answer({ id, failure: error instanceof Error ? error.message : String(error) }),
    );
  };
}

addEventListener("message", ({ source, origin, data, ports }) => {
  // Only our own page may hold this frame and speak to it.
  if (source === window.parent && origin === location.origin && data === portMessage && ports[0]) listen(ports[0]);
});
window.parent.postMessage(portMessage, location.origin);
