// Spans for OpenTelemetry, made of outcomes: one per call, one below it per phase. The tracer is told by its shape.
import type { MonitorEvent } from "../monitor/events.ts";
import type { CallEvent, ProxyEvent } from "./events.ts";

type Attributes = Record<string, string | number | boolean>;

/** What is used of a span of @opentelemetry/api. */
export interface SpanLike {
  setStatus(status: { code: number; message?: string }): unknown;
  addEvent(name: string, attributes?: Attributes): unknown;
  end(endTime?: number): void;
}

/** What is used of `trace` and `context` of @opentelemetry/api. `C` stands for its Context. */
export interface TelemetryApi<C> {
  readonly tracer: {
    startSpan(
      name: string,
      options: { kind?: number; startTime?: number; attributes?: Attributes },
      context: C,
    ): SpanLike;
  };
  /** `ROOT_CONTEXT`. */
  readonly root: C;
  /** `trace.setSpan`. */
  setSpan(context: C, span: never): C;
  /** `trace.setSpanContext`; absent: callers' traces are not continued. */
  setSpanContext?(
    context: C,
    spanContext: {
      traceId: string;
      spanId: string;
      traceFlags: number;
      isRemote: boolean;
    },
  ): C;
}

const INTERNAL = 0;
const CLIENT = 2;
const ERROR = 2;
const STATUS = {
  allowed: 200,
  filtered: 200,
  denied: 403,
  failed: 500,
} as const;

/**
 * Makes a listener for `onEvent` of the proxy or of the monitor. Attributes hold counts and decisions, no tags and no words of guards.
 *
 * @example
 * ```ts
 * import { context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
 * const onEvent = telemetry({ tracer: trace.getTracer("edge-guard"), root: ROOT_CONTEXT, setSpan: trace.setSpan, setSpanContext: trace.setSpanContext });
 * ```
 */
export function telemetry<C>(api: TelemetryApi<C>): (event: ProxyEvent | MonitorEvent) => void {
  return (event) => {
    if (event.type !== "outcome") return;
    const { server, tool, outcome } = event;
    const { trace, status, removed, violation } = outcome;
    const phases = trace.filter((phase) => phase.status !== "skipped");
    const took = trace.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const started = (event as Partial<CallEvent>).started ?? Date.now() - took;
    const [agent, resource, , , , items] = trace;
    const attributes: Attributes = {
      "gen_ai.system": "mcp",
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.agent.id": server,
      "gen_ai.tool.name": tool,
      "mcp.method": "tools/call",
      "mcp.response.status": STATUS[status],
      "difc.decision": status,
      "difc.items.filtered": removed.length,
      ...(items?.items !== undefined && { "difc.items.total": items.items }),
      ...(agent?.mode !== undefined && { "difc.mode": agent.mode }),
      ...(resource?.operation !== undefined && {
        "difc.operation": resource.operation,
      }),
      ...(violation && { "difc.rule": violation.kind }),
    };
    const parent = parentOf(api, (event as Partial<CallEvent>).traceparent);
    const span = api.tracer.startSpan("mcp.tool_call", { kind: INTERNAL, startTime: started, attributes }, parent);
    const below = api.setSpan(parent, span as never);
    let time = started;
    for (const { name, milliseconds, status: ended } of phases) {
      const isBackend = name === "backend";
      const child = api.tracer.startSpan(
        isBackend ? "gateway.backend.execute" : `difc.${name}`,
        {
          kind: isBackend ? CLIENT : INTERNAL,
          startTime: time,
          attributes: { "difc.phase.status": ended },
        },
        below,
      );
      time += milliseconds;
      child.end(time);
    }
    if (status === "denied") span.addEvent("difc.access_denied", violation ? { reason: violation.kind } : {});
    if (status === "failed")
      span.setStatus({
        code: ERROR,
        message: (outcome.error as { code?: string }).code ?? "failed",
      });
    span.end(started + Math.max(took, (event as Partial<CallEvent>).milliseconds ?? 0));
  };
}

function parentOf<C>(api: TelemetryApi<C>, traceparent: string | undefined): C {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || api.setSpanContext === undefined) return api.root;
  const traceFlags = Number.parseInt(flags!, 16);
  return api.setSpanContext(api.root, {
    traceId,
    spanId: spanId!,
    traceFlags,
    isRemote: true,
  });
}
