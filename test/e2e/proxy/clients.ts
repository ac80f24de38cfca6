// Clients of both SDK generations, with one face.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

export interface ToolResult {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: {
    readonly items?: readonly { readonly number: number }[];
    readonly total_count?: number;
  };
  readonly isError?: boolean;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { readonly progress: number; readonly message?: string }) => void;
}

export interface AgentClient {
  readonly capabilities: unknown;
  readonly instructions: string | undefined;
  tools(): Promise<readonly { readonly name: string }[]>;
  call(name: string, args: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<ToolResult>;
  /** Sends any method; for what must be refused. */
  resource(uri: string): Promise<unknown>;
  prompt(name: string): Promise<unknown>;
  complete(prompt: string, argument: string, value: string): Promise<unknown>;
  close(): Promise<void>;
}

export type ClientKind = "v1" | "v2" | "v2 in its older form";

export async function connect(kind: ClientKind, url: string, token: string): Promise<AgentClient> {
  const info = { name: "test agent", version: "1.0.0" };
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  if (kind === "v1") {
    const client = new ClientV1(info);
    await client.connect(new TransportV1(new URL(url), { requestInit }) as never);
    return {
      capabilities: client.getServerCapabilities(),
      instructions: client.getInstructions(),
      tools: async () => (await client.listTools()).tools,
      call: async (name, args, options) =>
        (await client.callTool({ name, arguments: args }, undefined, options as never)) as never,
      resource: (uri) => client.readResource({ uri }),
      prompt: (name) => client.getPrompt({ name }),
      complete: (prompt, name, value) =>
        client.complete({ ref: { type: "ref/prompt", name: prompt }, argument: { name, value } }),
      close: () => client.close(),
    };
  }
  const client = new ClientV2(info, { versionNegotiation: { mode: kind === "v2" ? "auto" : "legacy" } });
  await client.connect(new TransportV2(new URL(url), { requestInit }));
  return {
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
    tools: async () => (await client.listTools()).tools,
    call: async (name, args, options) => (await client.callTool({ name, arguments: args }, options as never)) as never,
    resource: (uri) => client.readResource({ uri }),
    prompt: (name) => client.getPrompt({ name }),
    complete: (prompt, name, value) =>
      client.complete({ ref: { type: "ref/prompt", name: prompt }, argument: { name, value } }),
    close: () => client.close(),
  };
}
