// The conformance kit over real HTTP: servers of both SDK generations, asked by both SDKs' clients and by the own transport.
import { test } from "node:test";
import { mcpBackend } from "edge-guard";
import { testBackend } from "edge-guard/testing";
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
    // A v1 server leads the transport to 2025-11-25 by itself.
    if (server.startsWith("v1") && client.endsWith("2025-11-25")) continue;
    const olderOnStateless = server.startsWith("v2") && (client === "v1 client" || client.endsWith("2025-11-25"));
    const capabilities = {
      results: "mcp" as const,
      // Without a session the server cannot tell which question a cancellation means.
      cancels: !olderOnStateless,
      // Through the SDKs' own clients these measure the SDKs alone, a second each.
      large: client === "own transport",
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
    for (const { name, run } of cases) {
      // Through an SDK's client, what each kind of value looks like on the way is the SDK's affair.
      const aboutValues = /answers with|in the arguments/.test(name) && !/surrogates|astral|null/.test(name);
      if (client.startsWith("own") || !aboutValues) test(name, run);
    }
  }
}
