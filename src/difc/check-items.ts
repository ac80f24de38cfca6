// Checks the items of a response by the read rule, whatever the operation was (difc.md, phase 5 and decision 6).
import { failedRead, type Violation, violationsOf } from "./evaluate.ts";
import { readGap } from "./flow.ts";
import type { Labels, Mode, Tag } from "./labels.ts";
import type { LabelledItem } from "./response-items.ts";
import { plainText } from "./text.ts";

/** An item that the agent may not see. */
export interface RemovedItem {
  /** Its position in the response, from 0. */
  readonly index: number;
  /** The guard's description on one line, at most 200 characters; `item 3` when there is none. */
  readonly description: string;
  readonly secrecy: Tag[];
  readonly integrity: Tag[];
  /** Every rule that it fails, secrecy first. */
  readonly violations: Violation[];
  /** Why, in one sentence that names the tags. */
  readonly reason: string;
}

interface Verdict {
  readonly labels: Labels;
  readonly refusal: { readonly violations: Violation[]; readonly reason: string } | undefined;
}

const MAX_VERDICTS = 1024;

/**
 * The items that the agent may not see, by index: in strict and filter mode those that fail the read rule, in propagate
 * mode only those whose secrecy holds a `*` that the agent does not have.
 */
export function checkItems(mode: Mode, agent: Labels, items: readonly LabelledItem[]): RemovedItem[] {
  const removed: RemovedItem[] = [];
  const verdicts = new Map<string, Verdict>();
  let verdict: Verdict | undefined;
  for (let index = 0; index < items.length; index++) {
    const item = items[index]!;
    if (verdict === undefined || !sameTags(verdict.labels, item)) {
      const key = `${item.secrecy.join()} ${item.integrity.join()}`;
      verdict = verdicts.get(key);
      // The key is not injective: tags are a stranger's words and may hold the separators.
      if (verdict === undefined || !sameTags(verdict.labels, item)) {
        verdict = judge(mode, agent, item);
        if (verdicts.size < MAX_VERDICTS) verdicts.set(key, verdict);
      }
    }
    if (verdict.refusal !== undefined) removed.push(removedItem(index, item, verdict.refusal));
  }
  return removed;
}

function judge(mode: Mode, agent: Labels, item: LabelledItem): Verdict {
  const gap = readGap(agent, item);
  const violations = violationsOf(gap);
  if (violations.length === 0) return { labels: item, refusal: undefined };
  const { decision, reason } = failedRead(mode, gap);
  return { labels: item, refusal: decision === "deny" ? { violations, reason: reason! } : undefined };
}

function removedItem(index: number, item: LabelledItem, refusal: NonNullable<Verdict["refusal"]>): RemovedItem {
  return {
    index,
    description: plainText(item.description) || `item ${index}`,
    secrecy: [...item.secrecy],
    integrity: [...item.integrity],
    violations: [...refusal.violations],
    reason: refusal.reason,
  };
}

function sameTags(a: Labels, b: Labels): boolean {
  return sameList(a.secrecy, b.secrecy) && sameList(a.integrity, b.integrity);
}

function sameList(a: readonly Tag[], b: readonly Tag[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
