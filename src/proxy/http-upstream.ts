// A server behind the proxy that is reached over Streamable HTTP: its era is found out once, older servers get a session per connection.
import { isObject, own } from "../difc/json.ts";
import { BackendError } from "../errors.ts";
import { createWire, type Fetch, type Reply } from "./exchange.ts";
import { createConnection, type UpstreamTarget } from "./http-connection.ts";
import { CODE, LEGACY, MODERN, stringAt } from "./messages.ts";
import type { Upstream, UpstreamReply } from "./upstream.ts";

export interface HttpUpstreamOptions {
  /** For events and error messages. @default the URL's host */
  readonly name?: string;
  /** @default the runtime's fetch */
  readonly fetch?: Fetch;
  /** Speaks this version of MCP only. @default the newest that the server understands */
  readonly protocolVersion?: string;
  /** The largest answer in bytes. @default 16777216 (16 MiB) */
  readonly maxBytes?: number;
}

/**
 * A server at a URL. The first request finds out whether it knows the stateless form of 2026-07-28; if not, each connection
 * gets a session of its own, which is opened again once when it has expired.
 *
 * @throws {TypeError} for an address that is not http(s) or holds credentials
 */
export function httpUpstream(url: string | URL, options: HttpUpstreamOptions = {}): Upstream {
  const address = new URL(url);
  if (!/^https?:$/.test(address.protocol) || address.username !== "" || address.password !== "") {
    throw new TypeError(`Cannot use "${address.origin}" as upstream: "url" must be http(s) and without credentials`);
  }
  const { name = address.host, protocolVersion, maxBytes = 16 * 2 ** 20 } = options;
  if (protocolVersion !== undefined && protocolVersion !== MODERN && !LEGACY.includes(protocolVersion)) {
    const known = [MODERN, ...LEGACY].join(", ");
    throw new RangeError(
      `Cannot use "${name}" as upstream: "protocolVersion" is "${protocolVersion}", known are ${known}`,
    );
  }
  const wire = createWire(name, options.fetch ?? ((to, init) => fetch(to, init)), address.href, maxBytes);
  const fail = (state: string, transient = false): BackendError =>
    new BackendError(`Cannot ask the server "${name}": ${state}`, {
      phase: "backend",
      transient,
    });

  const resultOf = (reply: Reply): UpstreamReply => {
    const { message, ok, status } = reply;
    const error = message && own(message, "error");
    if (isObject(error)) {
      const code = own(error, "code");
      return {
        error: {
          code: typeof code === "number" ? code : CODE.internal,
          message: stringAt(error, "message") ?? "",
          ...(own(error, "data") !== undefined && { data: own(error, "data") }),
        },
      };
    }
    const result = message && own(message, "result");
    if (!ok || !isObject(result)) throw fail(ok ? "it answered without a result" : `HTTP ${status}`, status >= 500);
    const type = own(result, "resultType") ?? "complete";
    if (type !== "complete") throw fail("its result is not complete");
    return { result };
  };

  const learned: UpstreamTarget["learned"] = {
    modern: protocolVersion === undefined ? undefined : protocolVersion === MODERN,
    finding: undefined,
    toolHeaders: new Map(),
  };
  const target: UpstreamTarget = { wire, protocolVersion, learned, fail, resultOf };
  return { name, connect: (headers) => createConnection(target, headers) };
}
