// A backend that is an MCP server: through a client of the official SDK, told by its shape, or by its URL without any SDK.
import { asFault, askingBackend } from "./asking.ts";
import type { Backend } from "./backend.ts";
import { type HttpBackendOptions, httpBackend } from "./http.ts";

/**
 * What is needed of an MCP client that is connected: `Client` of @modelcontextprotocol/sdk (v1) has it as
 * `callTool(params, resultSchema?, options?)`, `Client` of @modelcontextprotocol/client (v2) as `callTool(params, options?)`.
 */
export interface McpClientLike {
  // biome-ignore lint/suspicious/noExplicitAny: the two signatures differ in what comes second
  callTool(params: { name: string; arguments?: any }, ...rest: any[]): Promise<unknown>;
}

export interface McpClientOptions {
  /** For events and error messages. @default "mcp" */
  readonly name?: string;
  /** False when asking in vain hurts. @default true */
  readonly speculate?: boolean;
  /** The client's own deadline for one request in milliseconds. @default the client's */
  readonly timeoutMs?: number;
}

/** Codes of the SDKs' errors that mean a lost connection or a time-out; HTTP statuses are among the numbers of v1. */
const transientCodes = new Set<unknown>([
  ...[-32000, -32001, 429, 502, 503, 504],
  ...["REQUEST_TIMEOUT", "CONNECTION_CLOSED", "SEND_FAILED"],
]);

function isTransient(error: unknown): boolean {
  const { code, status } = (error ?? {}) as { code?: unknown; status?: unknown };
  return transientCodes.has(code) || transientCodes.has(status) || error instanceof TypeError;
}

function clientBackend(client: McpClientLike, options: McpClientOptions): Backend {
  const { name = "mcp", speculate, timeoutMs } = options;
  // v2 declares two parameters. v1 has one before its default value, and takes options in third place; a client that takes
  // none ignores them. To give v1 its options second would make them its schema, so third is the rule.
  const second = "getProtocolEra" in client || client.callTool.length === 2;
  return askingBackend({ name, speculate }, async (tool, args, { signal }) => {
    const params = { name: tool, ...(args !== undefined && { arguments: args }) };
    const request = { signal, ...(timeoutMs !== undefined && { timeout: timeoutMs }) };
    try {
      return await (second ? client.callTool(params, request) : client.callTool(params, undefined, request));
    } catch (error) {
      throw asFault(name, tool, error, isTransient(error));
    }
  });
}

/**
 * Asks an MCP server. Given an SDK's client, which stays the caller's to connect and to close, or a URL, which is asked over
 * Streamable HTTP without any SDK ({@link httpBackend}). Errors are BackendErrors; a tool result with `isError` is an answer.
 *
 * @throws TypeError when it is given neither
 * @example
 * const backend = mcpBackend("https://example.com/mcp", { headers: { authorization: `Bearer ${token}` } });
 */
export function mcpBackend(client: McpClientLike, options?: McpClientOptions): Backend;
export function mcpBackend(url: string | URL, options?: HttpBackendOptions): Backend;
export function mcpBackend(
  clientOrUrl: McpClientLike | string | URL,
  options: McpClientOptions & HttpBackendOptions = {},
): Backend {
  if (typeof clientOrUrl === "string" || clientOrUrl instanceof URL) return httpBackend(clientOrUrl, options);
  if (typeof clientOrUrl?.callTool === "function") return clientBackend(clientOrUrl, options);
  throw new TypeError(
    `Cannot make a backend: "clientOrUrl" is neither a URL nor an MCP client with the method "callTool"`,
  );
}
