// One HTTP request to a server behind the proxy: every JSON-RPC message of the answer, from JSON or an event stream, bounded, never redirected.
import { createEventParser, type StreamPosition } from "../backend/sse.ts";
import { isObject, type JsonObject, own } from "../difc/json.ts";
import { BackendError } from "../errors.ts";
import { createBodyReader, type Fail } from "./answer-body.ts";
import { HEADER, type RequestId } from "./messages.ts";

/** What is used of a Response. */
export interface FetchedResponse extends Pick<Response, "status" | "ok" | "type" | "body"> {
  readonly headers: Pick<Headers, "get" | "has">;
  /** The whole body; `undefined` when it is larger than `most` bytes. Where it is there, it is faster than the stream. */
  readBytes?(most: number): Promise<Uint8Array | undefined>;
}

/** Any `fetch`, or a faster one that knows less: headers are an object with names in lower case, bodies are strings, `redirect` is "manual". */
export type Fetch = (url: string, init: RequestInit) => Promise<FetchedResponse>;

export interface Reply {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
  /** The response to the request; absent for notifications, and when the server refuses without one. */
  readonly message?: JsonObject;
}

/** Names in lower case. */
export type SentHeaders = Readonly<Record<string, string>>;

export interface Wire {
  /** Posts a message. `hear` gets every other message of the answer. */
  post(
    message: JsonObject,
    headers: SentHeaders,
    signal: AbortSignal,
    hear: (message: JsonObject) => void,
  ): Promise<Reply>;
  /** Opens the stream of a session. Resolves when it ends; `false` when the server has none. */
  get(headers: SentHeaders, signal: AbortSignal, hear: (message: JsonObject) => void): Promise<boolean>;
  delete(headers: SentHeaders, signal: AbortSignal): Promise<void>;
}

const POSTED = { "content-type": "application/json", accept: "application/json, text/event-stream" };
/** How often in a row a stream is taken up without hearing anything new. */
const RESUME_ATTEMPTS = 5;
/** Before it is taken up again, unless the server says when. */
const RETRY_MS = 1000;
const MAX_RETRY_MS = 10_000;
const DISCARDED_BYTES = 65_536;

export function createWire(name: string, fetch: Fetch, url: string, maxBytes: number): Wire {
  const fail: Fail = (state, transient = false, cause) =>
    new BackendError(`Cannot reach the server "${name}": ${state}`, {
      phase: "backend",
      transient,
      cause,
    });

  const send = async (
    method: string,
    headers: SentHeaders,
    signal: AbortSignal,
    body?: string,
  ): Promise<FetchedResponse> => {
    let response: FetchedResponse;
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

  const { pieces, whole } = createBodyReader(maxBytes, fail);

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

  /** Every event's data, until `onData` has enough. A stream of a session that breaks off is taken up where it was. */
  const readEvents = async (
    first: FetchedResponse,
    headers: SentHeaders,
    signal: AbortSignal,
    onData: (data: string) => boolean,
  ): Promise<void> => {
    const position: StreamPosition = { id: "", retry: undefined };
    let done = false;
    let last = "";
    for (let response = first, fruitless = 0; ; ) {
      const events = createEventParser((data) => {
        // An event without data only carries an id (2025-11-25, Resumability).
        if (data !== "") done ||= onData(data);
      }, position);
      try {
        await pieces(response, signal, (text) => {
          events(text);
          return done;
        });
      } catch (error) {
        if (position.id === "" || !(error as BackendError).transient) throw error;
      }
      if (position.id !== last) fruitless = 0;
      last = position.id;
      if (done || last === "" || headers[HEADER.session] === undefined || ++fruitless > RESUME_ATTEMPTS) return;
      await pause(Math.min(position.retry ?? RETRY_MS, MAX_RETRY_MS), signal);
      const { "content-type": _, ...rest } = headers;
      const again = { ...rest, accept: "text/event-stream", [HEADER.lastEvent]: last };
      response = await send("GET", again, signal);
      if (response.ok && mediaType(response) === "text/event-stream") continue;
      discard(response);
      return;
    }
  };

  return {
    async post(message, given, signal, hear) {
      const headers = { ...given, ...POSTED };
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
        await readEvents(response, headers, signal, (data) => found !== undefined || sort(data));
        if (found === undefined) throw fail("the connection ended without the answer", true);
      } else if (type === "application/json") {
        const text = await whole(response, signal);
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
    async get(given, signal, hear) {
      const headers = { ...given, accept: "text/event-stream" };
      const response = await send("GET", headers, signal);
      if (!response.ok || mediaType(response) !== "text/event-stream") {
        discard(response);
        return false;
      }
      await readEvents(response, headers, signal, (data) => {
        hear(parse(data));
        return false;
      });
      return true;
    },
    async delete(headers, signal) {
      discard(await send("DELETE", headers, signal));
    },
  };
}

/** Ends with the signal too; what waits then finds it aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, signal.aborted ? 0 : ms);
    signal.addEventListener("abort", end);
  });
}

function discard(response: FetchedResponse): void {
  // A short body is read to its end, so that the connection can be used again.
  const ending = response.readBytes?.(DISCARDED_BYTES) ?? response.body?.cancel();
  ending?.catch(() => {});
}

function mediaType(response: FetchedResponse): string | undefined {
  return response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
}
