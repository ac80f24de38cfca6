// Checks the items of a response by the read rule, whatever the operation was (difc.md, phase 5 and decision 6).
import { failedRead, type Violation, violationsOf } from "./evaluate.ts";
import { isReadable, readGap } from "./flow.ts";
import type { Labels, Mode, Tag } from "./labels.ts";
import type { LabelledItem } from "./response-items.ts";
import { plainText } from "./text.ts";

/** An item that the agent may not see. */
export interface RemovedItem {
  /** Its position in the response, from 0. */
  readonly index: number;
  /** The guard's description on one line, at most 200 characters; `item 3` when there is none. */
  readonly description: string;
  readonly secrecy: readonly Tag[];
  readonly integrity: readonly Tag[];
  /** Every rule that it fails, secrecy first. */
  readonly violations: readonly Violation[];
  /** Why, in one sentence that names the tags. */
  readonly reason: string;
}

/** What the read rule says of one item. */
export interface ItemVerdict {
  /** False when the item is to be removed. In propagate mode an item may be visible and still violate a rule: it taints. */
  readonly visible: boolean;
  /** Every rule that it fails, secrecy first. */
  readonly violations: readonly Violation[];
  /** Why, in one sentence that names the tags; `""` when nothing fails. */
  readonly reason: string;
}

interface Judged {
  readonly labels: Labels;
  readonly verdict: ItemVerdict;
}

const RECENT = 8;

/**
 * The items that the agent may not see, by index: in strict and filter mode those that fail the read rule, in propagate
 * mode only those whose secrecy holds a `*` that the agent does not have.
 */
export function checkItems(mode: Mode, agent: Labels, items: readonly LabelledItem[]): RemovedItem[] {
  const removed: RemovedItem[] = [];
  // Few labels stand on many items: the last few verdicts save most sentences.
  const recent: Judged[] = [];
  let oldest = 0;
  for (let index = 0; index < items.length; index++) {
    const item = items[index]!;
    if (isReadable(agent, item)) continue;
    let judged = recent.find(({ labels }) => sameTags(labels, item));
    if (judged === undefined) {
      judged = { labels: item, verdict: judgeItem(mode, agent, item) };
      recent[oldest] = judged;
      oldest = (oldest + 1) % RECENT;
    }
    if (!judged.verdict.visible) removed.push(removedItem(index, item, judged.verdict));
  }
  return removed;
}

/** Judges one item by the read rule. */
export function judgeItem(mode: Mode, agent: Labels, item: Labels): ItemVerdict {
  const gap = readGap(agent, item);
  const violations = violationsOf(gap);
  if (violations.length === 0) return { visible: true, violations, reason: "" };
  const { decision, reason } = failedRead(mode, gap);
  return { visible: decision !== "deny", violations, reason: reason ?? "" };
}

function removedItem(index: number, item: LabelledItem, verdict: ItemVerdict): RemovedItem {
  return {
    index,
    description: plainText(item.description) || `item ${index}`,
    secrecy: item.secrecy,
    integrity: item.integrity,
    violations: verdict.violations,
    reason: verdict.reason,
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
