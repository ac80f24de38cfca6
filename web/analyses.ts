// The analyses of a scenario, cut down to what a page shows at once. Loaded when first asked for.
import type { PreviewReport } from "edge-guard";
import {
  type AnalysisOptions,
  compareModes,
  comparePolicies,
  type Effect,
  type ModeComparison,
  reach,
  recordExpectations,
  suggestChanges,
  toolCoverage,
} from "edge-guard/analysis";
import { itemTitle } from "./describe-item.ts";
import type { CompareRequest, EffectItems, EffectView, SuggestionsView, SuggestRequest } from "./protocol.ts";

const itemsAtOnce = 12;
const callsAtOnce = 60;

/** What a change does, with a line about each of the first items. */
function toEffect({ calls, ...effect }: Effect, { calls: judged }: PreviewReport): EffectView {
  const lines = (call: number, indices: readonly number[]): EffectItems => ({
    count: indices.length,
    first: indices.slice(0, itemsAtOnce).map((index) => {
      const item = judged[call]?.items[index];
      return { index, title: itemTitle(item?.data) || item?.description || "content without labels of its own" };
    }),
  });
  return {
    ...effect,
    differing: calls.length,
    calls: calls.slice(0, callsAtOnce).map(({ shown, hidden, ...call }) => ({
      ...call,
      shown: lines(call.call, shown),
      hidden: lines(call.call, hidden),
    })),
  };
}

export async function suggest(
  scenario: unknown,
  { targets }: SuggestRequest,
  options: AnalysisOptions,
): Promise<SuggestionsView> {
  const { changes, tried, complete, report } = await suggestChanges(scenario, { ...options, targets });
  return {
    tried,
    complete,
    changes: changes.map((change) => ({ ...change, effect: toEffect(change.effect, report) })),
  };
}

export async function modes(scenario: unknown, options: AnalysisOptions): Promise<Omit<ModeComparison, "reports">> {
  const { rows, firstStop } = await compareModes(scenario, options);
  return { rows, firstStop };
}

export async function compare(
  scenario: unknown,
  { policies }: CompareRequest,
  options: AnalysisOptions,
): Promise<EffectView> {
  const { effect, before } = await comparePolicies(scenario, policies, options);
  return toEffect(effect, before);
}

export { reach, recordExpectations, toolCoverage };
