// What every method of one request needs.
import type { JsonObject } from "../difc/json.ts";
import type { ResourceLabels } from "../difc/labels.ts";
import type { Outcome } from "../monitor/outcome.ts";
import type { Callers, Identity } from "./callers.ts";
import type { Exchange } from "./events.ts";
import type { ProxySettings, UpstreamServer } from "./options.ts";
import type { UpstreamConnection, UpstreamRequestOptions } from "./upstream.ts";

export interface ExchangeContext {
  readonly settings: ProxySettings;
  readonly callers: Callers;
  readonly identity: Identity;
  /** The monitor's id for it. */
  readonly agentId: string;
  readonly request: Request;
  readonly era: "modern" | "legacy";
  /** Fires when the client cancels, leaves (2026-07-28) or the time is over. */
  readonly signal: AbortSignal;
  readonly onProgress?: UpstreamRequestOptions["onProgress"];
  /** `traceparent` and `tracestate`, well formed. */
  readonly trace: Readonly<Record<string, string>>;
}

export interface GuardedCall {
  readonly server: UpstreamServer;
  readonly tool: string;
  readonly args: JsonObject;
  readonly labels?: ResourceLabels | undefined;
}

/** Runs one call through the monitor and tells who listens. */
export async function guardedCall(
  context: ExchangeContext,
  { server, tool, args, labels }: GuardedCall,
  execute: (connection: UpstreamConnection, options: UpstreamRequestOptions) => Promise<JsonObject>,
): Promise<Outcome> {
  const { settings, callers, identity, agentId, signal, onProgress, trace } = context;
  const { connection, backend } = await callers.reach(server, context);
  const started = Date.now();
  const call = {
    agentId,
    server: server.id,
    tool,
    args,
    signal,
    backend,
    labels,
  };
  const outcome = await settings.monitor.callTool(call, () => execute(connection, { signal, onProgress, trace }));
  if (settings.onEvent === undefined) return outcome;
  tell(settings, {
    type: "outcome",
    agent: agentId,
    server: server.id,
    tool,
    outcome,
    principal: identity.principal,
    started,
    milliseconds: Date.now() - started,
    traceparent: trace["traceparent"],
  });
  return outcome;
}

/** Tells who records. A recorder must not decide about a request. */
export function tellExchange({ onExchange }: Pick<ProxySettings, "onExchange">, exchange: Exchange): void {
  try {
    onExchange?.(exchange);
  } catch {
    // See above.
  }
}

export function tell({ onEvent }: ProxySettings, event: Parameters<NonNullable<ProxySettings["onEvent"]>>[0]): void {
  try {
    onEvent?.(event);
  } catch {
    // A listener must not decide about a request.
  }
}
