// Phases 0 and 6: the agent's labels are looked up, and what was shown is added to them before anything is released.
import type { Labels, Mode } from "../difc/labels.ts";
import { taintAll } from "../difc/taint.ts";
import { isGuardError, StateError } from "../errors.ts";
import type { Guard } from "../guard/guard.ts";
import type { GuardSession } from "../guard/sessions.ts";
import type { Abortable } from "./abortable.ts";
import { checkAgentLabels, guardFault } from "./answers.ts";
import type { CheckedCall, Progress, Surroundings } from "./call.ts";
import { countCall } from "./limits.ts";
import {
  type AgentState,
  type AgentStore,
  type AgentView,
  agentLabels,
  agentView,
  checkState,
  grant,
  restrict,
  type ShownLabels,
  type StateChange,
} from "./state.ts";

/** An agent at the beginning of a call. */
export interface OpenedAgent {
  readonly guard: Guard;
  readonly mode: Mode;
  readonly view: AgentView;
  /** What label_agent gave. */
  readonly granted: Labels;
  /** The agent over all servers. */
  readonly labels: Labels;
  /** The limit that refuses this call. */
  readonly limit?: number;
}

/** Phase 0: asks for the server's labels, takes one snapshot of the agent's, and counts the call. */
export async function openAgent(
  surroundings: Surroundings,
  call: CheckedCall,
  progress: Progress,
): Promise<OpenedAgent> {
  const { server, sessions } = surroundings;
  const { abort, options } = progress;
  let session: GuardSession;
  try {
    // Ends with the signal itself.
    session = await sessions.open(server.guard, server.payload, server.backend, options);
    checkAgentLabels(session.agentLabels, server.guard.name);
  } catch (error) {
    throw guardFault(error, server.guard.name, "label_agent");
  }
  const { guard, agentLabels: answer } = session;
  const granted = answer.agent;
  const mode = surroundings.mode ?? answer.mode;
  const limit = Object.hasOwn(server.limits, call.tool) ? server.limits[call.tool]! : 0;
  const view = (of: AgentState): Pick<OpenedAgent, "view" | "labels"> => ({
    view: agentView(of, granted, mode === "propagate"),
    labels: agentLabels(of),
  });
  const opened = await transact<Pick<OpenedAgent, "view" | "labels" | "limit">>(
    surroundings.state,
    call.agentId,
    abort,
    (state) => {
      const counted = limit > 0 ? countCall(state, server.id, call.tool, limit) : state;
      if (counted === undefined) return { value: { ...view(state), limit } };
      const next = grant(counted, granted);
      return { next: next === state ? undefined : next, value: view(next) };
    },
  );
  return { guard, mode, granted, ...opened };
}

/** Phase 6. Commits against the newest labels, whatever other calls of the agent did meanwhile. */
export async function taintAgent(
  surroundings: Surroundings,
  call: CheckedCall,
  progress: Progress,
  mode: Mode,
  shown: readonly Labels[],
): Promise<void> {
  const propagates = mode === "propagate";
  const labels = summarize(shown, propagates);
  progress.after = await transact(surroundings.state, call.agentId, progress.abort, (state) => {
    const next = restrict(state, labels);
    return { next: next === state ? undefined : next, value: agentLabels(next) };
  });
  const summary = propagates
    ? "The agent has the labels of what it was shown"
    : "What was shown counts on other servers";
  progress.tracer.end("ok", summary, { agent: progress.after });
}

/** What all that was shown adds up to; computed once, because a store may run a change again. */
function summarize(shown: readonly Labels[], propagates: boolean): ShownLabels {
  const first = shown.find(({ integrity }) => !integrity.includes("*"));
  const start: Labels = { secrecy: [], integrity: first?.integrity ?? [] };
  const { secrecy, integrity } = taintAll(start, shown);
  return { secrecy: propagates ? secrecy : [], integrity: first === undefined ? null : integrity };
}

async function transact<T>(
  store: AgentStore,
  agentId: string,
  abort: Abortable,
  change: (state: AgentState) => StateChange<T>,
): Promise<T> {
  try {
    return await abort.wait(store.transact(agentId, (state) => change(checkState(state))));
  } catch (cause) {
    if (isGuardError(cause)) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StateError(`The store of agents failed: ${message}`, { cause });
  }
}
