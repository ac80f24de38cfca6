// What the proxy needs of a server behind it: one connection per caller, however it is reached.
import type { JsonObject } from "../difc/json.ts";
import type { RpcError } from "./messages.ts";

/** What a server says of itself. */
export interface ServerDescription {
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject;
  readonly instructions?: string;
}

export interface UpstreamRequestOptions {
  /** Cancels the request, on the server too. */
  readonly signal: AbortSignal;
  /** Hears numbers only; a server's words on the way are never passed on. */
  readonly onProgress?: ((progress: number, total: number | undefined) => void) | undefined;
  /** Continues a caller's trace: `traceparent` and `tracestate`. */
  readonly trace?: Readonly<Record<string, string>> | undefined;
}

/** The answer of a server: JSON, unchecked. */
export type UpstreamReply = { readonly result: JsonObject } | { readonly error: RpcError };

/** A server as one caller sees it. */
export interface UpstreamConnection {
  /** @throws {BackendError} when the server cannot be reached */
  describe(signal: AbortSignal): Promise<ServerDescription>;
  /**
   * Sends one request, at most once. What the server refuses is an answer, what goes wrong on the way is thrown.
   *
   * @throws {BackendError | AbortError | TimeoutError}
   */
  request(method: string, params: JsonObject, options: UpstreamRequestOptions): Promise<UpstreamReply>;
  /** Hears that the list of tools has changed, until the signal fires or the server ends it. Absent: it cannot be heard. */
  listen?(onChange: () => void, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A server behind the proxy. */
export interface Upstream {
  /** For events and error messages. */
  readonly name: string;
  /** A connection that sends these headers, the caller's credentials among them. Does nothing before the first request. */
  connect(headers: Readonly<Record<string, string>>): UpstreamConnection;
  close?(): Promise<void>;
}
