// What an agent can still read and write, before the first call and after each: every call is asked about at every point, and none is made.
import { questionKey } from "../backend/canonical-json.ts";
import type { Evaluation } from "../difc/evaluate.ts";
import type { Labels, Operation } from "../difc/labels.ts";
import { plainText } from "../difc/text.ts";
import type { Outcome } from "../monitor/outcome.ts";
import { openRun, type Run, runOne } from "../monitor/preview-run.ts";
import { parseScenario, type Scenario } from "../monitor/scenario.ts";
import { type AgentState, type AgentStore, emptyState } from "../monitor/state.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { ToolDescription } from "./coverage.ts";
import { type AnalysisOptions, pause, withoutExpectations } from "./rerun.ts";
import { exampleArgs } from "./tool-examples.ts";

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
  /**
   * `open`: nothing stands in the way. `taints`: a read that would restrict the agent further. `by-item`: a read that fails by the
   * resource's labels; items with labels of their own may still be shown. `closed`: denied, or withheld whatever the items are.
   */
  readonly state: "open" | "taints" | "by-item" | "closed";
  /** The check by the resource's labels; absent when the call did not get there. */
  readonly evaluation?: Evaluation;
  /** Why it is not open. */
  readonly reason?: string;
}

/** One call over the whole session. */
export interface Reached {
  readonly probe: Probe;
  /** Absent when the guard failed. */
  readonly operation?: Operation;
  readonly resource?: Labels & { readonly description: string };
  readonly steps: readonly ReachStep[];
  /** The first call after which it was closed and stayed so, having been open before; absent when there is none. */
  readonly closedBy?: number;
}

export interface Reach {
  readonly reached: readonly Reached[];
  /** The agent's labels at each step. */
  readonly labels: readonly { readonly after: number; readonly labels: Labels }[];
}

export interface ReachOptions extends AnalysisOptions {
  /** What is asked about. @default the scenario's own calls, each once, and "any tool" of every write-sink */
  readonly probes?: readonly Probe[];
  /** Labels in place of all that happens: the scenario's calls are not made, there is one step. */
  readonly agent?: Labels;
}

/** Asks about each tool of a server, with arguments that its input schema and the scenario's calls suggest. */
export function probesFor(tools: readonly ToolDescription[], given: unknown, server: string): Probe[] {
  const scenario = parseScenario(given);
  return tools.map((tool) => ({ server, tool: tool.name, args: exampleArgs(tool, scenario, server) }));
}

const ANY_TOOL = "any_tool";
const PROBED = Symbol("probed");

/**
 * Finds out what an agent can still read and write in the course of a scenario.
 *
 * @throws {ScenarioError} when it is not a scenario
 * @throws {RangeError} when a probe's server is not in the scenario
 * @throws {AbortError | TimeoutError} when `signal` fires
 */
export async function reach(given: unknown, options: ReachOptions = {}): Promise<Reach> {
  const scenario = beginning(withoutExpectations(parseScenario(given)), options.agent);
  const probes = options.probes ?? defaultProbes(scenario);
  const store = watchedStore();
  const run = await openRun(scenario, options, store);
  try {
    const agentId = scenario.agent?.id ?? "agent";
    const { secrecy = [], integrity = [] } = scenario.agent ?? {};
    await run.monitor.agents.set(agentId, { secrecy, integrity });
    const calls = options.agent === undefined ? scenario.calls : [];
    const steps: { after: number; labels: Labels; outcomes: Outcome[] }[] = [];
    for (let after = -1; after < calls.length; after++) {
      if (after >= 0) await runOne(after, calls[after]!, agentId, run, options.signal);
      const labels = await run.monitor.agents.get(agentId);
      const outcomes: Outcome[] = [];
      for (const probe of probes) outcomes.push(await store.without(() => ask(run, agentId, probe, options.signal)));
      steps.push({ after, labels, outcomes });
      options.onRun?.({ done: after + 2, total: calls.length + 1 });
      await pause();
    }
    const reached = probes.map((probe, index) => {
      return reachedOf(
        probe,
        steps.map(({ after, outcomes }) => ({ after, outcome: outcomes[index]! })),
      );
    });
    return { reached, labels: steps.map(({ after, labels }) => ({ after, labels })) };
  } finally {
    await run.close();
  }
}

function beginning(scenario: Scenario, labels: Labels | undefined): Scenario {
  if (labels === undefined) return scenario;
  return { ...scenario, agent: { ...scenario.agent, ...labels } };
}

function defaultProbes({ servers, calls }: Scenario): Probe[] {
  const probes = new Map<string, Probe>();
  for (const { server, tool, args = {} } of calls) {
    probes.set(`${server} ${questionKey(tool, args)}`, { server, tool, args });
  }
  for (const [server, { policy }] of Object.entries(servers)) {
    if (policy === undefined || parsePolicy(policy).kind !== "write-sink") continue;
    if (!calls.some((call) => call.server === server)) probes.set(server, { server, tool: ANY_TOOL });
  }
  return [...probes.values()];
}

/** A store in memory that can be told to forget what happens meanwhile: a probe must leave no trace. */
function watchedStore(): AgentStore & { without<T>(action: () => Promise<T>): Promise<T> } {
  let states = new Map<string, AgentState>();
  return {
    async transact(key, change) {
      const { next, value } = change(states.get(key) ?? emptyState);
      if (next !== undefined) states.set(key, next);
      return value;
    },
    async without(action) {
      const kept = new Map(states);
      try {
        return await action();
      } finally {
        states = kept;
      }
    },
  };
}

async function ask(run: Run, agentId: string, probe: Probe, signal: AbortSignal | undefined): Promise<Outcome> {
  const { server, tool, args = {} } = probe;
  const outcome = await run.monitor.callTool({ agentId, server, tool, args, signal }, () => {
    throw PROBED;
  });
  run.take();
  return outcome;
}

function reachedOf(probe: Probe, asked: readonly { after: number; outcome: Outcome }[]): Reached {
  const steps = asked.map(({ after, outcome }) => stepOf(after, outcome));
  const first = asked.find(({ outcome }) => outcome.trace[1]?.resource !== undefined)?.outcome.trace[1];
  const lastOpen = steps.findLastIndex(({ state }) => state !== "closed");
  const closing = lastOpen < 0 ? undefined : steps[lastOpen + 1];
  return {
    probe,
    ...(first?.operation && { operation: first.operation }),
    ...(first?.resource && { resource: first.resource }),
    steps,
    ...(closing && { closedBy: closing.after }),
  };
}

function stepOf(after: number, { trace, error }: Outcome): ReachStep {
  const [opened, labelled, checked] = trace;
  const evaluation = checked?.evaluation;
  if (opened?.status !== "ok" || labelled?.status !== "ok" || evaluation === undefined) {
    const failed = trace.find(({ status }) => status === "denied" || status === "failed");
    return { after, state: "closed", reason: failed?.summary ?? plainText(error?.message ?? "It was not decided") };
  }
  const { decision, reason } = evaluation;
  const isRead = labelled.operation === "read";
  const state = decision === "allow" ? "open" : decision === "deny" ? (isRead ? "by-item" : "closed") : "taints";
  return { after, state, evaluation, ...(reason !== undefined && { reason }) };
}
