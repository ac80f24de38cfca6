// The words of JSON-RPC and MCP that the proxy speaks, in both forms of the protocol.
import { isObject, type JsonObject, own } from "../difc/json.ts";

export type RequestId = string | number;

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** What a request comes to. `status`: the HTTP status, 200 unless the protocol asks for another. */
export type Answer =
  | {
      readonly result: JsonObject;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly error: RpcError; readonly status?: number };

/** The stateless form of the protocol. */
export const MODERN = "2026-07-28";
/** Its predecessors over Streamable HTTP, newest first. */
export const LEGACY: readonly string[] = ["2025-11-25", "2025-06-18", "2025-03-26"];
/** Stands before the keys of `_meta` that the protocol keeps for itself. */
export const META = "io.modelcontextprotocol/";

export const CODE = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
} as const;

export const HEADER = {
  version: "mcp-protocol-version",
  session: "mcp-session-id",
  lastEvent: "last-event-id",
  method: "mcp-method",
  name: "mcp-name",
  param: "Mcp-Param-",
} as const;

/** Which of the parameters the header `Mcp-Name` repeats. */
const NAME_SOURCE: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

/** The value that `Mcp-Name` must repeat; `undefined` when the method has none. */
export function headerName(method: string, params: JsonObject): string | undefined {
  const field = own(NAME_SOURCE, method);
  const value = typeof field === "string" ? own(params, field) : undefined;
  return typeof value === "string" ? value : undefined;
}

/** A header's value: plain when it is safe, else Base64 of UTF-8 between marks. */
export function encodeHeader(text: string): string {
  if (/^[!-~](?:[\t -~]*[!-~])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)) return text;
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return `=?base64?${btoa(bytes)}?=`;
}

/** What {@link encodeHeader} was given; `undefined` when the value is not well formed. */
export function decodeHeader(value: string): string | undefined {
  const [, encoded] = /^=\?base64\?(.*)\?=$/.exec(value) ?? [];
  if (encoded === undefined) return value;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    if (btoa(String.fromCharCode(...bytes)) !== encoded) return undefined;
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function refusal(code: number, message: string, status?: number, data?: unknown): Answer {
  const error = data === undefined ? { code, message } : { code, message, data };
  return status === undefined ? { error } : { error, status };
}

/** The message of an answer as it goes over the wire. */
export function encodeAnswer(id: RequestId | null, answer: Answer): string {
  return "error" in answer
    ? JSON.stringify({ jsonrpc: "2.0", id, error: answer.error })
    : JSON.stringify({ jsonrpc: "2.0", id, result: answer.result });
}

export function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string" ? value.length <= 1024 : typeof value === "number" && Number.isFinite(value);
}

/** An own property that is an object; the empty one otherwise. */
export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = own(object, key);
  return isObject(value) ? value : EMPTY;
}

export function stringAt(object: JsonObject, key: string): string | undefined {
  const value = own(object, key);
  return typeof value === "string" ? value : undefined;
}

const EMPTY: JsonObject = Object.freeze({});
