// A server that is a program: the v1 SDK over stdio, with the tools of servers.ts as far as the tests need them.
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const server = new Server({ name: "stdio", version: "1.0.0" }, { capabilities: { tools: {}, resources: {} } });
const inputSchema = { type: "object" };
server.setRequestHandler(ListToolsRequestSchema, async () => ({
  tools: ["list_issues", "get_repository"].map((name) => ({ name, inputSchema })),
}));
server.setRequestHandler(CallToolRequestSchema, async ({ params }, { _meta, sendNotification, signal }) => {
  const { owner, repo, slow, hang, crash } = params.arguments ?? {};
  if (crash) process.exit(3);
  if (hang) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  for (let progress = 1; slow && progress <= 3; progress++) {
    await sendNotification({
      method: "notifications/progress",
      params: { progressToken: _meta?.progressToken, progress, message: "SECRET" },
    });
  }
  const item = (number) => ({
    number,
    author_association: number % 2 ? "NONE" : "MEMBER",
    user: { login: "u" },
    html_url: `https://github.com/${owner}/${repo}/issues/${number}`,
  });
  const value =
    params.name === "get_repository"
      ? { full_name: `${owner}/${repo}`, private: repo === "vault" }
      : [0, 1, 2, 3].map(item);
  return { content: [{ type: "text", text: JSON.stringify(value) }] };
});
await server.connect(new StdioServerTransport());
