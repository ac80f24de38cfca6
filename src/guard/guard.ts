// What labels: the interface that a wasm guard, a guard in a worker, noop and write-sink share.
import type { Backend } from "../backend/backend.ts";
import type { AgentLabels, ResourceLabels, ResponseLabels, Tag } from "../difc/labels.ts";
import type { GuardEvent } from "./events.ts";

/** A tool call as the agent makes it. */
export interface ToolCall {
  readonly tool: string;
  readonly args?: unknown;
}

/** What accompanies one label call. */
export interface CallOptions {
  /** Aborts the call: at once while it waits for its turn or for the backend. */
  readonly signal?: AbortSignal | undefined;
  /** The deadline of this call in milliseconds; default: the guard's `limits.timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Who answers this call's questions; default: the guard's backend. */
  readonly backend?: Backend | undefined;
  /** What the host can do, passed to the guard as `capabilities` (guard-abi.md, Input and output JSON). */
  readonly capabilities?: readonly Tag[] | undefined;
  /** Hears this call's events: questions to the backend, sleeps, runs. In addition to the guard's own listener. */
  readonly onEvent?: ((event: GuardEvent) => void) | undefined;
  /** label_response: hears the JSON text of the result, as the guard gets it. A guard that encodes nothing tells nothing. */
  readonly onResultText?: ((text: string) => void) | undefined;
}

/**
 * A guard labels agents, tool calls and results; it never decides. Label calls on one guard run one at a time,
 * first come first served. Each rejects with a GuardError when the guard is at fault.
 */
export interface Guard {
  readonly name: string;
  labelAgent(policy: unknown, options?: CallOptions): Promise<AgentLabels>;
  labelResource(call: ToolCall, options?: CallOptions): Promise<ResourceLabels>;
  /** Resolves to `null` when there are no fine-grained labels. */
  labelResponse(call: ToolCall, result: unknown, options?: CallOptions): Promise<ResponseLabels | null>;
  close(): Promise<void>;
}
