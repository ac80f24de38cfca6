// Spans of guarded calls through @opentelemetry/api.
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { type SpanLike, type Telemetry, type TelemetryOptions, telemetry } from "../proxy/telemetry.ts";

export type { SpanLike, Telemetry, TelemetryOptions };

export interface OpenTelemetryOptions extends TelemetryOptions {
  /** @default `trace.getTracer("edge-guard")` */
  readonly tracer?: {
    startSpan(name: string, options?: never, context?: never): SpanLike;
  };
}

/**
 * Makes a listener for `onEvent` of the proxy or of the monitor: one span per call, one below it per phase, in the caller's trace.
 * Attributes hold counts and decisions; tags only on request, and never what guards or servers say.
 *
 * @throws {TypeError} for `tags: "hashed"` without `key`
 * @example
 * ```ts
 * const proxy = createGuardProxy({ upstream, monitor, identify, onEvent: openTelemetry() });
 * ```
 */
export function openTelemetry({ tracer, ...options }: OpenTelemetryOptions = {}): Telemetry {
  return telemetry(
    {
      tracer: (tracer ?? trace.getTracer("edge-guard")) as never,
      root: ROOT_CONTEXT,
      setSpan: trace.setSpan,
      setSpanContext: trace.setSpanContext,
    },
    options,
  );
}
