// A preview report cut down to what a page shows at once, so that a result of any size costs the page the same.
import type { JudgedItem, PhaseTrace, PreviewCall, PreviewReport } from "edge-guard";
import { traceTags } from "edge-guard/analysis";
import { itemAuthor, itemTitle } from "./describe-item.ts";
import { toErrorView } from "./errors.ts";
import { nodeOf } from "./json-nodes.ts";
import type {
  CallView,
  ItemsRequest,
  ItemsView,
  ItemView,
  PartView,
  PhaseView,
  PreviewView,
  QuestionView,
  TextView,
} from "./protocol.ts";
import type { ResultPart } from "./result-parts.ts";

/** How many items come with a view; the rest is asked for. */
export const itemsAtOnce = 50;
const logLinesAtOnce = 200;
const charactersAtOnce = 60_000;

function toItemView({ data, ...item }: JudgedItem): ItemView {
  return { ...item, title: itemTitle(data), author: itemAuthor(data) };
}

/** Items that hold every word in their data, description or labels, in any case. */
function searchItems(items: readonly JudgedItem[], search: string): readonly JudgedItem[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter(({ description, secrecy, integrity, data }) => {
    const text = `${JSON.stringify([description, secrecy, integrity, data])}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** A run of a call's items under a filter and a search. */
export function selectItems(items: readonly JudgedItem[], { filter, search, from, count }: ItemsRequest): ItemsView {
  const chosen = filter === "all" ? items : items.filter((item) => item.visible === (filter === "visible"));
  const found = searchItems(chosen, search);
  return { items: found.slice(from, from + count).map(toItemView), total: found.length };
}

/** The parts of one side of a call, without what is inside them. */
export function toParts(parts: readonly ResultPart[]): readonly PartView[] {
  return parts.map((part) => {
    const { kind, label, value, text } = part;
    const characters = (text ?? JSON.stringify(value) ?? "null").length;
    return { kind, label, characters, root: nodeOf(part, "", label, value) };
  });
}

function toPhaseView({ events, ...phase }: PhaseTrace): PhaseView {
  let questions = 0;
  let runs = 0;
  let fuel: number | undefined;
  for (const event of events) {
    if (event.type === "question") questions++;
    if (event.type !== "label-call") continue;
    runs += event.runs;
    if (event.fuel !== undefined) fuel = (fuel ?? 0) + event.fuel;
  }
  return { ...phase, questions, runs, ...(fuel !== undefined && { fuel }) };
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
export function toView(report: PreviewReport, milliseconds: number, digests: PreviewView["digests"]): PreviewView {
  const { title, modes, calls, missingAnswers, passed, agent } = report;
  const provenance = traceTags(report);
  return {
    title,
    modes,
    calls: calls.map(toCallView),
    missingAnswers,
    passed,
    agent,
    digests,
    provenance,
    milliseconds,
  };
}

/** A JSON value as indented text, or a text as it is, cut at a length that a page can lay out at once. */
export function toText(value: unknown, literal?: string): TextView {
  const whole = literal ?? JSON.stringify(value, null, 2) ?? "null";
  const text = whole.slice(0, charactersAtOnce).toWellFormed();
  return { text, omitted: whole.length - text.length };
}
