// What createGuardProxy takes, checked and completed.
import type { Monitor } from "../monitor/monitor.ts";
import type { Identity } from "./callers.ts";
import type { Exchange, ProxyEvent } from "./events.ts";
import { type HttpUpstreamOptions, httpUpstream } from "./http-upstream.ts";
import { type Mapping, type ResourceMapping, readMappings } from "./mappings.ts";
import type { Upstream } from "./upstream.ts";

/** What a caller's requests to a server carry: the caller's credentials. */
export type CallerHeaders =
  | HeadersInit
  | ((identity: Identity, request: Request) => HeadersInit | undefined | Promise<HeadersInit | undefined>);

/** One server behind the proxy. */
export interface UpstreamOptions {
  /** Where it is, or how it is reached. */
  readonly upstream: string | URL | Upstream;
  /** Which of the monitor's servers guards it. @default its key in `upstreams` */
  readonly server?: string;
  /** Stands before the names of its tools. @default `""` for a single server, else its key and `_` */
  readonly prefix?: string;
  /**
   * Sent with every request to it, with a guard's questions too. A function is asked once per request; what it gives should
   * stay the same for one caller, because other headers count as another caller. @default none: nothing of the client's request is handed on
   */
  readonly headers?: CallerHeaders;
  /** The tools that exist for clients, by the server's names. The same for every agent. @default all */
  readonly tools?: readonly string[];
  /** The tools that a guard may ask. @default all */
  readonly questions?: readonly string[];
  /** Resources and prompts that may be read: as a tool that the guard knows, or under fixed labels. @default none: all are refused */
  readonly resources?: readonly ResourceMapping[];
  /** Hands the server's instructions on to clients: text that no label covers. @default false */
  readonly trustInstructions?: boolean;
}

export interface ProxyLimits {
  /** The largest request in bytes. @default 4194304 (4 MiB) */
  readonly requestBytes?: number;
  /** The largest answer of a server in bytes. @default 16777216 (16 MiB) */
  readonly responseBytes?: number;
  /** How long a request's body may take in milliseconds. @default 10000 */
  readonly bodyMs?: number;
  /** How long a request may take in all, in milliseconds. @default 300000 (5 minutes) */
  readonly callMs?: number;
  /** How long a stream of changes stays open, in milliseconds. @default 600000 (10 minutes) */
  readonly streamMs?: number;
  /** Requests at a time, over all callers; more are answered 429. @default 1024 */
  readonly concurrency?: number;
  /** Requests at a time of one principal. @default 256 */
  readonly concurrencyPerPrincipal?: number;
  /** Callers whose connections are kept. @default 256 */
  readonly callers?: number;
}

export interface GuardProxyOptions {
  /** One server, or several by name. */
  readonly upstream?: string | URL | Upstream;
  readonly upstreams?: Readonly<Record<string, UpstreamOptions>>;
  /** Decides what passes. It must know every server. */
  readonly monitor: Monitor;
  /**
   * Says who the agent is, from the headers of a request. `null` refuses it. It must not read the body, and never answer by an id
   * that a transport made up.
   */
  readonly identify: (request: Request) => Identity | null | undefined | Promise<Identity | null | undefined>;
  readonly limits?: ProxyLimits;
  /** Web pages that may call, `"*"` for all. Requests of others are refused. @default none */
  readonly origins?: readonly string[];
  /** What the header Host may say: against DNS rebinding where the proxy listens on this machine. @default anything */
  readonly hosts?: readonly string[];
  /** An answer that takes longer becomes an event stream, in milliseconds. @default 100 */
  readonly streamAfterMs?: number;
  /** How often a stream shows that it is alive, in milliseconds. @default 15000 */
  readonly keepAliveMs?: number;
  /** What the proxy is called to its clients. @default the single server's name */
  readonly serverInfo?: { readonly name: string; readonly version: string };
  /** Hears of every call and every refusal. What it throws is ignored. */
  readonly onEvent?: ((event: ProxyEvent) => void) | undefined;
  /**
   * Hears every tool call and every answer to a guard's question, whole: to record a session on one's own machine and try other
   * policies on it. Not for logs. What it throws is ignored. @default none
   */
  readonly onExchange?: ((exchange: Exchange) => void) | undefined;
}

/** A server, ready. */
export interface UpstreamServer {
  /** The monitor's id. */
  readonly id: string;
  readonly upstream: Upstream;
  readonly prefix: string;
  readonly headers: CallerHeaders | undefined;
  readonly tools: ReadonlySet<string> | undefined;
  readonly questions: readonly string[] | undefined;
  readonly mappings: readonly Mapping[];
  readonly trustInstructions: boolean;
}

export interface ProxySettings extends GuardProxyOptions {
  readonly servers: readonly UpstreamServer[];
  readonly bounds: Required<ProxyLimits>;
  readonly streamAfterMs: number;
  readonly keepAliveMs: number;
}

const OPTIONS = [
  ...["upstream", "upstreams", "monitor", "identify", "limits", "origins", "hosts"],
  ...["streamAfterMs", "keepAliveMs", "serverInfo", "onEvent", "onExchange"],
];
const SERVER_OPTIONS = [
  ...["upstream", "server", "prefix", "headers", "tools", "questions", "resources", "trustInstructions"],
];

