// What a Worker and the dynamic Worker that hosts its guard say to each other over RPC. Types only.
import type { LogEntry } from "../guard/events.ts";
import type { GuardLimits } from "../guard/instance-options.ts";
import type { WireFault } from "../guard/worker-messages.ts";
import type { LabelFunction } from "../wasm/contract.ts";

/** JSON: as text, or in UTF-8 where text could be too large for one message. */
export type Packed = string | Uint8Array;

/** How an instance behaves; the same for all instances that one guard begins. */
export interface LoaderSettings {
  readonly name: string;
  readonly limits: GuardLimits;
  readonly suspension: "auto" | "replay" | "jspi";
  readonly speculate: boolean;
  readonly concurrency?: number;
  /** Whether anybody listens to the guard's log. */
  readonly logs: boolean;
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  /** Whether calls bring a backend as a rule. */
  readonly asks: boolean;
}

/** One request to an instance, which is known by `session`. */
export interface LoaderRequest {
  readonly session: string;
  /** How many requests the instance has had before; it is lost when that is not so. */
  readonly sequence: number;
  readonly action: "start" | LabelFunction | "recover" | "fork" | "close";
  /** For `start`. */
  readonly settings?: LoaderSettings;
  /** For `fork`: what the new instance is to be known by. */
  readonly fork?: string;
  /** For label functions: their input (guard-abi.md, Input and output JSON). */
  readonly input?: Packed;
  /** The call's own deadline in milliseconds: a guard that counts what it burns holds it while it computes. */
  readonly timeoutMs?: number;
  /** Whether anybody wants the events. */
  readonly hears?: boolean;
  /** Who answers the guest's questions; absent: nobody. */
  readonly backend?: { readonly name: string; readonly speculate: boolean };
}

/** What the caller of a label function offers while it lasts. */
export interface LoaderCaller {
  /** Asks the backend; `id` is this question's own. */
  ask(id: number, tool: string, args: string): Promise<LoaderAnswer>;
  /** Nobody waits for this answer any more. */
  cancel(id: number): void;
  /** Resolves when nobody waits for the call any more. Absent: it has no end but its own. */
  over?(): Promise<void>;
}

export interface LoaderAnswer {
  /** Absent: the backend answered nothing that is JSON. */
  readonly result?: Packed;
  readonly fault?: WireFault;
}

export interface LoaderReply {
  /** There is no such instance any more, or not in the state that the caller knows; nothing was done. */
  readonly lost?: true;
  readonly fault?: WireFault;
  /** Labels. */
  readonly value?: Packed;
  readonly health?: "ok" | "poisoned" | "closed";
  readonly memoryBytes?: number;
  readonly checkpoint?: { readonly possible: boolean; readonly obstacle?: string };
  readonly log?: readonly LogEntry[];
  /** An array of WireEvent. */
  readonly events?: Packed;
}

/** The dynamic Worker's one method. */
export interface LoaderEntrypoint {
  perform(request: LoaderRequest, caller?: LoaderCaller): Promise<LoaderReply>;
}
