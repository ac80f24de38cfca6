// The proxy on its vectors, in any runtime, without a network: clients and servers of both eras, JSON and event streams.
import type * as proxyModule from "edge-guard/proxy";
import adversarial from "../vectors/proxy/adversarial.json" with { type: "json" };
import calls from "../vectors/proxy/calls.json" with { type: "json" };
import setup from "../vectors/proxy/setup.json" with { type: "json" };
import { equal, ok } from "./assert.ts";
import { type Misbehaviour, type ProxyServer, type ProxyServerOptions, proxyServer } from "./proxy-server.ts";
import { type ServerScript, scriptedGuard } from "./scripted-guard.ts";
import type { Library, Runner } from "./suite.ts";

export type ProxyLibrary = typeof proxyModule;
export type Era = "modern" | "legacy";
type Body = Readonly<Record<string, unknown>>;

interface ProxyCase extends Misbehaviour {
  readonly name: string;
  readonly era?: string;
  readonly call?: { readonly name: string; readonly arguments?: Body };
  readonly message?: { readonly method: string; readonly params?: Body };
  readonly raw?: string;
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly want: {
    readonly status?: number;
    readonly error?: number;
    readonly result?: Body;
    readonly meta?: Body;
    readonly contains?: readonly string[];
    readonly upstream?: readonly string[];
    readonly upstreamLacks?: readonly string[];
    readonly args?: Body;
    readonly argsText?: string;
  };
}

export const TOKEN = "a-token-for-the-tests";
export const SECONDS_TO_ANSWER = 10;

export interface TestProxy {
  readonly proxy: proxyModule.GuardProxy;
  readonly server: ProxyServer;
}

export function testProxy(
  library: Library,
  { createGuardProxy, httpUpstream, bearerTokens }: ProxyLibrary,
  server: Partial<ProxyServerOptions> = {},
  options: Partial<proxyModule.GuardProxyOptions> = {},
): TestProxy {
  const upstream = proxyServer({ era: "modern", body: "json", tools: setup.tools, ...server });
  const guard = scriptedGuard("notes", setup.guard as ServerScript);
  const monitor = options.monitor ?? library.createMonitor({ servers: { notes: { guard } } });
  const { upstreams } = options;
  const proxy = createGuardProxy({
    ...(upstreams === undefined && { upstream: httpUpstream("https://mcp.example/mcp", { fetch: upstream.fetch }) }),
    identify: bearerTokens({ [TOKEN]: { principal: "alice", agent: "triage" } }),
    ...options,
    monitor,
  });
  return { proxy, server: upstream };
}

/** The request of a client. `null` among the headers takes one away. */
export function clientRequest(
  message: { readonly id?: unknown; readonly method: string; readonly params?: Body },
  era: Era,
  headers: Readonly<Record<string, string | null>> = {},
  version = "2026-07-28",
): Request {
  const { id = 1, method, params = {} } = message;
  const prefix = "io.modelcontextprotocol/";
  const own =
    era === "modern"
      ? {
          [`${prefix}protocolVersion`]: version,
          [`${prefix}clientCapabilities`]: { sampling: {}, elicitation: {}, tasks: {} },
        }
      : {};
  const sent =
    era === "modern" || params["_meta"] !== undefined
      ? { ...params, _meta: { ...(params["_meta"] as object), ...own } }
      : params;
  const name =
    method === "resources/read" ? params["uri"] : method.startsWith("tasks/") ? params["taskId"] : params["name"];
  return rawRequest(JSON.stringify({ jsonrpc: "2.0", id, method, params: sent }), {
    ...(era === "modern" && {
      "MCP-Protocol-Version": version,
      "Mcp-Method": method,
      ...(typeof name === "string" && { "Mcp-Name": /^[!-~]+$/.test(name) ? name : encoded(name) }),
    }),
    ...headers,
  });
}

function encoded(text: string): string {
  return `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}?=`;
}

export function rawRequest(body: string, headers: Readonly<Record<string, string | null>> = {}): Request {
  const all = new Headers({
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    Authorization: `Bearer ${TOKEN}`,
  });
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) all.delete(name);
    else all.set(name, value);
  }
  return new Request("https://proxy.example/mcp", { method: "POST", headers: all, body });
}

