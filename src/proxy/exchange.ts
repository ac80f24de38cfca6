// One HTTP request to a server behind the proxy: every JSON-RPC message of the answer, from JSON or an event stream, bounded, never redirected.
import { createEventParser } from "../backend/sse.ts";
import { isObject, type JsonObject, own } from "../difc/json.ts";
import { BackendError } from "../errors.ts";
import type { RequestId } from "./messages.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Reply {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
  /** The response to the request; absent for notifications, and when the server refuses without one. */
  readonly message?: JsonObject;
}

export interface Wire {
  /** Posts a message. `hear` gets every other message of the answer. */
  post(message: JsonObject, headers: Headers, signal: AbortSignal, hear: (message: JsonObject) => void): Promise<Reply>;
  /** Opens the stream of a session. Resolves when it ends; `false` when the server has none. */
  get(headers: Headers, signal: AbortSignal, hear: (message: JsonObject) => void): Promise<boolean>;
  delete(headers: Headers, signal: AbortSignal): Promise<void>;
}

export function createWire(name: string, fetch: Fetch, url: string, maxBytes: number): Wire {
  const fail = (state: string, transient = false, cause?: unknown): BackendError =>
    new BackendError(`Cannot reach the server "${name}": ${state}`, {
      phase: "backend",
      transient,
      cause,
    });

  const send = async (method: string, headers: Headers, signal: AbortSignal, body?: string): Promise<Response> => {
    let response: Response;
    try {
      // Followed, a redirect could carry the credentials to another origin.
      response = await fetch(url, {
        method,
        headers,
        signal,
        redirect: "manual",
        ...(body !== undefined && { body }),
      });
    } catch (cause) {
      throw fail("the connection failed", true, cause);
    }
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      discard(response);
      throw fail("it redirects, which is not followed");
    }
    return response;
  };

  /** Reads a body until `onText` has enough. A stream that lasts is bounded by event, any other body as a whole. */
  const read = async (response: Response, signal: AbortSignal, onText: (text: string) => boolean): Promise<void> => {
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    const stop = (): void => void reader.cancel().catch(() => {});
    signal.addEventListener("abort", stop);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let bytes = 0;
    try {
      for (let finished = false; !finished; ) {
        let part: Uint8Array | undefined;
        try {
          const next = await reader.read();
          finished = next.done;
          part = next.value;
        } catch (cause) {
          throw fail("the connection was lost", true, cause);
        }
        if (signal.aborted) throw fail("the request was aborted", false, signal.reason);
        bytes += part?.byteLength ?? 0;
        if (bytes > maxBytes) throw fail(`its answer is larger than ${maxBytes} bytes; raise "limits.responseBytes"`);
        let text: string;
        try {
          text = decoder.decode(part, { stream: !finished });
        } catch {
          throw fail("its answer is not UTF-8");
        }
        if (onText(text)) return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
    }
  };

  /** A body of a declared length: runtimes read it as a whole much faster than in pieces. */
  const readWhole = async (response: Response): Promise<string> => {
    let bytes: ArrayBuffer;
    try {
      bytes = await response.arrayBuffer();
    } catch (cause) {
      throw fail("the connection was lost", true, cause);
    }
    if (bytes.byteLength > maxBytes) throw fail(`its answer is larger than ${maxBytes} bytes`);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw fail("its answer is not UTF-8");
    }
  };

  const parse = (text: string): JsonObject => {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      throw fail("its answer is not JSON");
    }
    if (!isObject(message)) throw fail("its answer is not a JSON-RPC message");
    return message;
  };

  return {
    async post(message, headers, signal, hear) {
      headers.set("content-type", "application/json");
      headers.set("accept", "application/json, text/event-stream");
      const response = await send("POST", headers, signal, JSON.stringify(message));
      const { ok, status } = response;
      const id = own(message, "id") as RequestId | undefined;
      const type = mediaType(response);
      const isRefusal = status >= 400 && status < 500;
      const reply = { ok, status, headers: response.headers };
      let found: JsonObject | undefined;
      const sort = (text: string): boolean => {
        const got = parse(text);
        if (typeof own(got, "method") === "string") hear(got);
        else if (own(got, "id") === id || (isRefusal && own(got, "id") == null)) found = got;
        return found !== undefined;
      };
      if (id === undefined || status === 202 || !(ok || isRefusal)) {
        discard(response);
        return reply;
      }
      if (type === "text/event-stream") {
        let done = false;
        const events = createEventParser((data) => {
          done ||= sort(data);
        });
        await read(response, signal, (text) => {
          events(text);
          return done;
        });
        if (found === undefined) throw fail("the connection ended without the answer", true);
      } else if (type === "application/json") {
        let text = "";
        const declared = Number(response.headers.get("content-length") ?? Number.NaN);
        if (declared <= maxBytes && !response.headers.has("content-encoding")) text = await readWhole(response);
        else {
          await read(response, signal, (piece) => {
            text += piece;
            return false;
          });
        }
        try {
          sort(text);
        } catch (error) {
          // What comes along with a refusal need not be JSON.
          if (!isRefusal) throw error;
        }
        if (found === undefined && !isRefusal) throw fail("its answer belongs to no request");
      } else {
        discard(response);
        if (!isRefusal) throw fail("its answer is neither JSON nor an event stream");
      }
      return found === undefined ? reply : { ...reply, message: found };
    },
    async get(headers, signal, hear) {
      headers.set("accept", "text/event-stream");
      const response = await send("GET", headers, signal);
      if (!response.ok || mediaType(response) !== "text/event-stream") {
        discard(response);
        return false;
      }
      const events = createEventParser((data) => hear(parse(data)));
      await read(response, signal, (text) => {
        events(text);
        return false;
      });
      return true;
    },
    async delete(headers, signal) {
      discard(await send("DELETE", headers, signal));
    },
  };
}

function discard(response: Response): void {
  response.body?.cancel().catch(() => {});
}

function mediaType(response: Response): string | undefined {
  return response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
}
