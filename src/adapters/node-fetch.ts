// fetch for servers behind the proxy, on Node's own HTTP client: what MCP needs of it, at half the price.
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import type { Fetch, FetchedResponse } from "../proxy/exchange.ts";
import { readAtOnce } from "./node-body.ts";

/**
 * Makes a `fetch` for `httpUpstream` in Node. Connections are kept and used again; nothing is followed, retried or decompressed,
 * and a response's body is a stream only to who asks for one.
 *
 * @example
 * ```ts
 * const upstream = httpUpstream("https://mcp.example/mcp", { fetch: nodeFetch() });
 * ```
 */
export function nodeFetch(): Fetch {
  const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

  return (address, { method = "GET", headers, body, signal }) => {
    const url = new URL(address);
    const given: Record<string, string> = { ...(headers as Readonly<Record<string, string>>) };
    if (typeof body === "string") given["content-length"] = String(Buffer.byteLength(body));
    const isSecure = url.protocol === "https:";
    const options = { method, headers: given, agent: agents[isSecure ? "https:" : "http:"] };
    return new Promise<FetchedResponse>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sent: ClientRequest = (isSecure ? httpsRequest : httpRequest)(url, options, (incoming) => {
        resolve(responseOf(incoming));
      });
      const stop = (): void =>
        void sent.destroy(signal!.reason instanceof Error ? signal!.reason : new Error("aborted"));
      signal?.addEventListener("abort", stop, { once: true });
      // Ends with the response's last byte, not with its first.
      sent.on("close", () => signal?.removeEventListener("abort", stop));
      sent.on("error", reject);
      sent.end(body as string | undefined);
    });
  };
}

function responseOf(incoming: IncomingMessage): FetchedResponse {
  const { statusCode: status = 0 } = incoming;
  let stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  // Without a listener an error would end the process; whoever reads the body hears it too.
  incoming.on("error", () => {});
  return {
    status,
    ok: status >= 200 && status < 300,
    type: "default",
    headers: {
      get: (name) => {
        const value = incoming.headers[name];
        return value === undefined ? null : String(value);
      },
      has: (name) => incoming.headers[name] !== undefined,
    },
    get body() {
      stream ??= Readable.toWeb(incoming) as ReadableStream<Uint8Array<ArrayBuffer>>;
      return stream;
    },
    readBytes: (most) => readAtOnce(incoming, most, () => incoming.destroy()).bytes,
  };
}
