// What a monitor tells to who listens.
import type { GuardEvent, LogEntry } from "../guard/events.ts";
import type { Outcome, PhaseTrace } from "./outcome.ts";

/** Which call an event belongs to. */
export interface MonitoredCall {
  readonly agent: string;
  readonly server: string;
  readonly tool: string;
}

/**
 * `guard`: the guard's host reports a question, a sleep, a run. `log`: a line of the monitor's own, such as paths that fit
 * no item. `phase`: a phase has ended. `outcome`: the call has ended; last, and absent when it rejected.
 */
export type MonitorEvent = MonitoredCall &
  (
    | { readonly type: "guard"; readonly event: GuardEvent }
    | { readonly type: "log"; readonly entry: LogEntry }
    | { readonly type: "phase"; readonly phase: PhaseTrace }
    | { readonly type: "outcome"; readonly outcome: Outcome }
  );

/** A part of a {@link MonitorEvent} that does not know its call. */
export type CallReport =
  | { readonly type: "guard"; readonly event: GuardEvent }
  | { readonly type: "log"; readonly entry: LogEntry }
  | { readonly type: "phase"; readonly phase: PhaseTrace }
  | { readonly type: "outcome"; readonly outcome: Outcome };
