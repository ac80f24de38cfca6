// What a guard's host tells to who listens: the same objects in the monitor's trace, the preview and the playground.
import type { GuardError } from "../errors.ts";

/** A line that the guard logged. */
export interface LogEntry {
  readonly guard: string;
  readonly level: "debug" | "info" | "warn" | "error" | "unknown";
  readonly message: string;
  /** `host_log`, or the WASI stream. */
  readonly source: "host_log" | "stdout" | "stderr" | "host";
}

/** One question that a guard asked its backend, once per label call however often the guard repeats it. */
export interface QuestionEvent {
  readonly type: "question";
  readonly guard: string;
  readonly tool: string;
  readonly args: unknown;
  /** The answer, or what went wrong; exactly one of the two. */
  readonly result?: unknown;
  readonly error?: GuardError;
  /** Between asking and answer. */
  readonly milliseconds: number;
  /** False when the question came from a speculative run and the final run did not ask it. */
  readonly used: boolean;
}

/** The guard slept in poll_oneoff. */
export interface SleepEvent {
  readonly type: "sleep";
  readonly guard: string;
  readonly milliseconds: number;
}

/** A label call has ended: what it cost. */
export interface CallEvent {
  readonly type: "label-call";
  readonly guard: string;
  readonly function: "label_agent" | "label_resource" | "label_response";
  readonly suspension: "none" | "replay" | "jspi";
  /** How often the guest ran: 1, or more under replay. */
  readonly runs: number;
  readonly questions: number;
  /** What the label function burned in the run that counted, of a guard that counts: the same in every runtime, however it was run. */
  readonly fuel?: number;
  readonly error?: GuardError;
}

/** The guard's health changed. */
export interface HealthEvent {
  readonly type: "health";
  readonly guard: string;
  readonly health: "ok" | "poisoned" | "closed";
  readonly cause?: GuardError;
}

export type GuardEvent = QuestionEvent | SleepEvent | CallEvent | HealthEvent;
