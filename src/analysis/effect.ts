// What differs between two reports over the same calls: items shown or hidden, calls done or refused. Pure.
import type { OutcomeStatus, PreviewCall, PreviewReport } from "../monitor/outcome.ts";

/**
 * How a second report compares to a first over the same calls: `looser` when it only shows or does more, `stricter` when
 * only less, `equal` when nothing differs, `incomparable` when it does both.
 */
export type Comparison = "equal" | "stricter" | "looser" | "incomparable";

/** What differs in one call. */
export interface CallEffect {
  readonly call: number;
  readonly server: string;
  readonly tool: string;
  readonly before: OutcomeStatus;
  readonly after: OutcomeStatus;
  /** The indices of the items that only the second report shows, ascending. Content without labels of its own counts as the item after the last. */
  readonly shown: readonly number[];
  /** The indices of the items that only the first report shows. */
  readonly hidden: readonly number[];
  /** For a write or read-write: it is done only in the second report (`opened`), or only in the first (`closed`). */
  readonly write?: "opened" | "closed";
}

/** What differs over a whole scenario. */
export interface Effect {
  readonly comparison: Comparison;
  /** The calls in which something differs. */
  readonly calls: readonly CallEffect[];
  /** How many items are shown that were hidden. */
  readonly shown: number;
  /** How many items are hidden that were shown. */
  readonly hidden: number;
  /** How many writes are done that were refused. */
  readonly opened: number;
  /** How many writes are refused that were done. */
  readonly closed: number;
}

/**
 * Compares two reports over the same calls, whatever else of their scenarios differs.
 *
 * @throws {RangeError} when the reports have different numbers of calls
 */
export function compareReports(before: PreviewReport, after: PreviewReport): Effect {
  if (before.calls.length !== after.calls.length) {
    throw new RangeError(
      `Cannot compare the reports: they have ${before.calls.length} and ${after.calls.length} calls, and must be of the same calls`,
    );
  }
  const calls: CallEffect[] = [];
  const totals = { shown: 0, hidden: 0, opened: 0, closed: 0 };
  before.calls.forEach((call, index) => {
    const effect = compareCalls(call, after.calls[index]!);
    if (effect === undefined) return;
    calls.push(effect);
    totals.shown += effect.shown.length;
    totals.hidden += effect.hidden.length;
    if (effect.write !== undefined) totals[effect.write] += 1;
  });
  const more = totals.shown + totals.opened > 0;
  const less = totals.hidden + totals.closed > 0;
  const comparison = more ? (less ? "incomparable" : "looser") : less ? "stricter" : "equal";
  return { comparison, calls, ...totals };
}

function compareCalls(before: PreviewCall, after: PreviewCall): CallEffect | undefined {
  const count = Math.max(itemCount(before), itemCount(after));
  const [seenBefore, seenAfter] = [visibleItems(before, count), visibleItems(after, count)];
  const shown: number[] = [];
  const hidden: number[] = [];
  for (let index = 0; index <= count; index++) {
    if (seenBefore(index) === seenAfter(index)) continue;
    if (seenAfter(index)) shown.push(index);
    else hidden.push(index);
  }
  const write = writeEffect(before, after);
  if (shown.length + hidden.length === 0 && write === undefined) return undefined;
  const { index: call, server, tool } = before;
  const statuses = { before: before.outcome.status, after: after.outcome.status };
  return { call, server, tool, ...statuses, shown, hidden, ...(write && { write }) };
}

/** Tells whether the call did something to its resource: the backend was called for more than a read. */
export function isWritten({ outcome }: PreviewCall): boolean {
  const { operation } = outcome.trace[1] ?? {};
  return operation !== undefined && operation !== "read" && outcome.trace[3]?.status === "ok";
}

function writeEffect(before: PreviewCall, after: PreviewCall): CallEffect["write"] {
  const [was, is] = [isWritten(before), isWritten(after)];
  return was === is ? undefined : is ? "opened" : "closed";
}

/** The items of a response; 0 when the whole is one, so that it can be set against a response whose items have labels. */
function itemCount({ labelling, items }: PreviewCall): number {
  if (labelling === undefined) return 0;
  if (labelling.kind === "none" || labelling.kind === "single") return 1;
  return items.reduce((count, { pointer, data }) => (pointer === undefined && data === null ? count : count + 1), 0);
}

function visibleItems({ labelling, items }: PreviewCall, count: number): (index: number) => boolean {
  if (labelling === undefined) return () => false;
  const { kind, unlabelled } = labelling;
  if (kind === "none" || kind === "single") {
    const whole = items[0]?.visible ?? false;
    return (index) => (index < count ? whole : unlabelled === undefined ? false : unlabelled === "shown");
  }
  return (index) => (index < count ? (items[index]?.visible ?? false) : unlabelled === "shown");
}

/** `shows 10 items, allows 1 write`: all that a change does to the scenario. */
export function effectText({ shown, hidden, opened, closed }: Effect): string {
  const parts = [
    ["shows", shown, "item"],
    ["hides", hidden, "item"],
    ["allows", opened, "write"],
    ["refuses", closed, "write"],
  ] as const;
  const said = parts.flatMap(([verb, count, noun]) =>
    count === 0 ? [] : [`${verb} ${count} ${noun}${count === 1 ? "" : "s"}`],
  );
  return said.length === 0 ? "changes nothing" : said.join(", ");
}
