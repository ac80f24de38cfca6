// What a page and the worker that hosts its guard say to each other. Types only, discriminated by `type`; both ends check what they get.
import type { LabelFunction } from "../wasm/contract.ts";
import type { GuardEvent, LogEntry } from "./events.ts";
import type { GuardLimits } from "./instance-options.ts";

/** A fault, in a form that survives structured cloning. */
export interface WireFault {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly guard?: string;
  readonly phase?: string;
  /** What single classes carry: path, returnCode, exitCode, limit, transient. */
  readonly detail: { readonly [key: string]: string | number | boolean };
  readonly cause?: string;
}

/** An event with its faults in that form. */
export interface WireEvent {
  readonly type: GuardEvent["type"];
  readonly error?: WireFault;
  readonly cause?: WireFault;
  readonly [key: string]: unknown;
}

export interface StartMessage {
  readonly type: "edge-guard.start";
  readonly module: WebAssembly.Module;
  readonly name: string;
  readonly limits: GuardLimits;
  readonly suspension: "auto" | "replay" | "jspi";
  readonly speculate: boolean;
  readonly concurrency?: number;
  /** Absent: nobody listens to the guard's log. */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  /** Where the guard's questions go; every call's own backend stands behind it. */
  readonly questions: MessagePort;
}

export interface CallMessage {
  readonly type: "edge-guard.call";
  readonly id: number;
  readonly action: LabelFunction | "recover" | "close";
  /** The label function's arguments: the policy, the call, or call and result. */
  readonly parameters: readonly unknown[];
  readonly capabilities?: readonly string[];
  /** How long the call may take, in milliseconds: for a guest that counts, which ends itself. */
  readonly timeoutMs?: number;
  /** How the call's backend is to be asked; absent: there is none. */
  readonly backend?: { readonly speculate: boolean };
}

export interface AbortMessage {
  readonly type: "edge-guard.abort";
  readonly id: number;
}

export type ToWorker = StartMessage | CallMessage | AbortMessage;

export interface StartedMessage {
  readonly type: "edge-guard.started";
  readonly fault?: WireFault;
}

export interface DoneMessage {
  readonly type: "edge-guard.done";
  readonly id: number;
  readonly health: "ok" | "poisoned" | "closed";
  readonly memoryBytes: number;
  readonly value?: unknown;
  readonly fault?: WireFault;
}

export interface LogMessage {
  readonly type: "edge-guard.log";
  readonly entry: LogEntry;
}

export interface EventMessage {
  readonly type: "edge-guard.event";
  readonly event: WireEvent;
}

export type FromWorker = StartedMessage | DoneMessage | LogMessage | EventMessage;
