// The smallest policy changes that would show what is hidden or allow what was denied, each tried on the whole scenario.
import { canonicalJson } from "../backend/canonical-json.ts";
import { PolicyError } from "../errors.ts";
import type { PreviewReport } from "../monitor/outcome.ts";
import type { Scenario } from "../monitor/scenario.ts";
import { parsePolicy } from "../policy/parse.ts";
import { candidatesFor } from "./candidates.ts";
import { compareReports, type Effect } from "./effect.ts";
import { editPolicy, editsText, type PolicyEdit, type ValueKey } from "./policy-edits.ts";
import type { Proposal } from "./proposals.ts";
import { type AnalysisOptions, openRerun, type Rerun, withPolicies } from "./rerun.ts";
import { createTargets, type Target, type Targets } from "./targets.ts";

export type { Target };

/** One change of one server's policy, and what it does to the whole scenario. */
export interface PolicyChange {
  /** Equal for equal changes of the same scenario. */
  readonly id: string;
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
  /** Changes that show or allow something of what was asked for: the fewest edits first, then what changes the least besides. */
  readonly changes: readonly PolicyChange[];
  /** How many changes were tried. */
  readonly tried: number;
  /** False when a limit ended the search before everything that could help was tried. */
  readonly complete: boolean;
  /** For how many of the targets nothing was found. */
  readonly unsolved: number;
  /** The scenario as it is. */
  readonly report: PreviewReport;
}

export interface SuggestOptions extends AnalysisOptions {
  /** What is to be shown or allowed. @default everything that is hidden or denied */
  readonly targets?: readonly Target[];
  /** At most so many changes are tried, the likeliest first. @default 60 */
  readonly maxRuns?: number;
  /** No further change is tried after this time, in milliseconds. @default no limit */
  readonly maxMilliseconds?: number;
  /** Up to how many changes are combined for what no single one shows. @default 2 */
  readonly maxCombined?: 1 | 2;
}

/**
 * Finds policy changes that would show hidden items or allow denied calls. Every change is tried: the scenario runs again with
 * the changed policy, and the guards decide.
 *
 * @param scenario anything that parseScenario takes
 * @throws {ScenarioError} when it is not a scenario
 * @throws {RangeError} when `maxRuns` is not a whole number of at least 1
 * @throws {AbortError | TimeoutError} when `signal` fires
 * @example
 * ```ts
 * const { changes } = await suggestChanges(scenario, { guards: { "repo-guard.wasm": bytes } });
 * changes[0]?.text; // Add "ines" to "trusted-users"
 * changes[0]?.effect.shown; // how many items that would show
 * ```
 */
export async function suggestChanges(given: unknown, options: SuggestOptions = {}): Promise<Suggestions> {
  const { maxRuns = 60, maxCombined = 2 } = options;
  if (!Number.isSafeInteger(maxRuns) || maxRuns < 1) {
    throw new RangeError(`Cannot suggest changes: "maxRuns" must be a whole number of at least 1, got ${maxRuns}`);
  }
  const rerun = openRerun(given, options);
  try {
    const report = await rerun.run(rerun.scenario);
    const targets = createTargets(report, options.targets);
    const trial = createTrial(rerun, report, targets, options, maxRuns);
    const singles = candidatesFor(rerun.scenario, report, targets.list);
    await trial.run(singles);
    if (maxCombined === 2) await trial.run(trial.pairs(), trial.unsolved());
    return { ...trial.results(), report };
  } finally {
    await rerun.close();
  }
}

/** The changes that show this item or allow this call, the smallest first. */
export function changesFor({ changes }: Suggestions, { call, item }: Target): readonly PolicyChange[] {
  return changes.filter(({ effect }) => {
    const found = effect.calls.find((candidate) => candidate.call === call);
    if (found === undefined) return false;
    return item === undefined ? found.write === "opened" || found.shown.length > 0 : holds(found.shown, item);
  });
}

