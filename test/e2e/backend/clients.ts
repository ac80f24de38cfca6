// Real MCP clients of both SDK generations as backends.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { type Backend, mcpBackend } from "edge-guard";

const info = { name: "test client", version: "1.0.0" };

export type Connect = (url: string) => Promise<Backend>;

function closing(backend: Backend, close: () => Promise<void>): Backend {
  return {
    ...backend,
    async close() {
      await backend.close?.();
      await close();
    },
  };
}

export const connectV1: Connect = async (url) => {
  const client = new ClientV1(info);
  await client.connect(new TransportV1(new URL(url)) as never);
  return closing(mcpBackend(client), () => client.close());
};

export const connectV2: Connect = async (url) => {
  const client = new ClientV2(info, { versionNegotiation: { mode: "auto" } });
  await client.connect(new TransportV2(new URL(url)));
  return closing(mcpBackend(client), () => client.close());
};

export const connectOwn: Connect = async (url) => mcpBackend(url);
