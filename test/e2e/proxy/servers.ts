// A small GitHub behind MCP, in servers of both SDK generations: two repositories, one private, slow calls, calls that hang.
import { randomUUID } from "node:crypto";
import { Server as ServerV1 } from "@modelcontextprotocol/sdk/server/index.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler, Server as ServerV2 } from "@modelcontextprotocol/server";
import type { FetchHandler } from "../backend/servers.ts";

export interface Github {
  readonly handle: FetchHandler;
  /** Comments that were really written: by whom, where. */
  readonly written: string[];
  /** Calls that hang or hung. */
  hung: number;
  /** Those of them that were cancelled. */
  cancelled: number;
}

interface Call {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  progress(value: number): Promise<void> | void;
}

const ASSOCIATIONS = ["MEMBER", "NONE", "FIRST_TIMER", "OWNER"];
const issue = (owner: unknown, repo: unknown, number: number): object => ({
  number,
  title: `Issue ${number}`,
  author_association: ASSOCIATIONS[number % ASSOCIATIONS.length],
  user: { login: `user${number}` },
  html_url: `https://github.com/${owner}/${repo}/issues/${number}`,
});

const inputSchema = { type: "object" as const, properties: { owner: { type: "string" }, repo: { type: "string" } } };
const itemsSchema = {
  type: "object" as const,
  properties: { items: { type: "array", items: { type: "object" }, minItems: 8 }, total_count: { type: "integer" } },
  required: ["items", "total_count"],
};
const TOOLS = [
  { name: "list_issues", description: "Lists issues", inputSchema, outputSchema: itemsSchema },
  ...["get_repository", "issue_read", "add_issue_comment"].map((name) => ({ name, description: name, inputSchema })),
];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function github(generation: "v1" | "v2", form: "json" | "sse"): Github {
  const written: string[] = [];
  const server = { written, hung: 0, cancelled: 0 };
  const stuck = new Set<unknown>();
  const text = (value: unknown): object => ({ content: [{ type: "text", text: JSON.stringify(value) }] });

  async function run({ tool, args, signal, progress }: Call): Promise<object> {
    const { owner, repo } = args;
    if (args["hang"] === true) {
      server.hung++;
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve());
      });
      server.cancelled++;
      return text("cancelled");
    }
    if (args["slow"] === true) {
      for (let step = 1; step <= 5; step++) {
        await pause(60);
        await progress(step);
      }
    }
    // Asked by the guard. The first question about such a repository is never answered.
    if (tool === "get_repository" && String(repo).startsWith("stuck-") && !stuck.has(repo)) {
      stuck.add(repo);
      server.hung++;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    }
    if (tool === "get_repository") return text({ full_name: `${owner}/${repo}`, private: repo === "vault" });
    if (tool === "issue_read") return text(issue(owner, repo, 3));
    if (tool === "add_issue_comment") {
      written.push(`${owner}/${repo}: ${args["body"]}`);
      return text({ id: written.length });
    }
    const value = { items: Array.from({ length: 8 }, (_, number) => issue(owner, repo, number)), total_count: 8 };
    return { ...text(value), structuredContent: value };
  }

  if (generation === "v2") {
    const handler = createMcpHandler(
      () => {
        const own = new ServerV2(
          { name: "github", version: "2.0.0" },
          { capabilities: { tools: { listChanged: true }, logging: {}, resources: {}, prompts: {} } },
        );
        own.setRequestHandler("tools/list", async () => ({ tools: TOOLS }) as never);
        own.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
          const progressToken = mcpReq._meta?.progressToken;
          const progress = async (value: number): Promise<void> => {
            if (progressToken === undefined) return;
            await mcpReq.notify({
              method: "notifications/progress",
              params: { progressToken, progress: value, total: 5, message: "SECRET" },
            });
          };
          return (await run({
            tool: params.name,
            args: params.arguments ?? {},
            signal: mcpReq.signal,
            progress,
          })) as never;
        });
        return own;
      },
      { responseMode: form === "sse" ? "sse" : "auto" },
    );
    return Object.assign(server, { handle: ((request) => handler.fetch(request)) as FetchHandler });
  }

  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const handle: FetchHandler = async (request) => {
    const id = request.headers.get("mcp-session-id");
    const known = id === null ? undefined : sessions.get(id);
    if (known) return known.handleRequest(request);
    if (id !== null) return new Response("Session not found", { status: 404 });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (session) => void sessions.set(session, transport),
      onsessionclosed: (session) => void sessions.delete(session),
      enableJsonResponse: form === "json",
    });
    const own = new ServerV1(
      { name: "github", version: "1.0.0" },
      { capabilities: { tools: { listChanged: true }, logging: {}, resources: {}, prompts: {} } },
    );
    own.setRequestHandler(ListToolsRequestSchema, async () => ({ tools: TOOLS }) as never);
    own.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken;
      const progress = async (value: number): Promise<void> => {
        if (progressToken === undefined) return;
        await sendNotification({
          method: "notifications/progress",
          params: { progressToken, progress: value, total: 5, message: "SECRET" },
        });
      };
      return (await run({ tool: params.name, args: params.arguments ?? {}, signal, progress })) as never;
    });
    await own.connect(transport as never);
    return transport.handleRequest(request);
  };
  return Object.assign(server, { handle });
}
