// edge-guard/proxy: MCP with the monitor in between.
export { agentIdOf, type Identity } from "./callers.ts";
export type { CallEvent, Exchange, ProxyEvent, RefusalEvent } from "./events.ts";
export type { Fetch, FetchedResponse } from "./exchange.ts";
export { type HttpUpstreamOptions, httpUpstream } from "./http-upstream.ts";
export {
  bearerToken,
  bearerTokens,
  type Identify,
  type SignedHeaderOptions,
  signedHeader,
  signIdentity,
} from "./identify.ts";
export { type JsonLines, type JsonLinesOptions, jsonLines } from "./json-lines.ts";
export type { FixedLabels, ResourceMapping } from "./mappings.ts";
export type {
  CallerHeaders,
  GuardProxyOptions,
  ProxyLimits,
  UpstreamOptions,
} from "./options.ts";
export { createGuardProxy, type GuardProxy } from "./proxy.ts";
export type { TagDisclosure } from "./tag-disclosure.ts";
export type {
  ServerDescription,
  Upstream,
  UpstreamConnection,
  UpstreamReply,
  UpstreamRequestOptions,
} from "./upstream.ts";
export {
  type WithheldEntry,
  type WithheldReport,
  withheldReport,
} from "./withheld-report.ts";
