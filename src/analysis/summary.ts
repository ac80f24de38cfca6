// A report for people: how much was withheld where, and the smallest change of a policy that would have let it through. Pure.
import type { Violation } from "../difc/evaluate.ts";
import type { PreviewCall } from "../monitor/outcome.ts";
import { effectText } from "./effect.ts";
import { changesFor, type PolicyChange, type Suggestions } from "./suggest.ts";

/** What was withheld from calls of one tool by the same rules, and what would let it through. */
export interface WithheldGroup {
  readonly server: string;
  readonly tool: string;
  readonly violations: readonly Violation[];
  /** How many items were withheld. */
  readonly items: number;
  /** How many calls were denied as a whole. */
  readonly calls: number;
  /** The smallest change, tried; absent when none was found. */
  readonly change?: PolicyChange;
}

/** Groups what the scenario withholds, the largest group first. Names private things: for operators, not for agents. */
export function summarizeWithheld(suggestions: Suggestions): readonly WithheldGroup[] {
  const groups = new Map<string, { items: number; calls: number } & Omit<WithheldGroup, "items" | "calls">>();
  const add = (call: PreviewCall, violations: readonly Violation[], item: number | undefined): void => {
    const { index, server, tool } = call;
    const [change] = changesFor(suggestions, item === undefined ? { call: index } : { call: index, item });
    const key = JSON.stringify([server, tool, violations, change?.id]);
    const group = groups.get(key) ?? { server, tool, violations, items: 0, calls: 0, ...(change && { change }) };
    group[item === undefined ? "calls" : "items"] += 1;
    groups.set(key, group);
  };
  for (const call of suggestions.report.calls) {
    const { labelling, outcome, items } = call;
    if (labelling === undefined) {
      if (outcome.status === "denied") add(call, outcome.violation ? [outcome.violation.kind] : [], undefined);
      continue;
    }
    for (const [position, item] of items.entries()) if (!item.visible) add(call, item.violations, position);
  }
  return [...groups.values()].sort((a, b) => b.items + b.calls - (a.items + a.calls));
}

/** One group on one line. */
export function withheldText({ server, tool, violations, items, calls, change }: WithheldGroup): string {
  const parts = [
    ...(items > 0 ? [`${items} ${items === 1 ? "item" : "items"}`] : []),
    ...(calls > 0 ? [`${calls} ${calls === 1 ? "call" : "calls"}`] : []),
  ];
  const rules = violations.length > 0 ? ` (${violations.join(" and ")})` : "";
  const what = `${parts.join(" and ")} of ${tool} on ${server}${rules}`;
  if (change === undefined) return `${what}: no change of a policy was found that would let it through`;
  const where = change.server === server ? "" : ` on ${change.server}`;
  return `${what}: ${change.text}${where}, which ${effectText(change.effect)}`;
}