const BOUNDS: Required<ProxyLimits> = {
  requestBytes: 4 * 2 ** 20,
  responseBytes: 16 * 2 ** 20,
  bodyMs: 10_000,
  callMs: 300_000,
  streamMs: 600_000,
  concurrency: 1024,
  concurrencyPerPrincipal: 256,
  callers: 256,
};

/** @throws {TypeError | RangeError} naming the option */
export function readOptions(options: GuardProxyOptions): ProxySettings {
  if (typeof options !== "object" || options === null) throw bad("options", "must be an object");
  requireKeys("", options, OPTIONS);
  const { monitor, identify, onEvent, onExchange, streamAfterMs = 100, keepAliveMs = 15_000 } = options;
  if (typeof monitor?.callTool !== "function" || !Array.isArray(monitor.servers))
    throw bad("monitor", "must be a monitor, as createMonitor makes it");
  if (typeof identify !== "function") throw bad("identify", "must be a function: without it nobody is let in");
  for (const [name, listener] of Object.entries({ onEvent, onExchange })) {
    if (listener !== undefined && typeof listener !== "function") throw bad(name, "must be a function");
  }
  for (const name of ["origins", "hosts"] as const) {
    if (options[name] !== undefined && !isStrings(options[name])) throw bad(name, "must be an array of strings");
  }
  requireKeys("limits.", options.limits ?? {}, Object.keys(BOUNDS));
  const bounds = { ...BOUNDS, ...options.limits };
  for (const [name, value] of Object.entries({
    ...bounds,
    streamAfterMs: streamAfterMs + 1,
    keepAliveMs,
  })) {
    if (!(typeof value === "number" && value > 0))
      throw new RangeError(`${CANNOT}: "${name}" must be a number above 0`);
  }
  return {
    ...options,
    servers: readServers(options, bounds),
    bounds,
    streamAfterMs,
    keepAliveMs,
  };
}

function readServers(
  { upstream, upstreams, monitor }: GuardProxyOptions,
  bounds: Required<ProxyLimits>,
): UpstreamServer[] {
  if ((upstream === undefined) === (upstreams === undefined)) {
    throw bad("upstream", `or "upstreams" must be given, one of the two`);
  }
  if (upstream !== undefined && monitor.servers.length !== 1) {
    throw bad("upstream", `is one server, but the monitor guards ${monitor.servers.length}; name them in "upstreams"`);
  }
  const given = upstreams ?? { [monitor.servers[0]!]: { upstream: upstream! } };
  if (typeof given !== "object" || given === null) throw bad("upstreams", "must be an object");
  const entries = Object.entries(given);
  if (entries.length === 0) throw new RangeError(`${CANNOT}: "upstreams" is empty, name at least one`);
  const servers = entries.map(([key, server]) => readServer(key, server, entries.length > 1, bounds));
  for (const one of servers) {
    if (!monitor.servers.includes(one.id)) {
      const known = monitor.servers.map((name) => `"${name}"`).join(", ");
      throw new RangeError(`${CANNOT}: the monitor guards no server "${one.id}", it guards ${known}`);
    }
    for (const other of servers) {
      // Otherwise one name could mean a tool of each.
      if (one !== other && other.prefix.startsWith(one.prefix)) {
        throw new RangeError(
          `${CANNOT}: the prefix "${one.prefix}" begins "${other.prefix}", so a tool's name could mean either server; choose others`,
        );
      }
    }
  }
  return servers;
}

function readServer(
  key: string,
  options: UpstreamOptions,
  several: boolean,
  bounds: Required<ProxyLimits>,
): UpstreamServer {
  const where = `upstreams.${key}`;
  if (typeof options !== "object" || options === null) throw bad(where, "must be an object");
  requireKeys(`${where}.`, options, SERVER_OPTIONS);
  const { upstream, server: id = key, prefix = several ? `${key}_` : "", headers, tools, questions } = options;
  for (const [name, list] of Object.entries({ tools, questions })) {
    if (list !== undefined && !isStrings(list)) throw bad(`${where}.${name}`, "must be an array of strings");
  }
  if (typeof prefix !== "string" || !/^[A-Za-z0-9_.-]{0,64}$/.test(prefix)) {
    throw new RangeError(`${CANNOT}: "${where}.prefix" may hold letters, digits, "_", "-" and "." only`);
  }
  const isAddress = typeof upstream === "string" || upstream instanceof URL;
  if (!isAddress && typeof upstream?.connect !== "function")
    throw bad(`${where}.upstream`, "must be a URL or an Upstream");
  const http: HttpUpstreamOptions = { maxBytes: bounds.responseBytes };
  return {
    id,
    upstream: isAddress ? httpUpstream(upstream, http) : upstream,
    prefix,
    headers,
    tools: tools && new Set(tools),
    questions,
    mappings: readMappings(`${where}.resources`, options.resources ?? []),
    trustInstructions: options.trustInstructions === true,
  };
}

export const CANNOT = "Cannot create the proxy";

export function bad(option: string, must: string): TypeError {
  return new TypeError(`${CANNOT}: "${option}" ${must}`);
}

function requireKeys(prefix: string, value: object, allowed: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !allowed.includes(key));
  if (unknown === undefined) return;
  throw bad(`${prefix}${unknown}`, `is unknown; allowed are ${allowed.map((name) => `"${name}"`).join(", ")}`);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((part) => typeof part === "string");
}
