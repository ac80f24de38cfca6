// The conformance kit over real HTTP: servers of both SDK generations, asked by both SDKs' clients and by the own transport.
import { test } from "node:test";
import { mcpBackend } from "edge-guard";
import { type BackendCapabilities, testBackend } from "edge-guard/testing";
import { type Connect, connectOwn, connectV1, connectV2 } from "./clients.ts";
import { type FetchHandler, serve, sessionServer, statelessServer, type Tool } from "./servers.ts";

const servers: Readonly<Record<string, (tool: Tool) => FetchHandler>> = {
  "v1 server, sessions, SSE": (tool) => sessionServer(tool, false).handle,
  "v1 server, sessions, JSON": (tool) => sessionServer(tool, true).handle,
  "v2 server, SSE": (tool) => statelessServer(tool, { responseMode: "sse" }),
  "v2 server, JSON": (tool) => statelessServer(tool, { responseMode: "json" }),
};

const clients: Readonly<Record<string, Connect>> = {
  "v1 client": connectV1,
  "v2 client": connectV2,
  "own transport": connectOwn,
  "own transport, 2025-11-25": async (url) => mcpBackend(url, { protocolVersion: "2025-11-25" }),
};

for (const [server, makeServer] of Object.entries(servers)) {
  for (const [client, connect] of Object.entries(clients)) {
    const olderOnStateless = server.startsWith("v2") && (client === "v1 client" || client.endsWith("2025-11-25"));
    const capabilities: BackendCapabilities = {
      results: "mcp",
      // Without a session the server cannot tell which question a cancellation means.
      cancels: !olderOnStateless,
      // Through the SDKs' own clients these measure the SDKs alone, a second each.
      large: client.startsWith("own"),
    };
    const cases = testBackend({
      name: `${client} to ${server}`,
      capabilities,
      async create(handler) {
        const running = await serve(makeServer(handler));
        const backend = await connect(running.url);
        return {
          ...backend,
          async close() {
            await backend.close?.();
            await running.close();
          },
        };
      },
    });
    for (const { name, run } of cases) test(name, run);
  }
}
