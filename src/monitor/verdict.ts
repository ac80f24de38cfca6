// Phase 5: what of a result the agent may see. Pure; every case of difc.md's decisions 1, 3, 6, 7, 8 and 10 ends up here.
import { checkItems, type RemovedItem } from "../difc/check-items.ts";
import { type Evaluation, evaluateFlow, violationsOf } from "../difc/evaluate.ts";
import { removeItems } from "../difc/filter.ts";
import { encodeJson, isObject, type JsonObject, own } from "../difc/json.ts";
import type { Labels, Mode, ResourceLabels } from "../difc/labels.ts";
import { appendNotice, deniedResult, missingTagsOf, removalNotice, withheldItemResult } from "../difc/notice.ts";
import type { LabelledItem, LabelledItems } from "../difc/response-items.ts";
import { rewrapResult, type ToolResult } from "../difc/tool-result.ts";
import type { Notice, Violation } from "./outcome.ts";

/** What phase 5 has before it. */
export interface Response {
  readonly mode: Mode;
  readonly tool: string;
  /** The agent as a reader on this server. */
  readonly reader: Labels;
  readonly resource: ResourceLabels;
  /** The coarse check; for what was not denied at once it speaks of the read. */
  readonly coarse: Evaluation;
  readonly result: ToolResult;
  /** `null`: the resource's labels stand for the whole. */
  readonly items: LabelledItems | null;
}

/** What phase 5 decided. */
export interface Verdict {
  readonly status: "allowed" | "filtered" | "denied";
  readonly result: unknown;
  readonly removed: readonly RemovedItem[];
  readonly notice?: Notice;
  readonly violation?: Violation;
  /** The labels of everything that the agent is shown. */
  readonly shown: readonly Labels[];
  /** What became of content that no item label covers, were the items alone to decide. */
  readonly unlabelled?: "shown" | "hidden" | undefined;
}

const NOTHING: readonly never[] = Object.freeze([]);

export function judge(response: Response): Verdict {
  const { mode, reader, resource, coarse, items, result } = response;
  if (items === null || (result.form === "mcp-opaque" && result.hasOpaqueContent && coarse.decision === "deny")) {
    if (coarse.decision === "deny") return denied(coarse, reader, resource, NOTHING);
    return { status: "allowed", result: result.original, removed: NOTHING, shown: [resource] };
  }
  const removed = checkItems(mode, reader, items.items);
  // What no item label covers falls under the resource's labels.
  const isShort = items.kind === "legacy" && Array.isArray(result.value) && result.value.length > items.items.length;
  const hasUnlabelled = result.hasOpaqueContent || isShort;
  const hidesUnlabelled = hasUnlabelled && coarse.decision === "deny";
  const unlabelled = hasUnlabelled ? (hidesUnlabelled ? "hidden" : "shown") : undefined;
  if (mode === "strict") {
    const failing = removed[0];
    if (failing !== undefined) {
      return { ...denied(evaluateFlow(mode, "read", reader, failing), reader, failing, removed), unlabelled };
    }
    if (hidesUnlabelled) return { ...denied(coarse, reader, resource, NOTHING), unlabelled };
  }
  const shown = shownLabels(items.items, removed);
  if (hasUnlabelled && !hidesUnlabelled) shown.push(resource);
  if (removed.length === 0 && !hidesUnlabelled) {
    return { status: "allowed", result: result.original, removed, shown, unlabelled };
  }
  let left =
    removed.length === 0 && isShort
      ? rewrapResult(
          result,
          Array.from(items.items, ({ data }) => data),
        )
      : removeItems(result, items, new Set(removed.map((item) => item.index)));
  if (hidesUnlabelled) {
    left = withoutOpaque(left, result);
    removed.push(unlabelledItem(items.items.length, resource, coarse));
  }
  const notice = removalNotice(removed);
  const first = removed[0]!;
  const isOnlyItem = items.items.length === 1 && first.index === 0 && !/^(list|search)_/.test(response.tool);
  return {
    status: "filtered",
    result: isOnlyItem ? withheldItemResult(first) : appendNotice(left, notice),
    removed,
    notice,
    shown,
    unlabelled,
  };
}

/** The verdict on a call that fails a check. */
export function denied(
  evaluation: Evaluation,
  agent: Labels,
  resource: Labels & { readonly description: string },
  removed: readonly RemovedItem[],
  phase = 5,
): Verdict {
  const violation: Violation = {
    kind: evaluation.violation!,
    phase,
    reason: evaluation.reason!,
    missing: missingTagsOf(evaluation),
  };
  return {
    status: "denied",
    result: deniedResult({ evaluation, agent, resource }),
    removed,
    violation,
    shown: NOTHING,
  };
}

function shownLabels(items: readonly LabelledItem[], removed: readonly RemovedItem[]): Labels[] {
  if (removed.length === 0) return items.slice();
  const shown: Labels[] = [];
  let next = 0;
  for (let index = 0; index < items.length; index++) {
    if (removed[next]?.index === index) next++;
    else shown.push(items[index]!);
  }
  return shown;
}

/** Stands after the last item for the content that has no items. */
function unlabelledItem(index: number, resource: ResourceLabels, coarse: Evaluation): RemovedItem {
  const { secrecyToAdd: secrecy, integrityToDrop: integrity } = coarse;
  return {
    index,
    description: "content without labels of its own",
    secrecy: [...resource.secrecy],
    integrity: [...resource.integrity],
    violations: violationsOf({ secrecy, integrity }),
    reason: coarse.reason!,
  };
}

/** The result with nothing left but what the item labels cover. */
function withoutOpaque(left: unknown, result: ToolResult): unknown {
  if (!isObject(left)) return left;
  if (result.form === "mcp-structured") {
    return { ...left, content: [{ type: "text", text: encodeJson(own(left, "structuredContent")) }] };
  }
  const content = own(left, "content");
  return Array.isArray(content) ? { ...left, content: content.filter(isText) } : left;
}

function isText(block: unknown): boolean {
  if (!isObject(block)) return false;
  const type = own(block as JsonObject, "type") ?? "text";
  return type === "text" && typeof own(block, "text") === "string";
}
