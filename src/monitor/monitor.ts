// The reference monitor: stands between an agent and its servers and lets through what the guards' labels allow.
import type { Backend } from "../backend/backend.ts";
import type { Labels, ResourceLabels } from "../difc/labels.ts";
import { normalizeTags } from "../difc/taint.ts";
import { guardSessions } from "../guard/sessions.ts";
import type { Inspection } from "./call.ts";
import type { CallReport, MonitorEvent } from "./events.ts";
import { memoryAgents } from "./memory-agents.ts";
import { kindOf, type MonitorOptions, readServers } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { runCall } from "./pipeline.ts";
import { agentLabels, checkState, emptyState } from "./state.ts";

/** A tool call as an agent makes it. */
export interface MonitoredToolCall {
  /** Whose labels hold. Principal and agent in one, never a transport's session id. @default "default" */
  readonly agentId?: string | undefined;
  /** An id of `servers`. */
  readonly server: string;
  readonly tool: string;
  readonly args?: unknown;
  /** Aborts the call: nothing is released any more. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Who answers the guard's questions in this call, with this caller's credentials. Sessions are told apart by it, so use one
   * object per caller. @default the server's
   */
  readonly backend?: Backend | undefined;
  /** Fixed labels for what the guard does not know: they stand in for its answers to label_resource and label_response. */
  readonly labels?: ResourceLabels | undefined;
}

/** What is known about agents. */
export interface Agents {
  /** The labels over all servers called so far; both empty for an agent that nobody has seen. */
  get(id: string): Promise<Labels>;
  /** An operator's word: the agent begins anew with these labels, to which each server's label_agent adds its own. Its counted calls stay. */
  set(id: string, labels: Labels): Promise<void>;
  /** Forgets the agent, its taint and its counted calls. */
  end(id: string): Promise<void>;
}

export interface Monitor {
  /**
   * Runs one tool call through the phases of difc.md. `execute` does the call; it runs at most once, and only when the
   * coarse check lets it.
   *
   * Resolves to the outcome, denials and faults among them.
   *
   * @throws {TypeError | RangeError} for misuse, naming the option
   * @throws {AbortError | TimeoutError} when `signal` fires
   */
  callTool(call: MonitoredToolCall, execute: () => unknown): Promise<Outcome>;
  readonly agents: Agents;
  /** The ids of the servers that it guards. */
  readonly servers: readonly string[];
  /** Closes the guard instances that the monitor made. Guards that were given to it stay open. */
  close(): Promise<void>;
}

/**
 * Creates a monitor (difc.md).
 *
 * @throws {TypeError | RangeError} naming the option
 * @throws {PolicyError} when a policy is not one
 * @example
 * ```ts
 * const monitor = createMonitor({ servers: { github: { guard, policy, backend } } });
 * const outcome = await monitor.callTool({ server: "github", tool: "list_issues", args }, () => client.callTool(…));
 * return outcome.result;
 * ```
 */
export function createMonitor(options: MonitorOptions): Monitor {
  return createInspectedMonitor(options);
}

/** {@link createMonitor} with a look at what is withheld, for the preview alone. */
export function createInspectedMonitor(options: MonitorOptions, inspect?: (seen: Inspection) => void): Monitor {
  const servers = readServers(options);
  const { mode, capabilities, onEvent, state = memoryAgents() } = options;
  const sessions = guardSessions();
  const severalServers = servers.size > 1;

  async function callTool(call: MonitoredToolCall, execute: () => unknown): Promise<Outcome> {
    if (typeof call !== "object" || call === null) throw misuse("call", "an object", call);
    const { agentId = "default", server: id, tool, args, signal, backend, labels } = call;
    requireString("agentId", agentId);
    requireString("server", id);
    requireString("tool", tool);
    if (signal !== undefined && typeof signal?.addEventListener !== "function")
      throw misuse("signal", "an AbortSignal", signal);
    if (typeof execute !== "function") throw misuse("execute", "a function", execute);
    if (backend !== undefined && typeof backend?.callTool !== "function") throw misuse("backend", "a Backend", backend);
    const known = servers.get(id);
    if (known === undefined) {
      const names = [...servers.keys()].map((name) => `"${name}"`).join(", ");
      throw new RangeError(`Cannot call the tool: "server" is "${id}", known are ${names}`);
    }
    const server = backend === undefined ? known : { ...known, backend };
    const report = (part: CallReport): void => {
      try {
        onEvent?.({ agent: agentId, server: id, tool, ...part } as MonitorEvent);
      } catch {
        // A listener must not decide about a call.
      }
    };
    const surroundings = { server, sessions, state, mode, capabilities, severalServers, report, inspect };
    return runCall(surroundings, { agentId, tool, args, signal, labels }, execute);
  }

  const agents: Agents = {
    async get(id) {
      requireString("id", id);
      return state.transact(id, (known) => ({ value: agentLabels(checkState(known)) }));
    },
    async set(id, labels) {
      requireString("id", id);
      const set = readLabels(labels);
      await state.transact(id, ({ calls }) => ({ next: { ...emptyState, set, calls }, value: undefined }));
    },
    async end(id) {
      requireString("id", id);
      if (state.delete !== undefined) await state.delete(id);
      else await state.transact(id, () => ({ next: emptyState, value: undefined }));
    },
  };

  return { callTool, agents, servers: [...servers.keys()], close: () => sessions.close() };
}

function readLabels(labels: Labels): Labels {
  if (typeof labels !== "object" || labels === null) throw misuse("labels", "an object", labels);
  const { secrecy, integrity } = labels;
  for (const [name, tags] of Object.entries({ secrecy, integrity })) {
    if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string")) {
      throw misuse(`labels.${name}`, "an array of strings", tags);
    }
  }
  return { secrecy: normalizeTags(secrecy), integrity: normalizeTags(integrity) };
}

function requireString(option: string, value: unknown): asserts value is string {
  if (typeof value !== "string") throw misuse(option, "a string", value);
}

function misuse(option: string, must: string, value: unknown): TypeError {
  return new TypeError(`Cannot use the monitor: "${option}" must be ${must}, got ${kindOf(value)}`);
}
