// Runs a scenario and reports, call by call, what the agent would see and why. Needs neither a DOM nor Node.
import type { Mode } from "../difc/labels.ts";
import type { MissingAnswer, PreviewCall, PreviewReport } from "./outcome.ts";
import { openRun, type PreviewOptions, type Run, runOne } from "./preview-run.ts";
import { parseScenario, type Scenario } from "./scenario.ts";

export type { PreviewOptions } from "./preview-run.ts";
export type { GuardChoice } from "./scenario-guards.ts";

/**
 * Previews a scenario.
 *
 * @param scenario anything that parseScenario takes
 * @throws {ScenarioError} when it is not a scenario
 * @throws {TypeError} when a guard that it names is not among `guards`
 * @throws {ModuleError} when a guard cannot be loaded, also when its digest is not the scenario's
 * @throws {AbortError | TimeoutError} when `signal` fires
 */
export async function preview(scenario: unknown, options: PreviewOptions = {}): Promise<PreviewReport> {
  const parsed = parseScenario(scenario);
  const run = await openRun(parsed, options);
  try {
    return await runCalls(parsed, run, options);
  } finally {
    await run.close();
  }
}

async function runCalls(scenario: Scenario, run: Run, options: PreviewOptions): Promise<PreviewReport> {
  const { monitor, backends } = run;
  const { id: agentId = "agent", secrecy = [], integrity = [] } = scenario.agent ?? {};
  await monitor.agents.set(agentId, { secrecy, integrity });
  const before = await monitor.agents.get(agentId);
  const modes: Record<string, Mode> = Object.create(null);
  const calls: PreviewCall[] = [];
  for (const [index, call] of scenario.calls.entries()) {
    const previewed = await runOne(index, call, agentId, run, options.signal);
    const { mode } = previewed.outcome.trace[0] ?? {};
    if (mode !== undefined) modes[call.server] = mode;
    calls.push(previewed);
  }
  const missingAnswers: MissingAnswer[] = [...backends].flatMap(([server, { missing }]) =>
    missing.map(({ tool, args = {} }) => ({ server, tool, args })),
  );
  const after = await monitor.agents.get(agentId);
  const passed = calls.every(({ mismatches }) => mismatches.length === 0);
  return { title: scenario.title ?? "", modes, calls, missingAnswers, passed, agent: { before, after } };
}
