// A preview report cut down to what a page shows at once, so that a result of any size costs the page the same.
import type { JudgedItem, PhaseTrace, PreviewCall, PreviewReport } from "edge-guard";
import { itemAuthor, itemTitle } from "./describe-item.ts";
import { toErrorView } from "./errors.ts";
import type { CallView, ItemFilter, ItemView, PhaseView, PreviewView, QuestionView, TextView } from "./protocol.ts";

/** How many items come with a view; the rest is asked for. */
export const itemsAtOnce = 50;
const logLinesAtOnce = 200;
const charactersAtOnce = 60_000;

function toItemView({ data, ...item }: JudgedItem): ItemView {
  return { ...item, title: itemTitle(data), author: itemAuthor(data) };
}

/** A slice of a call's items under a filter. */
export function selectItems(
  items: readonly JudgedItem[],
  filter: ItemFilter,
  from: number,
  count: number,
): readonly ItemView[] {
  const chosen = filter === "all" ? items : items.filter((item) => item.visible === (filter === "visible"));
  return chosen.slice(from, from + count).map(toItemView);
}

function toPhaseView({ events, ...phase }: PhaseTrace): PhaseView {
  let questions = 0;
  let runs = 0;
  for (const event of events) {
    if (event.type === "question") questions++;
    if (event.type === "label-call") runs += event.runs;
  }
  return { ...phase, questions, runs };
}

function toQuestions(call: PreviewCall): QuestionView[] {
  const found: QuestionView[] = [];
  for (const phase of call.outcome.trace) {
    for (const event of phase.events) {
      if (event.type !== "question") continue;
      const { tool, args, result, error, milliseconds, used } = event;
      const answer = error === undefined ? { result } : { error: toErrorView(error) };
      found.push({ server: call.server, tool, args, milliseconds, used, ...answer });
    }
  }
  return found;
}

function toCallView(call: PreviewCall): CallView {
  const { index, server, tool, args, mismatches, items, log, outcome } = call;
  let [hidden, secrecy, integrity] = [0, 0, 0];
  for (const item of items) {
    if (item.visible) continue;
    hidden++;
    if (item.violations.includes("secrecy")) secrecy++;
    if (item.violations.includes("integrity")) integrity++;
  }
  const mode = outcome.trace.find((phase) => phase.mode !== undefined)?.mode;
  return {
    index,
    server,
    tool,
    args,
    mismatches,
    status: outcome.status,
    agent: outcome.agent,
    phases: outcome.trace.map(toPhaseView),
    questions: toQuestions(call),
    log: log.slice(0, logLinesAtOnce),
    logLines: log.length,
    counts: { items: items.length, hidden, secrecy, integrity },
    items: items.slice(0, itemsAtOnce).map(toItemView),
    ...(outcome.error === undefined ? {} : { error: toErrorView(outcome.error, server) }),
    ...(outcome.violation === undefined ? {} : { violation: outcome.violation }),
    ...(outcome.notice === undefined ? {} : { notice: outcome.notice }),
    ...(mode === undefined ? {} : { mode }),
  };
}

/** The view of a whole report. */
export function toView(report: PreviewReport, milliseconds: number): PreviewView {
  const { title, modes, calls, missingAnswers, passed, agent } = report;
  return { title, modes, calls: calls.map(toCallView), missingAnswers, passed, agent, milliseconds };
}

/** A JSON value as indented text, cut at a length that a page can lay out at once. */
export function toText(value: unknown): TextView {
  const whole = JSON.stringify(value, null, 2) ?? "null";
  const text = whole.slice(0, charactersAtOnce).toWellFormed();
  return { text, omitted: whole.length - text.length };
}
