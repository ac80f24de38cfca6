// Runs one scenario again and again with something changed; its guards are loaded once.
import type { PreviewReport } from "../monitor/outcome.ts";
import { type PreviewOptions, preview } from "../monitor/preview.ts";
import { parseScenario, type Scenario } from "../monitor/scenario.ts";
import { scenarioGuards } from "../monitor/scenario-guards.ts";

/** What the analyses that run a scenario take. The same as preview, and the guards stay loaded for all runs. */
export interface AnalysisOptions extends Omit<PreviewOptions, "onEvent"> {
  /** Hears after each run how many of how many are done. */
  readonly onRun?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface Rerun {
  readonly scenario: Scenario;
  /** @throws {AbortError | TimeoutError} when the signal fires */
  run(scenario: Scenario): Promise<PreviewReport>;
  close(): Promise<void>;
}

/**
 * Reads the scenario and readies it for several runs.
 *
 * @throws {ScenarioError} when it is not a scenario
 */
export function openRerun(given: unknown, options: AnalysisOptions): Rerun {
  const scenario = withoutExpectations(parseScenario(given));
  const guards = scenarioGuards(options, () => {});
  const { signal, backendDelayMs } = options;
  return {
    scenario,
    async run(changed) {
      await pause();
      return preview(changed, {
        guards: (wasm, sha256) => guards.get(sha256 === undefined ? { wasm } : { wasm, sha256 }),
        ...(signal && { signal }),
        ...(backendDelayMs !== undefined && { backendDelayMs }),
      });
    },
    close: () => guards.close(),
  };
}

/** Between two runs others have a turn: the page that wants to abort, above all. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

export function withoutExpectations(scenario: Scenario): Scenario {
  return { ...scenario, calls: scenario.calls.map(({ expect: _expect, ...call }) => call) };
}

/** The scenario with other policies for some servers. */
export function withPolicies(scenario: Scenario, policies: { readonly [server: string]: unknown }): Scenario {
  const servers: Record<string, Scenario["servers"][string]> = Object.create(null);
  for (const [id, server] of Object.entries(scenario.servers)) {
    servers[id] = Object.hasOwn(policies, id) ? { ...server, policy: policies[id] } : server;
  }
  for (const id of Object.keys(policies)) {
    if (Object.hasOwn(servers, id)) continue;
    const known = Object.keys(servers)
      .map((name) => `"${name}"`)
      .join(", ");
    throw new RangeError(`Cannot change a policy: the scenario has no server "${id}", known are ${known}`);
  }
  return { ...scenario, servers };
}