/** Binary search: there may be ten thousand. */
function holds(ascending: readonly number[], wanted: number): boolean {
  let [low, high] = [0, ascending.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = ascending[middle]!;
    if (found === wanted) return true;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

interface Tried {
  readonly proposal: Proposal;
  /** Targets that come closer without being reached. */
  readonly closer: ReadonlySet<number>;
}

interface Found {
  readonly change: PolicyChange;
  readonly solves: ReadonlySet<number>;
}

interface Trial {
  /** @param wanted only what reaches one of these targets is kept */
  run(proposals: readonly Proposal[], wanted?: ReadonlySet<number>): Promise<void>;
  /** The targets that nothing reached so far. */
  unsolved(): ReadonlySet<number>;
  /** Two changes at once, for what no single one solved. */
  pairs(): Proposal[];
  results(): Omit<Suggestions, "report">;
}

function createTrial(
  rerun: Rerun,
  report: PreviewReport,
  targets: Targets,
  { onRun, maxMilliseconds = Number.POSITIVE_INFINITY }: SuggestOptions,
  maxRuns: number,
): Trial {
  const { scenario } = rerun;
  const started = performance.now();
  const seen = new Set<string>(policyKeys(scenario));
  const tried: Tried[] = [];
  const found: Found[] = [];
  const solved = new Set<number>();
  let complete = true;

  async function attempt(proposal: Proposal, policy: unknown, wanted: ReadonlySet<number> | undefined): Promise<void> {
    const { server, edits } = proposal;
    const changed = await rerun.run(withPolicies(scenario, { [server]: policy }));
    const effect = compareReports(report, changed);
    const solves = targets.reachedBy(effect);
    tried.push({ proposal, closer: targets.closerIn(changed) });
    if (wanted === undefined ? solves.size === 0 : ![...solves].some((target) => wanted.has(target))) return;
    for (const target of solves) solved.add(target);
    const id = canonicalJson([server, edits]);
    found.push({ change: { id, server, edits, text: editsText(edits), policy, effect }, solves });
  }

  return {
    async run(proposals, wanted) {
      const ready = proposals.flatMap((proposal) => {
        const policy = editedPolicy(scenario, proposal);
        if (policy === undefined) return [];
        const key = policyKey(proposal.server, policy);
        if (seen.has(key)) return [];
        seen.add(key);
        return [{ proposal, policy }];
      });
      const total = Math.min(tried.length + ready.length, maxRuns);
      for (const { proposal, policy } of ready) {
        if (tried.length === maxRuns || performance.now() - started > maxMilliseconds) {
          complete = false;
          return;
        }
        await attempt(proposal, policy, wanted);
        onRun?.({ done: tried.length, total });
      }
    },
    unsolved: () => new Set(targets.list.flatMap((_target, position) => (solved.has(position) ? [] : [position]))),
    pairs() {
      const unsolved = (set: ReadonlySet<number>): number => [...set].filter((target) => !solved.has(target)).length;
      const helpful = tried
        .map(({ proposal, closer }) => ({ proposal, count: unsolved(closer) }))
        .filter(({ count }) => count > 0)
        .sort((a, b) => b.count - a.count)
        .slice(0, PAIRED_AT_MOST);
      const all = tried.slice(0, PAIRED_WITH_AT_MOST).map(({ proposal }) => proposal);
      // Two that both come closer are the likeliest; what one of them leaves may need another that does nothing alone.
      return [
        ...helpful.flatMap(({ proposal: one }, index) =>
          helpful.slice(index + 1).flatMap(({ proposal: other }) => combined(one, other)),
        ),
        ...helpful.flatMap(({ proposal: one }) => all.flatMap((other) => combined(one, other))),
      ];
    },
    results() {
      const changes = withoutDominated(found).map(({ change }) => change);
      return { changes, tried: tried.length, complete, unsolved: targets.list.length - solved.size };
    },
  };
}

const PAIRED_AT_MOST = 12;
const PAIRED_WITH_AT_MOST = 40;

function combined(one: Proposal, other: Proposal): Proposal[] {
  if (one.server !== other.server) return [];
  const keyOf = (edit: PolicyEdit): string => (edit.op === "limit" ? edit.tool : edit.key);
  // Of two values for one key only one can hold; two entries of one list can.
  const clash = one.edits.some((a) =>
    other.edits.some(
      (b) => keyOf(a) === keyOf(b) && !(a.op === "add" && b.op === "add") && !(a.op === "remove" && b.op === "remove"),
    ),
  );
  return clash ? [] : [{ server: one.server, edits: [...one.edits, ...other.edits] }];
}

/** Undefined when the edits do not make a policy. */
function editedPolicy({ servers }: Scenario, { server, edits }: Proposal): unknown {
  try {
    return editPolicy(servers[server]?.policy, edits);
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}

function policyKey(server: string, policy: unknown): string {
  return canonicalJson([server, parsePolicy(policy)]);
}

function policyKeys({ servers }: Scenario): string[] {
  return Object.entries(servers).flatMap(([server, { policy }]) =>
    policy === undefined ? [] : [policyKey(server, policy)],
  );
}

/** Smallest first, and without what another change of the same key does with less. */
function withoutDominated(found: readonly Found[]): Found[] {
  const sorted = [...found].sort((a, b) => sizeOf(a.change) - sizeOf(b.change));
  const keys = ({ change: { server, edits } }: Found): string =>
    JSON.stringify([server, edits.map((edit) => (edit.op === "limit" ? edit.tool : edit.key)).sort()]);
  return sorted.filter(
    (one, index) =>
      !sorted
        .slice(0, index)
        .some(
          (smaller) => keys(smaller) === keys(one) && [...one.solves].every((target) => smaller.solves.has(target)),
        ),
  );
}

/** Fewer edits first, then what changes less besides, then what opens less for what is still to come. A write counts for many items. */
function sizeOf({ edits, effect }: PolicyChange): number {
  const breadth = edits.reduce((widest, edit) => Math.max(widest, breadthOf(edit)), 0) / 10;
  return edits.length * 1e9 + effect.shown + effect.hidden + (effect.opened + effect.closed) * 10 + breadth;
}

/** How much an edit stands for in general, from one person or repository (1) to everything (5). */
function breadthOf(edit: PolicyEdit): number {
  if (edit.op === "limit") return edit.value === 0 ? 5 : 1;
  if (edit.op === "set") {
    const isAll = edit.value === "all" || (Array.isArray(edit.value) && edit.value.includes("*"));
    return isAll ? 5 : BREADTHS[edit.key];
  }
  if (edit.op === "add" && edit.key === "repos") return edit.value.endsWith("*") ? 3 : 1;
  return /-(users|bots)$|^(accept|repos)$/.test(edit.key) ? 1 : 2;
}

const BREADTHS: Readonly<Record<ValueKey, number>> = {
  "promotion-label": 2,
  "disapproval-integrity": 3,
  "endorser-min-integrity": 3,
  "sink-visibility": 3,
  "min-integrity": 4,
  repos: 4,
  accept: 4,
};
