// One JSON-RPC message over one HTTP POST: the answer as JSON or as an event stream, bounded, never redirected.
import type { BackendError, FaultContext } from "../errors.ts";
import { createEventParser } from "./sse.ts";

/** A JSON-RPC message as it came: nothing in it is checked but that it is an object. */
export type Message = Readonly<Record<string, unknown>>;

/** Makes the error of the question in progress. */
export type Fail = (state: string, context?: FaultContext & { readonly transient?: boolean }) => BackendError;

export interface ExchangeOptions {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly url: string;
  readonly headers: Headers;
  readonly message: Message;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly fail: Fail;
  /** Hears what the server asks of the client on the same stream. */
  readonly onRequest: (request: Message) => void;
}

export interface Reply {
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
        throw fail("the connection was lost in the middle of the answer", { cause, transient: true });
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

/** Posts a message and reads the response to it. Throws the errors of `fail`; HTTP errors are the caller's to judge. */
export async function exchange(options: ExchangeOptions): Promise<Reply> {
  const { message, signal, maxBytes, fail, onRequest } = options;
  const { id } = message;
  options.headers.set("Content-Type", "application/json");
  options.headers.set("Accept", "application/json, text/event-stream");
  let response: Response;
  try {
    response = await options.fetch(options.url, {
      method: "POST",
      headers: options.headers,
      body: JSON.stringify(message),
      signal,
      // Followed, the headers, credentials among them, could end up at another origin. Not every runtime knows "error".
      redirect: "manual",
    });
  } catch (cause) {
    throw fail("the connection failed", { cause, transient: true });
  }
  const { status, headers } = response;
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const refused = status >= 400 && status < 500;
  const discard = (): void => void response.body?.cancel().catch(() => {});
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
    discard();
    throw fail("the server redirects, which is not followed; give the address that it redirects to");
  }
  if (id === undefined || status === 202 || !(response.ok || refused)) {
    discard();
    return { status, headers };
  }
  if (Number(headers.get("content-length")) > maxBytes) {
    discard();
    throw fail(`the answer is larger than ${maxBytes} bytes; raise the option "maxBytes"`);
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
      found ??= parse(data);
    });
    await readBody(response, maxBytes, fail, (piece) => {
      read(piece);
      return found;
    });
    if (!found) throw fail("the event stream ended without the answer", { transient: true });
  } else if (type === "application/json") {
    let text = "";
    await readBody(response, maxBytes, fail, (piece) => {
      text += piece;
    });
    found = parse(text);
  } else {
    discard();
    if (!refused) throw fail(`the answer is of type ${JSON.stringify(type)}, neither JSON nor an event stream`);
  }
  return { status, headers, ...(found && { message: found }) };
}
