// Guards that run away in an evaluation: what ends them in the middle of a computation, in every engine, and what the page says then.
import type { GuardLimits, MonitorEvent } from "edge-guard";
import { PreviewError } from "./errors.ts";

/** What bounds the guards of an evaluation: their computing, for waiting for a backend is no work. */
export function busyLimits(deadlineMs: number, backendDelayMs: number): GuardLimits {
  // Where there is waiting, the budget that guards have by default stands for the time.
  return backendDelayMs > 0 ? {} : { timeoutMs: deadlineMs };
}

/** Whether this is the fault of a guard that was ended in the middle of a computation: of a label function, or of its start. */
export function isRunaway(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return code === "timeout" || code === "out-of-fuel";
}

/** Whether a label call has just ended so. */
export function ranAway(event: MonitorEvent): boolean {
  return event.type === "guard" && event.event.type === "label-call" && isRunaway(event.event.error);
}

/** @param what was stopped: `it`, or its worker where that was the only way */
export function tooBusy(deadlineMs: number, what: "it" | "its worker"): PreviewError {
  const message = `Evaluating the scenario: the guard was busy for ${deadlineMs / 1000} s without answering, so ${what} was stopped; mend the guard or choose another one`;
  return new PreviewError([{ name: "TimeoutError", code: "timeout", message }]);
}