/** The whole answer as text, within the time that no request may exceed. */
export async function answerOf(
  proxy: proxyModule.GuardProxy,
  request: Request,
): Promise<{ response: Response; text: string; message: Body }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${SECONDS_TO_ANSWER} s`)), SECONDS_TO_ANSWER * 1000);
  });
  try {
    const response = await Promise.race([proxy.fetch(request), late]);
    const text = await Promise.race([response.text(), late]);
    const data = /^data: (.*)$/gm;
    const last =
      response.headers.get("content-type") === "text/event-stream" ? [...text.matchAll(data)].at(-1)?.[1] : text;
    return { response, text, message: last === undefined || last === "" ? {} : (JSON.parse(last) as Body) };
  } finally {
    clearTimeout(timer);
  }
}

export function proxySuite(runner: Runner, library: Library, proxies: ProxyLibrary): void {
  const register = (test: ProxyCase, client: Era, server: Era, body: "json" | "sse"): void => {
    const name = `proxy, ${client} client, ${server} server, ${body}: ${test.name}`;
    runner.test(name, async () => {
      const { reply, replyText, replyBody, replyStatus, want } = test;
      const misbehaviour = {
        ...(reply && { reply }),
        ...(replyText !== undefined && { replyText }),
        ...(replyBody !== undefined && { replyBody }),
        ...(replyStatus !== undefined && { replyStatus }),
      };
      const { proxy, server: upstream } = testProxy(library, proxies, { era: server, body, ...misbehaviour });
      const message = test.message ?? {
        method: "tools/call",
        params: { name: test.call?.name, arguments: test.call?.arguments ?? {} },
      };
      const request =
        test.raw === undefined
          ? clientRequest(message, client, test.headers, test.version)
          : rawRequest(test.raw, test.headers);
      const { response, text, message: answer } = await answerOf(proxy, request);
      const { result, error } = answer as { result?: Body; error?: { code: number } };
      const isModern404 = client === "modern" && want.error === -32601;
      equal(response.status, want.status ?? (isModern404 ? 404 : 200), `Status of ${text}`);
      ok(!text.includes("FORBIDDEN"), `Nothing unlabelled passes: ${text}`);
      if (want.error !== undefined) equal(error?.code, want.error, `Error of ${text}`);
      for (const [key, value] of Object.entries(want.result ?? {})) equal(result?.[key], value, `${key} of ${text}`);
      for (const part of want.contains ?? []) ok(text.includes(part), `The answer says ${part}: ${text}`);
      if (want.meta) {
        const told = ((result?.["_meta"] ?? {}) as Body)["edge-guard/difc"] as object | undefined;
        equal({ ...told, ...want.meta }, told, "Meta");
      }
      if (client === "modern" && result) equal(result["resultType"], "complete", "Type of the result");
      const reached = upstream.seen.filter(
        ({ method }) => !/^(initialize|notifications\/|server\/discover|tools\/list)/.test(method),
      );
      const wanted = want.upstream ?? (test.call ? undefined : []);
      if (wanted)
        equal(
          reached.map(({ method, params }) => `${method} ${params["name"]}`),
          wanted,
          "What reached the server",
        );
      if (want.args) equal(reached[0]?.params["arguments"], want.args, "Arguments");
      if (want.argsText)
        ok(reached[0]?.text.includes(`"arguments":${want.argsText}`), `Arguments in ${reached[0]?.text}`);
      for (const word of ["LEAK", ...(want.upstreamLacks ?? [])]) {
        ok(!upstream.seen.some((one) => one.text.includes(word)), `The server hears nothing of ${word}`);
      }
      await proxy.close();
    });
  };
  for (const test of calls.cases as readonly ProxyCase[]) {
    for (const server of ["modern", "legacy"] as const) {
      for (const body of ["json", "sse"] as const) {
        for (const client of ["modern", "legacy"] as const) {
          if (test.era === undefined || test.era === client) register(test, client, server, body);
        }
      }
    }
  }
  for (const test of adversarial.cases as readonly ProxyCase[]) {
    for (const client of ["modern", "legacy"] as const) {
      if (test.era !== undefined ? test.era === client : test.raw === undefined || client === "legacy") {
        register(test, client, "modern", "json");
      }
    }
  }
}
