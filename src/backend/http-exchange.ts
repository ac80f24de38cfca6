// One JSON-RPC message over one HTTP POST: the answer as JSON or as an event stream, bounded, never redirected.
import type { BackendError, FaultContext } from "../errors.ts";
import { quote } from "./asking.ts";
import { createEventParser } from "./sse.ts";

/** A JSON-RPC message as it came: nothing in it is checked but that it is an object. */
export type Message = Readonly<Record<string, unknown>>;

/** Makes the error of the question in progress. */
export type Fail = (state: string, context?: FaultContext & { readonly transient?: boolean }) => BackendError;

/** Posts a message and reads the response to it. Throws the errors of `fail`; HTTP errors are the caller's to judge. */
export type Exchange = (
  message: Message,
  headers: Headers,
  signal: AbortSignal,
  fail: Fail,
  /** Hears what the server asks of the client on the same stream. */
  onRequest: (request: Message) => void,
) => Promise<Reply>;

export interface Reply {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
  /** The response to the request; absent when the body holds none, and for notifications. */
  readonly message?: Message;
}

const isObject = (value: unknown): value is Message => typeof value === "object" && value !== null;

/** Reads a body piece by piece until `onPiece` says that it has enough. */
async function readBody(
  response: Response,
  maxBytes: number,
  fail: Fail,
  onPiece: (text: string) => unknown,
): Promise<void> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  try {
    for (let done = false; !done; ) {
      let value: Uint8Array | undefined;
      try {
        ({ done, value } = await reader.read());
      } catch (cause) {
        throw fail("the connection was lost", { cause, transient: true });
      }
      bytes += value?.byteLength ?? 0;
      if (bytes > maxBytes) throw fail(`the answer is larger than ${maxBytes} bytes; raise the option "maxBytes"`);
      let text: string;
      try {
        text = decoder.decode(value, { stream: !done });
      } catch {
        throw fail("the answer is not UTF-8");
      }
      if (onPiece(text)) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Finds the response to a request among what came: one message, or an array of them (before 2025-06-18). */
function findResponse(parsed: unknown, id: unknown, onRequest: (request: Message) => void): Message | undefined {
  let found: Message | undefined;
  for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
    if (!isObject(message)) continue;
    if (typeof message["method"] === "string") {
      if (message["id"] !== undefined) onRequest(message);
    } else if (message["id"] === id || (message["id"] == null && isObject(message["error"]))) {
      found ??= message;
    }
  }
  return found;
}

export const createExchange =
  (fetch: (url: string, init: RequestInit) => Promise<Response>, url: string, maxBytes: number): Exchange =>
  async (message, sent, signal, fail, onRequest) => {
    const { id } = message;
    sent.set("Content-Type", "application/json");
    sent.set("Accept", "application/json, text/event-stream");
    let response: Response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: sent,
        body: JSON.stringify(message),
        signal,
        // Followed, the headers, credentials among them, could end up at another origin. Not every runtime knows "error".
        redirect: "manual",
      });
    } catch (cause) {
      throw fail("the connection failed", { cause, transient: true });
    }
    const { ok, status, headers } = response;
    const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    const refused = status >= 400 && status < 500;
    const discard = (): void => void response.body?.cancel().catch(() => {});
    if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
      discard();
      throw fail("the server redirects, which is not followed");
    }
    if (id === undefined || status === 202 || !(ok || refused)) {
      discard();
      return { ok, status, headers };
    }
    const parse = (text: string): Message | undefined => {
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {
        // What a server sends along with a refusal need not be JSON.
        if (refused) return undefined;
        throw fail("the answer is not JSON");
      }
      return findResponse(parsed, id, onRequest);
    };

    let found: Message | undefined;
    if (type === "text/event-stream") {
      const read = createEventParser((data) => {
        // An event without data only carries an id (2025-11-25, Resumability).
        if (data !== "") found ??= parse(data);
      });
      await readBody(response, maxBytes, fail, (piece) => {
        read(piece);
        return found;
      });
      if (!found) throw fail("the connection ended without the answer", { transient: true });
    } else if (type === "application/json") {
      let text = "";
      await readBody(response, maxBytes, fail, (piece) => {
        text += piece;
      });
      found = parse(text);
    } else {
      discard();
      if (!refused) throw fail(`the answer is neither JSON nor an event stream but ${quote(type ?? null)}`);
    }
    return { ok, status, headers, ...(found && { message: found }) };
  };
