// A monitor that remembers what went through it, as a scenario: what was withheld from a live agent can then be explained and changed like any preview.

import { questionKey } from "../backend/canonical-json.ts";
import type { RecordedEntry } from "../backend/recorded.ts";
import type { Labels } from "../difc/labels.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { Outcome } from "../monitor/outcome.ts";
import { parseScenario, type Scenario, type ScenarioCall, type ScenarioGuard } from "../monitor/scenario.ts";

/** How a scenario speaks of a monitor's server. */
export interface RecordedServer {
  readonly guard?: ScenarioGuard;
  readonly policy?: unknown;
}

export interface RecordingMonitorOptions {
  /** Every server of the monitor, with the policy that it was given and a name for its guard. */
  readonly servers: Readonly<Record<string, RecordedServer>>;
  /** Of how many agents calls are kept; the one that called longest ago is forgotten first. @default 100 */
  readonly maxAgents?: number;
  /** How many calls of one agent are kept, the first ones: a session is only understood from its beginning. @default 200 */
  readonly maxCalls?: number;
}

export interface RecordingMonitor extends Monitor {
  /**
   * What an agent did so far, as a scenario; undefined when nothing is known of it. It holds everything that its servers answered, also
   * what was withheld from it: for operators, not for agents.
   */
  scenario(agentId: string): Scenario | undefined;
  /** The agents that are remembered, the one that called last at the end. */
  readonly recorded: readonly string[];
  /** Forgets an agent's calls, or all. */
  forget(agentId?: string): void;
}

interface Recording {
  readonly before: Labels;
  readonly calls: ScenarioCall[];
  readonly questions: Map<string, Map<string, RecordedEntry>>;
  dropped: number;
}

/**
 * Wraps a monitor. Decisions stay the monitor's own; every call's arguments and results, and the questions of its guards with their
 * answers, are kept in memory besides.
 *
 * @throws {RangeError} when a server of the monitor is missing among `servers`, or a maximum is no whole number of at least 1
 * @example
 * ```ts
 * const monitor = recordingMonitor(createMonitor({ servers: { github: { guard, policy } } }), {
 *   servers: { github: { guard: { wasm: "repo-guard.wasm" }, policy } },
 * });
 * // … later
 * const scenario = monitor.scenario(agentId);
 * const report = summarizeWithheld(await suggestChanges(scenario, { guards: { "repo-guard.wasm": guard } }));
 * ```
 */
export function recordingMonitor(inner: Monitor, options: RecordingMonitorOptions): RecordingMonitor {
  const { servers, maxAgents = 100, maxCalls = 200 } = options;
  for (const [name, value] of Object.entries({ maxAgents, maxCalls })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new RangeError(`Cannot record the monitor: "${name}" must be a whole number of at least 1, got ${value}`);
  }
  const missing = inner.servers.find((id) => !Object.hasOwn(servers, id));
  if (missing !== undefined) throw new RangeError(`Cannot record the monitor: "servers" lacks its server "${missing}"`);
  const recordings = new Map<string, Recording>();

  async function open(agentId: string): Promise<Recording> {
    const known = recordings.get(agentId);
    const recording = known ?? { before: await inner.agents.get(agentId), calls: [], questions: new Map(), dropped: 0 };
    // Looked up again: another call of the agent may have begun meanwhile.
    const current = recordings.get(agentId) ?? recording;
    recordings.delete(agentId);
    recordings.set(agentId, current);
    for (const oldest of recordings.keys()) {
      if (recordings.size <= maxAgents) break;
      recordings.delete(oldest);
    }
    return current;
  }

  return {
    async callTool(call, execute) {
      const { agentId = "default", server, tool, args } = call;
      const recording = await open(agentId);
      let answered: { readonly result: unknown } | undefined;
      const outcome = await inner.callTool(call, async () => {
        const result = await execute();
        answered = { result: jsonOf(result) };
        return result;
      });
      if (recording.calls.length >= maxCalls) recording.dropped += 1;
      else {
        keepQuestions(recording, server, outcome);
        recording.calls.push({ server, tool, args: jsonOf(args ?? {}), ...resultOf(outcome, answered) });
      }
      return outcome;
    },
    scenario(agentId) {
      const recording = recordings.get(agentId);
      return recording && scenarioOf(agentId, recording, servers);
    },
    get recorded() {
      return [...recordings.keys()];
    },
    forget(agentId) {
      if (agentId === undefined) recordings.clear();
      else recordings.delete(agentId);
    },
    agents: {
      get: (id) => inner.agents.get(id),
      // An operator's word begins a session anew, and so its recording.
      async set(id, labels) {
        await inner.agents.set(id, labels);
        recordings.delete(id);
      },
      async end(id) {
        await inner.agents.end(id);
        recordings.delete(id);
      },
    },
    servers: inner.servers,
    close: () => inner.close(),
  };
}

/** A call that was denied has no answer; an empty one stands for it, so that a policy that would allow it can be tried. */
function resultOf(
  { trace }: Outcome,
  answered: { readonly result: unknown } | undefined,
): Pick<ScenarioCall, "result"> {
  if (answered !== undefined) return { result: answered.result ?? null };
  return trace[3]?.status === "failed" ? {} : { result: {} };
}

function keepQuestions({ questions }: Recording, server: string, { trace }: Outcome): void {
  for (const { events } of trace) {
    for (const event of events) {
      if (event.type !== "question") continue;
      const { tool, error } = event;
      const args = jsonOf(event.args ?? {});
      const known = questions.get(server) ?? new Map<string, RecordedEntry>();
      const answer = error === undefined ? { result: jsonOf(event.result) ?? null } : { error: error.message };
      known.set(questionKey(tool, args), { tool, args, ...answer });
      questions.set(server, known);
    }
  }
}

/** A copy as it went over the wire: who gave the value may change it later. */
function jsonOf(value: unknown): unknown {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return null;
  }
}

function scenarioOf(agentId: string, recording: Recording, servers: RecordingMonitorOptions["servers"]): Scenario {
  const { before, calls, questions, dropped } = recording;
  const entries = Object.entries(servers).map(([id, { guard, policy }]) => {
    const backend = [...(questions.get(id)?.values() ?? [])];
    return [
      id,
      {
        ...(guard !== undefined && { guard }),
        ...(policy !== undefined && { policy }),
        ...(backend.length > 0 && { backend }),
      },
    ];
  });
  const more = dropped > 0 ? `; ${dropped} later calls were not kept` : "";
  const isNamed = agentId.trim() !== "";
  return parseScenario({
    title: `What ${isNamed ? agentId : "an agent"} did${more}`,
    servers: Object.fromEntries(entries),
    agent: { ...(isNamed && { id: agentId }), secrecy: before.secrecy, integrity: before.integrity },
    calls: [...calls],
  });
}
