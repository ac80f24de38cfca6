// What the proxy tells to who listens: the monitor's outcome of a call with what only the proxy knows, and refusals.
import type { MonitorEvent } from "../monitor/events.ts";

/** A {@link MonitorEvent} of the kind `outcome` with the call's beginning, its caller and its trace context. */
export type CallEvent = Extract<MonitorEvent, { readonly type: "outcome" }> & {
  readonly principal: string;
  /** When the call began, in milliseconds since 1970. */
  readonly started: number;
  readonly milliseconds: number;
  /** The caller's trace (W3C Trace Context), when it sent one. */
  readonly traceparent?: string | undefined;
};

/** A request that reached no monitor. */
export interface RefusalEvent {
  readonly type: "refusal";
  /** Absent when it failed before the caller was known. */
  readonly principal?: string | undefined;
  /** The JSON-RPC method, when one could be read. */
  readonly method?: string | undefined;
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly reason: string;
}

export type ProxyEvent = CallEvent | RefusalEvent;

/** A tool call as the server answered it, before anything is withheld: everything that is secret is in it. */
export interface Exchange {
  /** The agent whose call it was; absent for a guard's question. */
  readonly agent?: string;
  /** The monitor's id. */
  readonly server: string;
  readonly tool: string;
  readonly args: unknown;
  /** Absent when the server was not asked, or did not answer with a result. */
  readonly result?: unknown;
}
