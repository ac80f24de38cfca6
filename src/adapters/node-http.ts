// A web-standard handler behind Node's HTTP server.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Direct, offerDirect } from "../proxy/direct.ts";
import { bodyOf } from "./node-body.ts";

const KEEP_ALIVE_MS = 65_000;

export interface HttpServer {
  /** The one that was asked for, or the system's choice. */
  readonly port: number;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  /** @default "127.0.0.1", which other machines cannot reach */
  readonly host?: string;
  /** 0 lets the system choose. @default 0 */
  readonly port?: number;
}

/**
 * Serves `(request) => Promise<Response>` with Node's HTTP server, as Workers and Deno do by themselves. A request's signal fires when
 * its client leaves; its address has the host `localhost`, whatever the client says, and the header Host is in its headers.
 *
 * @throws the system's error when it cannot listen there
 * @example
 * ```ts
 * const server = await serveHttp((request) => proxy.fetch(request), { port: 8931 });
 * ```
 */
export async function serveHttp(
  handle: (request: Request) => Response | Promise<Response>,
  { host = "127.0.0.1", port = 0 }: HttpServerOptions = {},
): Promise<HttpServer> {
  const server = createServer((incoming, outgoing) => {
    answer(handle, incoming, outgoing).catch(() => outgoing.destroy());
  });
  // Longer than clients keep them: a connection that the server closes may have a request on its way.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  handle: (request: Request) => Response | Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const left = new AbortController();
  let made: { readonly response: Response; readonly text: string } | undefined;
  let request: Request | undefined = requestOf(incoming, left.signal, (response, text) => {
    made = { response, text };
  });
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) left.abort();
    // Kept until here: Node's signals of requests never fire once the request itself is collected.
    request = undefined;
  });
  const response = await handle(request);
  const headers: Record<string, string> = Object.fromEntries(response.headers);
  // Whoever stands before the proxy may have made another, or read it.
  if (made?.response === response && !response.bodyUsed) {
    headers["content-length"] = String(Buffer.byteLength(made.text));
    outgoing.writeHead(response.status, headers).end(made.text);
    return;
  }
  outgoing.writeHead(response.status, headers);
  if (response.body === null) outgoing.end();
  // A body of a declared length is there already: head and body go out in one write.
  else if (response.headers.has("content-length")) outgoing.end(new Uint8Array(await response.arrayBuffer()));
  else await stream(response.body, outgoing, left.signal);
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal, onText: Direct["onText"]): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  const { method = "GET" } = incoming;
  // The path is all that the client decides about the address.
  const address = new URL(incoming.url ?? "/", "http://localhost");
  if (method === "GET" || method === "HEAD") return new Request(address, { method, headers, signal });
  const { stream, readBytes } = bodyOf(incoming);
  const request = new Request(address, { method, headers, signal, body: stream, duplex: "half" } as RequestInit);
  offerDirect(request, { readBytes, onText });
  return request;
}

async function stream(body: ReadableStream<Uint8Array>, outgoing: ServerResponse, left: AbortSignal): Promise<void> {
  const reader = body.getReader();
  const gone = new Promise<void>((resolve) => {
    const leave = (): void => {
      resolve();
      reader.cancel().catch(() => {});
    };
    if (left.aborted) leave();
    else left.addEventListener("abort", leave, { once: true });
  });
  outgoing.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!outgoing.write(value))
      await Promise.race([new Promise<void>((resolve) => void outgoing.once("drain", resolve)), gone]);
  }
  outgoing.end();
}
