// A preview as text for people: per call the decision, the items with what became of them, the agent's labels.
import type { Labels } from "../difc/labels.ts";
import type { OutcomeStatus, PreviewCall, PreviewReport } from "../monitor/outcome.ts";
import { brief, type Colour, type Paint, printable, printableJson, table } from "./terminal.ts";

const COLOURS: Readonly<Record<OutcomeStatus, Colour>> = {
  allowed: "green",
  filtered: "yellow",
  denied: "red",
  failed: "red",
};
const MAX_ITEMS = 200;

export function reportText(report: PreviewReport, paint: Paint): string {
  const modes = Object.entries(report.modes).map(([server, mode]) => `${printable(server)}: ${mode}`);
  const parts = [`${paint("bold", printable(report.title) || "Untitled scenario")}\n`];
  if (modes.length > 0) parts.push(`Mode of ${modes.join(", ")}\n`);
  for (const call of report.calls) parts.push("\n", callText(call, paint));
  if (report.missingAnswers.length > 0) {
    parts.push(`\n${paint("yellow", "Questions that the scenario does not answer; paste and complete:")}\n`);
    for (const { server, tool, args } of report.missingAnswers) {
      parts.push(`  servers.${printable(server)}.backend: ${printableJson({ tool, args, result: null })}\n`);
    }
  }
  parts.push(`\nAgent before ${labelText(report.agent.before)}\n      after  ${labelText(report.agent.after)}\n`);
  if (!report.passed) parts.push(`${paint("red", "Not as expected")}\n`);
  return parts.join("");
}

function callText(call: PreviewCall, paint: Paint): string {
  const { outcome, items } = call;
  const head = `Call ${call.index}  ${printable(call.server)} ${printable(call.tool)}`;
  const lines = [`${paint("bold", head)}  ${paint(COLOURS[outcome.status], outcome.status)}\n`];
  if (call.fuel !== undefined) lines.push(`  ${paint("dim", `The guard burned ${call.fuel} units of fuel`)}\n`);
  for (const { status, name, summary, phase } of outcome.trace) {
    if (status !== "skipped") lines.push(`  ${paint("dim", `${phase} ${name}: ${printable(summary)}`)}\n`);
  }
  if (outcome.error !== undefined) lines.push(`  ${paint("red", printable(outcome.error.message))}\n`);
  if (outcome.violation !== undefined) {
    lines.push(
      `  Denied in phase ${outcome.violation.phase}, ${outcome.violation.kind}: ${printable(outcome.violation.reason)}\n`,
    );
  }
  if (outcome.notice !== undefined) {
    lines.push(`  ${outcome.notice.count} withheld by the ${outcome.notice.policy} policy\n`);
  }
  const rows = items
    .slice(0, MAX_ITEMS)
    .map((item) => [
      String(item.index),
      item.visible ? "visible" : "hidden",
      printable(item.description),
      printable(item.reason),
    ]);
  if (rows.length > 0) lines.push(table([["#", "", "item", "reason"], ...rows], "  "));
  if (items.length > MAX_ITEMS) lines.push(`  and ${items.length - MAX_ITEMS} more items\n`);
  const { before, after } = outcome.agent;
  lines.push(`  Agent ${labelText(before)}\n`);
  if (labelText(before) !== labelText(after)) lines.push(`     -> ${labelText(after)}\n`);
  for (const entry of call.log) {
    if (entry.level === "warn" || entry.level === "error")
      lines.push(`  ${entry.level}: ${printable(entry.message)}\n`);
  }
  return lines.join("") + mismatchText(call, paint);
}

/** What differs from the expectation, one line each. */
export function mismatchText(call: PreviewCall, paint: Paint): string {
  const lines = call.mismatches.map(({ path, expected, actual }) => {
    return `  ${paint("red", printable(path))}\n    expected ${brief(expected)}\n    actual   ${brief(actual)}\n`;
  });
  return lines.join("");
}

function labelText({ secrecy, integrity }: Labels): string {
  return `secrecy ${tagText(secrecy)}; integrity ${tagText(integrity)}`;
}

function tagText(tags: readonly string[]): string {
  return tags.length === 0 ? "(none)" : tags.map(printable).join(", ");
}
