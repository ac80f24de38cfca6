// Instances by session: one per (guard, policy, backend), least recently used ones dropped and rebuilt on demand (design.md, Calls).
import type { Backend } from "../backend/backend.ts";
import type { AgentLabels } from "../difc/labels.ts";
import type { CallOptions, Guard } from "./guard.ts";

/** A guard that has been told its policy. */
export interface GuardSession {
  readonly guard: Guard;
  readonly agentLabels: AgentLabels;
}

/** Hands out guards such that two policies, or two backends, never share one instance's memory (difc.md, decision 5). */
export interface GuardSessions {
  /** The session for this guard, policy payload and backend: an existing one, or a clean instance that ran `label_agent` first. A poisoned one is replaced. */
  open(guard: Guard, policy: unknown, backend: Backend | undefined, options?: CallOptions): Promise<GuardSession>;
  /** Closes every instance that it made. */
  close(): Promise<void>;
}
