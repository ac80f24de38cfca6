// The smallest policy changes that would show what is hidden or allow what was denied, each tried on the whole scenario.
import type { PreviewCall, PreviewReport } from "../monitor/outcome.ts";
import { candidatesFor } from "./candidates.ts";
import { compareReports, type Effect } from "./effect.ts";
import { editPolicy, editText, type PolicyEdit } from "./policy-edits.ts";
import { type AnalysisOptions, openRerun, withPolicies } from "./rerun.ts";

/** An item that is hidden, or, without `item`, a call that was denied. */
export interface Target {
  readonly call: number;
  readonly item?: number;
}

/** One change of one server's policy, and what it does to the whole scenario. */
export interface PolicyChange {
  readonly server: string;
  readonly edits: readonly PolicyEdit[];
  /** For people: `Add "acme/site" to "repos"`. */
  readonly text: string;
  /** The whole policy to put in place. */
  readonly policy: unknown;
  /** Everything that comes out differently: its blast radius. */
  readonly effect: Effect;
}

export interface Suggestions {
  /** Changes that show or allow something, the smallest first. */
  readonly changes: readonly PolicyChange[];
  /** How many changes were tried. */
  readonly tried: number;
  /** False when `maxRuns` ended the search before everything that could help was tried. */
  readonly complete: boolean;
  /** The scenario as it is. */
  readonly report: PreviewReport;
}

export interface SuggestOptions extends AnalysisOptions {
  /** What is to be shown or allowed. @default everything that is hidden or denied */
  readonly targets?: readonly Target[];
  /** At most so many changes are tried, the likeliest first. @default 60 */
  readonly maxRuns?: number;
  /** Changes made of up to so many edits are tried for what no smaller change shows. @default 2 */
  readonly maxEdits?: 1 | 2;
}

/**
 * Finds policy changes that would show hidden items or allow denied calls. Every change is tried: the scenario runs again with
 * the changed policy, and the guards decide.
 *
 * @param scenario anything that parseScenario takes
 * @throws {ScenarioError} when it is not a scenario
 * @throws {AbortError | TimeoutError} when `signal` fires
 */
export async function suggestChanges(scenario: unknown, options: SuggestOptions = {}): Promise<Suggestions> {
  const { maxRuns = 60, onRun } = options;
  const rerun = openRerun(scenario, options);
  try {
    const report = await rerun.run(rerun.scenario);
    const targets = options.targets ?? allTargets(report);
    const candidates = candidatesFor(rerun.scenario, report, targets);
    const total = Math.min(candidates.length, maxRuns);
    const changes: PolicyChange[] = [];
    for (const [index, { server, edits }] of candidates.slice(0, total).entries()) {
      const policy = editPolicy(rerun.scenario.servers[server]?.policy, edits);
      const changed = await rerun.run(withPolicies(rerun.scenario, { [server]: policy }));
      const effect = compareReports(report, changed);
      const change = { server, edits, text: edits.map(editText).join(", and "), policy, effect };
      if (targets.some((target) => helps(change, target))) changes.push(change);
      onRun?.({ done: index + 1, total });
    }
    changes.sort((a, b) => sizeOf(a) - sizeOf(b));
    return { changes, tried: total, complete: candidates.length <= total, report };
  } finally {
    await rerun.close();
  }
}

/** Every hidden item, and every call that was denied before anything was looked at. */
export function allTargets(report: PreviewReport): Target[] {
  return report.calls.flatMap((call): Target[] => {
    const { index } = call;
    if (isDeniedAsWhole(call)) return [{ call: index }];
    return call.items.filter((item) => !item.visible).map((item) => ({ call: index, item: item.index }));
  });
}

function isDeniedAsWhole({ outcome, labelling }: PreviewCall): boolean {
  return outcome.status === "denied" && labelling === undefined;
}

/** The changes that show this item or allow this call, the smallest first. */
export function changesFor({ changes }: Suggestions, target: Target): readonly PolicyChange[] {
  return changes.filter((change) => helps(change, target));
}

function helps({ effect }: PolicyChange, { call, item }: Target): boolean {
  const found = effect.calls.find((candidate) => candidate.call === call);
  if (found === undefined) return false;
  if (item !== undefined) return found.shown.includes(item);
  return found.write === "opened" || found.shown.length > 0;
}

/** Fewer edits first, then what lets less through. */
function sizeOf({ edits, effect }: PolicyChange): number {
  return edits.length * 1e9 + effect.shown + effect.hidden + (effect.opened + effect.closed) * 1000;
}
