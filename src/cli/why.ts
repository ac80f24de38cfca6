// Suggested policy changes and the three modes as text for people.
import type { ModeComparison } from "../analysis/compare.ts";
import { effectText } from "../analysis/effect.ts";
import { changesFor, type PolicyChange, type Suggestions } from "../analysis/suggest.ts";
import { summarizeWithheld, withheldText } from "../analysis/summary.ts";
import type { Mode } from "../difc/labels.ts";
import type { PreviewCall } from "../monitor/outcome.ts";
import { type Paint, printable, table } from "./terminal.ts";

const CHANGES_AT_MOST = 4;
const GROUPS_AT_MOST = 20;
const NAMED_AT_MOST = 8;
const MODES: readonly Mode[] = ["strict", "filter", "propagate"];

/** Per call, what would show its hidden items or allow it, and what else that would do. */
export function whyText(suggestions: Suggestions, paint: Paint): string {
  const { report, tried, complete } = suggestions;
  const parts = report.calls.flatMap((call) => callText(call, suggestions, paint));
  if (parts.length === 0) return `\n${paint("bold", "Nothing is hidden or denied")}\n`;
  const how = `${tried} ${tried === 1 ? "change was" : "changes were"} tried on the whole scenario${complete ? "" : "; more could be tried"}`;
  const groups = summarizeWithheld(suggestions)
    .slice(0, GROUPS_AT_MOST)
    .map((group) => `  ${printable(withheldText(group))}\n`);
  const summary = `\n${paint("bold", "Withheld")}\n${groups.join("")}`;
  return `${summary}\n${paint("bold", "The smallest changes of a policy that would alter it")}\n${paint("dim", how)}\n${parts.join("")}`;
}

function callText(call: PreviewCall, suggestions: Suggestions, paint: Paint): string[] {
  const { index, server, tool, labelling, outcome, items } = call;
  const head = `${paint("bold", `Call ${index}  ${printable(server)} ${printable(tool)}`)}\n`;
  if (labelling === undefined) {
    if (outcome.status !== "denied") return [];
    return [head, changesText(changesFor(suggestions, { call: index }))];
  }
  const groups = new Map<string, { readonly items: number[]; readonly changes: readonly PolicyChange[] }>();
  for (const [position, item] of items.entries()) {
    if (item.visible) continue;
    const changes = changesFor(suggestions, { call: index, item: position });
    const key = changes.map(({ id }) => id).join(" ");
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { items: [item.index], changes });
    else known.items.push(item.index);
  }
  if (groups.size === 0) return [];
  const lines = [...groups.values()].slice(0, GROUPS_AT_MOST).map(({ items: hidden, changes }) => {
    return `  ${itemsText(hidden)}\n${changesText(changes)}`;
  });
  const more = groups.size - lines.length;
  return [head, ...lines, ...(more > 0 ? [`  and ${more} more groups of items\n`] : [])];
}

function itemsText(items: readonly number[]): string {
  const named = items.slice(0, NAMED_AT_MOST).join(", ");
  const more = items.length - NAMED_AT_MOST;
  return `${items.length === 1 ? "Item" : "Items"} ${named}${more > 0 ? ` and ${more} more` : ""}`;
}

function changesText(changes: readonly PolicyChange[]): string {
  if (changes.length === 0) return "    No change of a policy was found that would alter it\n";
  const rows = changes
    .slice(0, CHANGES_AT_MOST)
    .map(({ server, text, effect }) => [printable(server), printable(text), effectText(effect)]);
  const more = changes.length - rows.length;
  return table(rows, "    ") + (more > 0 ? `    and ${more} more\n` : "");
}

/** One line per call, one column per mode. */
export function modesText({ rows, firstStop }: ModeComparison, paint: Paint): string {
  const lines = rows.map(({ call, tool, modes }) => {
    const cells = MODES.map((mode) => {
      const { status, visible, items } = modes[mode];
      return items === 0 ? status : `${status} ${visible}/${items}`;
    });
    return [String(call), printable(tool), ...cells];
  });
  const stops = MODES.map((mode) => (firstStop[mode] === undefined ? "nothing" : `call ${firstStop[mode]}`));
  const all = [["#", "call", ...MODES], ...lines, ["", "first stopped", ...stops]];
  return `\n${paint("bold", "The same calls in each mode")}\n${table(all, "  ")}`;
}
