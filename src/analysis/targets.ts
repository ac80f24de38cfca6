// What is to be shown or allowed, and which of it a change reaches or comes closer to. Pure.
import { readGap, writeGap } from "../difc/flow.ts";
import type { PreviewCall, PreviewReport } from "../monitor/outcome.ts";
import type { Effect } from "./effect.ts";

/** An item that is hidden, or, without `item`, a call that was denied. */
export interface Target {
  readonly call: number;
  readonly item?: number;
}

export interface Targets {
  readonly list: readonly Target[];
  /** The positions in `list` of what an effect shows or allows. */
  reachedBy(effect: Effect): ReadonlySet<number>;
  /** The positions in `list` of what fewer tags stand in the way of than in the report at the beginning. */
  closerIn(report: PreviewReport): ReadonlySet<number>;
}

/** @throws {RangeError} when a target is no call, or no item of one */
export function createTargets(report: PreviewReport, given: readonly Target[] = everything(report)): Targets {
  for (const { call, item } of given) {
    const found = report.calls[call];
    if (found !== undefined && (item === undefined || found.items[item] !== undefined)) continue;
    const what = item === undefined ? `call ${call}` : `item ${item} of call ${call}`;
    throw new RangeError(`Cannot suggest changes: "targets" names ${what}, which is not there`);
  }
  const positions = new Map(given.map((target, position) => [keyOf(target), position]));
  const distances = given.map(({ call, item }) => distance(report.calls[call], item));
  return {
    list: given,
    reachedBy(effect) {
      const reached = new Set<number>();
      const note = (target: Target): void => {
        const position = positions.get(keyOf(target));
        if (position !== undefined) reached.add(position);
      };
      for (const { call, shown, write } of effect.calls) {
        if (write === "opened" || shown.length > 0) note({ call });
        for (const item of shown) note({ call, item });
      }
      return reached;
    },
    closerIn(changed) {
      const closer = new Set<number>();
      given.forEach(({ call, item }, position) => {
        if (distance(changed.calls[call], item) < distances[position]!) closer.add(position);
      });
      return closer;
    },
  };
}

/** Every hidden item, and every call that was denied before anything was looked at. */
function everything(report: PreviewReport): Target[] {
  return report.calls.flatMap((call): Target[] => {
    const { index, labelling, outcome, items } = call;
    if (labelling === undefined) return outcome.status === "denied" ? [{ call: index }] : [];
    return items.flatMap((item, position) => (item.visible ? [] : [{ call: index, item: position }]));
  });
}

function keyOf({ call, item }: Target): string {
  return `${call} ${item ?? ""}`;
}

/** The number of tags that stand in the way. */
function distance(call: PreviewCall | undefined, item: number | undefined): number {
  const [opened, labelled] = call?.outcome.trace ?? [];
  const subject = item === undefined ? labelled?.resource : call?.items[item];
  const agent = item === undefined ? opened?.agent : opened?.reader;
  if (subject === undefined || agent === undefined) return Number.POSITIVE_INFINITY;
  const gap = item === undefined ? writeGap(agent, subject) : readGap(agent, subject);
  return gap.secrecy.length + gap.integrity.length;
}
