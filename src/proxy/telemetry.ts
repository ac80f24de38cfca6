// Spans for OpenTelemetry, made of outcomes: one per call, one below it per phase. The tracer is told by its shape.
import type { MonitorEvent } from "../monitor/events.ts";
import type { Outcome } from "../monitor/outcome.ts";
import type { CallEvent, ProxyEvent } from "./events.ts";
import { hashTags, type TagDisclosure } from "./tag-disclosure.ts";

type Attributes = Record<string, string | number | boolean | string[]>;

/** What is used of a span of @opentelemetry/api. */
export interface SpanLike {
  setStatus(status: { code: number; message?: string }): unknown;
  addEvent(name: string, attributes?: Attributes, time?: number): unknown;
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
  /** `trace.setSpanContext`. */
  setSpanContext(
    context: C,
    spanContext: { traceId: string; spanId: string; traceFlags: number; isRemote: boolean },
  ): C;
}

export interface TelemetryOptions extends TagDisclosure {
  /** By server, the SHA-256 of its guard's bytes (`guard.module.digest`), for `difc.guard.sha256`. @default left out */
  readonly guardDigests?: Readonly<Record<string, string>>;
}

export interface Telemetry {
  (event: ProxyEvent | MonitorEvent): void;
  /** Resolves once all spans so far have ended: hashing takes a moment. For a Worker's `waitUntil`. */
  flush(): Promise<void>;
}

const INTERNAL = 0;
const CLIENT = 2;
const ERROR = 2;
const STATUS = { allowed: 200, filtered: 200, denied: 403, failed: 500 } as const;
const TOO_MANY = 429;

/** @throws {TypeError} for `tags: "hashed"` without `key` */
export function telemetry<C>(api: TelemetryApi<C>, options: TelemetryOptions = {}): Telemetry {
  const { tags = "counted", guardDigests = {} } = options;
  const hash = hashTags(options);
  let queue = Promise.resolve();

  const disclosed = async (name: string, given: readonly string[]): Promise<Attributes> =>
    tags === "counted" ? { [`${name}.count`]: given.length } : { [name]: [...(await hash(given))] };

  const record = (event: CallEvent, told: Attributes): void => {
    const { server, tool, outcome, started, milliseconds, traceparent } = event;
    const { trace, status, violation } = outcome;
    const parent = parentOf(api, traceparent);
    const attributes = { ...attributesOf(server, tool, outcome), ...told };
    const span = api.tracer.startSpan("mcp.tool_call", { kind: INTERNAL, startTime: started, attributes }, parent);
    const below = api.setSpan(parent, span as never);
    let time = started;
    for (const { name, milliseconds: took, status: ended } of trace) {
      if (ended === "skipped") continue;
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
      time += took;
      child.end(time);
      if (name === "coarse-check" && ended === "ok") span.addEvent("difc.pre_phases_complete", {}, time);
    }
    if (isLimited(outcome)) span.addEvent("rate_limit.detected", {}, time);
    else if (status === "denied") {
      span.addEvent("difc.access_denied", violation ? { reason: violation.kind } : {}, time);
    }
    // The message of an error may hold a server's words.
    if (status === "failed")
      span.setStatus({ code: ERROR, message: (outcome.error as { code?: string }).code ?? "failed" });
    span.end(Math.max(time, started + milliseconds));
  };

  const listen = (event: ProxyEvent | MonitorEvent): void => {
    if (event.type !== "outcome") return;
    const took = event.outcome.trace.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    // What the monitor alone tells lacks what only the proxy knows.
    const call = { started: Date.now() - took, milliseconds: took, principal: "", ...event } as CallEvent;
    const { secrecy = [], integrity = [] } = event.outcome.trace[1]?.resource ?? {};
    const digest = Object.hasOwn(guardDigests, event.server) ? guardDigests[event.server] : undefined;
    const known = { ...(digest !== undefined && { "difc.guard.sha256": digest }) };
    queue = queue
      .then(async () => {
        const conversation = tags === "counted" ? {} : { "gen_ai.conversation.id": (await hash([event.agent]))[0]! };
        const [secret, sound] = await Promise.all([
          disclosed("difc.secrecy_tags", secrecy),
          disclosed("difc.integrity_tags", integrity),
        ]);
        record(call, { ...known, ...conversation, ...secret, ...sound });
      })
      .catch(() => {});
  };
  return Object.assign(listen, { flush: () => queue });
}

function attributesOf(server: string, tool: string, outcome: Outcome): Attributes {
  const { trace, status, removed, violation } = outcome;
  const [agent, resource, , , , items] = trace;
  return {
    "gen_ai.system": "mcp",
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.agent.name": "edge-guard",
    "gen_ai.agent.id": server,
    "gen_ai.tool.name": tool,
    "mcp.method": "tools/call",
    "mcp.response.status": isLimited(outcome) ? TOO_MANY : STATUS[status],
    "difc.decision": status,
    "difc.items.filtered": removed.length,
    ...(items?.items !== undefined && { "difc.items.total": items.items }),
    ...(agent?.mode !== undefined && { "difc.mode": agent.mode }),
    ...(resource?.operation !== undefined && { "difc.operation": resource.operation }),
    ...(violation && { "difc.rule": violation.kind }),
  };
}

/** The limit on a tool's calls is reached: the only denial before anything is labelled. */
function isLimited({ status, trace }: Outcome): boolean {
  return status === "denied" && trace[0]?.status === "denied";
}

function parentOf<C>(api: TelemetryApi<C>, traceparent: string | undefined): C {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "") ?? [];
  if (traceId === undefined) return api.root;
  const traceFlags = Number.parseInt(flags!, 16);
  return api.setSpanContext(api.root, { traceId, spanId: spanId!, traceFlags, isRemote: true });
}
