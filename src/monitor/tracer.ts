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

// A class, for its methods exist once: one is made for every call.
class CallTracer implements Tracer {
  readonly trace: PhaseTrace[] = [];
  readonly #report: (report: CallReport) => void;
  #events: GuardEvent[] | undefined = undefined;
  #started: number = performance.now();

  constructor(report: (report: CallReport) => void) {
    this.#report = report;
  }

  get phase(): number {
    return this.trace.length;
  }

  readonly onEvent = (event: GuardEvent): void => {
    this.#events ??= [];
    this.#events.push(event);
    this.#report({ type: "guard", event });
  };

  end(status: PhaseTrace["status"], summary: string, details?: Details): void {
    const phase = this.trace.length as PhaseTrace["phase"];
    if (phase >= NAMES.length) return;
    const now = performance.now();
    const milliseconds = status === "skipped" ? 0 : now - this.#started;
    const entry = {
      phase,
      name: NAMES[phase]!,
      status,
      summary,
      milliseconds,
      ...details,
      events: this.#events ?? NO_EVENTS,
    };
    this.trace.push(entry);
    this.#events = undefined;
    this.#started = now;
    this.#report({ type: "phase", phase: entry });
  }

  skipRest(summary: string): void {
    while (this.trace.length < NAMES.length) this.end("skipped", summary);
  }
}

export function createTracer(report: (report: CallReport) => void): Tracer {
  return new CallTracer(report);
}
