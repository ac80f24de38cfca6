// The server behind the proxies: 2026-07-28, the same list of issues each time, after a delay.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { LIST } from "./list.ts";

export const REPOSITORY = { full_name: "acme/site", private: false };

export async function startServer(delay: number): Promise<{ url: string; close(): void }> {
  const text = (value: unknown): object => ({ content: [{ type: "text", text: JSON.stringify(value) }] });
  const described = { supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, ttlMs: 0, cacheScope: "private" };
  const results = { list: text(LIST), repository: text(REPOSITORY), described };
  const bodies = Object.fromEntries(
    Object.entries(results).map(([name, result]) => [name, JSON.stringify({ resultType: "complete", ...result })]),
  );
  const server = createServer((request, response) => {
    let sent = "";
    request.on("data", (piece) => {
      sent += piece;
    });
    request.on("end", () => {
      const { id, method, params } = JSON.parse(sent);
      const body =
        method === "server/discover" ? "described" : params?.name === "get_repository" ? "repository" : "list";
      const answer = Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${bodies[body]}}`);
      const end = (): void => {
        response.writeHead(200, { "content-type": "application/json", "content-length": answer.length }).end(answer);
      };
      if (delay > 0) setTimeout(end, delay);
      else end();
    });
  });
  // The proxies close what is idle: a server that does so too may do it while a request is on its way.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, close: () => server.close() };
}
