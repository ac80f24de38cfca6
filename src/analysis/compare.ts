// Two policies over the same calls, and the three modes side by side; the guards decide, not a guess.
import type { Mode } from "../difc/labels.ts";
import type { OutcomeStatus, PreviewReport } from "../monitor/outcome.ts";
import { compareReports, type Effect, isWritten } from "./effect.ts";
import { type AnalysisOptions, openRerun, withPolicies } from "./rerun.ts";

/** Two policies over the same calls. */
export interface PolicyComparison {
  /** What the second policies change: `effect.comparison` is the verdict on them, `effect.calls` the proof. */
  readonly effect: Effect;
  readonly before: PreviewReport;
  readonly after: PreviewReport;
}

/**
 * Runs a scenario with its own policies and with others.
 *
 * @param scenario anything that parseScenario takes
 * @param policies the other policies, by server; servers that are not named keep theirs
 * @throws {ScenarioError} when either is not a scenario
 * @throws {RangeError} when a server is not in the scenario
 */
export async function comparePolicies(
  scenario: unknown,
  policies: { readonly [server: string]: unknown },
  options: AnalysisOptions = {},
): Promise<PolicyComparison> {
  const rerun = openRerun(scenario, options);
  try {
    const changed = withPolicies(rerun.scenario, policies);
    const before = await rerun.run(rerun.scenario);
    options.onRun?.({ done: 1, total: 2 });
    const after = await rerun.run(changed);
    options.onRun?.({ done: 2, total: 2 });
    return { effect: compareReports(before, after), before, after };
  } finally {
    await rerun.close();
  }
}

/** What one call came to in one mode. */
export interface ModeCell {
  readonly status: OutcomeStatus;
  readonly items: number;
  readonly visible: number;
  /** For a write or read-write: whether it was done. */
  readonly written?: boolean;
  /** Why it was denied or failed, or the notice. */
  readonly reason?: string;
}

/** One call in every mode. */
export interface ModeRow {
  readonly call: number;
  readonly server: string;
  readonly tool: string;
  readonly modes: Readonly<Record<Mode, ModeCell>>;
}

export interface ModeComparison {
  readonly rows: readonly ModeRow[];
  readonly reports: Readonly<Record<Mode, PreviewReport>>;
  /** The first call at which something was denied, withheld or failed; absent when nothing was. */
  readonly firstStop: Readonly<Partial<Record<Mode, number>>>;
}

const MODES: readonly Mode[] = ["strict", "filter", "propagate"];

/**
 * Runs a scenario in each mode, whatever the guards or the scenario say.
 *
 * @throws {ScenarioError} when it is not a scenario
 */
export async function compareModes(scenario: unknown, options: AnalysisOptions = {}): Promise<ModeComparison> {
  const rerun = openRerun(scenario, options);
  try {
    const reports: Partial<Record<Mode, PreviewReport>> = {};
    for (const [index, mode] of MODES.entries()) {
      reports[mode] = await rerun.run({ ...rerun.scenario, mode });
      options.onRun?.({ done: index + 1, total: MODES.length });
    }
    return modeComparison(reports as Record<Mode, PreviewReport>);
  } finally {
    await rerun.close();
  }
}

function modeComparison(reports: Record<Mode, PreviewReport>): ModeComparison {
  const firstStop: Partial<Record<Mode, number>> = {};
  for (const mode of MODES) {
    const stop = reports[mode].calls.find(({ outcome }) => outcome.status !== "allowed");
    if (stop !== undefined) firstStop[mode] = stop.index;
  }
  const rows = reports.strict.calls.map(({ index, server, tool }): ModeRow => {
    const cells = MODES.map((mode) => [mode, modeCell(reports[mode], index)] as const);
    return { call: index, server, tool, modes: Object.fromEntries(cells) as Record<Mode, ModeCell> };
  });
  return { rows, reports, firstStop };
}

function modeCell({ calls }: PreviewReport, index: number): ModeCell {
  const call = calls[index]!;
  const { outcome, items } = call;
  const reason = outcome.error?.message ?? outcome.violation?.reason ?? outcome.notice?.text;
  const { operation } = outcome.trace[1] ?? {};
  return {
    status: outcome.status,
    items: items.length,
    visible: items.reduce((count, { visible }) => (visible ? count + 1 : count), 0),
    ...(operation !== undefined && operation !== "read" && { written: isWritten(call) }),
    ...(reason !== undefined && { reason }),
  };
}
