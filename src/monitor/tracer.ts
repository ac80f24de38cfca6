// Writes down the phases of one call: always all seven, those that were not reached as skipped.
import type { GuardEvent } from "../guard/events.ts";
import type { CallReport } from "./events.ts";
import type { PhaseTrace } from "./outcome.ts";

const NAMES = ["agent", "resource", "coarse-check", "backend", "response", "items", "taint"] as const;
const NO_EVENTS: readonly GuardEvent[] = Object.freeze([]);

type Details = Omit<PhaseTrace, "phase" | "name" | "status" | "summary" | "milliseconds" | "events">;

/** The trace of one call while it is written. */
export interface Tracer {
  readonly trace: readonly PhaseTrace[];
  /** The phase that is going on. */
  readonly phase: number;
  /** Takes what the guard's host reports during the current phase. */
  readonly onEvent: (event: GuardEvent) => void;
  /** Ends the current phase and begins the next one. */
  end(status: PhaseTrace["status"], summary: string, details?: Details): void;
  /** Ends the phases that are left without having happened. */
  skipRest(summary: string): void;
}

export function createTracer(report: (report: CallReport) => void): Tracer {
  const trace: PhaseTrace[] = [];
  let events: GuardEvent[] | undefined;
  let started = performance.now();

  const end: Tracer["end"] = (status, summary, details) => {
    const phase = trace.length as PhaseTrace["phase"];
    if (phase >= NAMES.length) return;
    const now = performance.now();
    const milliseconds = status === "skipped" ? 0 : now - started;
    const entry = {
      phase,
      name: NAMES[phase]!,
      status,
      summary,
      milliseconds,
      ...details,
      events: events ?? NO_EVENTS,
    };
    trace.push(entry);
    events = undefined;
    started = now;
    report({ type: "phase", phase: entry });
  };

  return {
    trace,
    get phase() {
      return trace.length;
    },
    onEvent(event) {
      events ??= [];
      events.push(event);
      report({ type: "guard", event });
    },
    end,
    skipRest(summary) {
      while (trace.length < NAMES.length) end("skipped", summary);
    },
  };
}
