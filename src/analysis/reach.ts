// What an agent can still read and write, before the first call and after each.
import type { Evaluation } from "../difc/evaluate.ts";
import type { Labels, Operation } from "../difc/labels.ts";

/** A call that is asked about and never made. */
export interface Probe {
  readonly server: string;
  readonly tool: string;
  /** @default {} */
  readonly args?: unknown;
}

/** Whether a call could be made at one point of the session. */
export interface ReachStep {
  /** After which call of the scenario; -1: before the first. */
  readonly after: number;
  /** `open`: nothing stands in the way; `taints`: a read that would restrict the agent further; `closed`: it would be denied or withheld. */
  readonly state: "open" | "taints" | "closed";
  /** The check by the resource's labels; items of a response may still come out differently. */
  readonly evaluation: Evaluation;
}

/** One call over the whole session. */
export interface Reached {
  readonly probe: Probe;
  /** Absent when the guard failed. */
  readonly operation?: Operation;
  readonly resource?: Labels & { readonly description: string };
  readonly steps: readonly ReachStep[];
  /** The first call after which it was closed and had been open before; absent when there is none. */
  readonly closedBy?: number;
  /** The guard's fault; the call is closed then. */
  readonly error?: string;
}

export interface Reach {
  readonly reached: readonly Reached[];
}
