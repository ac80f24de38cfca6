// Puts a guard's response labels onto the items of a tool result (difc.md, Response labels and decision 3).
import { ProtocolError } from "../errors.ts";
import type { ItemLabels, LegacyResponseLabels, PathResponseLabels, ResponseLabels, Tag } from "./labels.ts";
import { arrayIndex, member, pointerTokens } from "./pointer.ts";

/** One item of a response with the labels that hold for it. */
export interface LabelledItem {
  readonly data: unknown;
  /** The guard's words as they came, `""` when it said nothing; for showing see `plainText`. */
  readonly description: string;
  readonly secrecy: readonly Tag[];
  readonly integrity: readonly Tag[];
}

/** The items of a response. */
export interface LabelledItems {
  /** `array`: elements of the array at `path`; `single`: the whole value is the one item; `legacy`: copies that the guard made. */
  readonly kind: "array" | "single" | "legacy";
  /** The unescaped pointer tokens from the value to the array of items; empty for the root. */
  readonly path: readonly string[];
  readonly items: readonly LabelledItem[];
  /** The first 100 paths that fit no item, for the log. */
  readonly skipped: readonly string[];
}

const MAX_SKIPPED = 100;

/**
 * Finds the items that the labels speak of. An item without a path takes the default labels, without those the resource's;
 * an entry without labels takes the resource's.
 *
 * @param value what `unwrapResult` found in the tool result
 * @throws {ProtocolError} when `items_path` is no pointer, is missing in the value or does not lead to an array
 */
export function resolveItems(value: unknown, labels: ResponseLabels, resource: ItemLabels): LabelledItems {
  return "items" in labels ? legacyItems(value, labels, resource) : pathItems(value, labels, resource);
}

function legacyItems(value: unknown, labels: LegacyResponseLabels, resource: ItemLabels): LabelledItems {
  // No items label nothing, so the resource's labels stand for the whole.
  if (labels.items.length === 0) return singleItem(value, { labeledPaths: [] }, resource, []);
  const items = labels.items.map((item) => labelled(item.data, item.labels, resource));
  return { kind: "legacy", path: [], items, skipped: [] };
}

function pathItems(value: unknown, labels: PathResponseLabels, resource: ItemLabels): LabelledItems {
  const prefix = labels.itemsPath === undefined || labels.itemsPath === "/" ? "" : labels.itemsPath;
  const path = pointerTokens(prefix);
  let list = value;
  for (const token of path) list = member(list, token);
  const skipped: string[] = [];
  if (!Array.isArray(list)) {
    if (path.length === 0) return singleItem(value, labels, resource, skipped);
    const what = list === undefined ? "it is missing in the tool result" : "it does not lead to an array";
    throw new ProtocolError(`Cannot apply the response labels: items_path does not fit, ${what}`);
  }
  const count = list.length;
  const byIndex = new Array<ItemLabels | undefined>(count).fill(labels.defaultLabels);
  for (const entry of labels.labeledPaths) {
    const index = itemIndex(entry.path, prefix, count);
    if (index >= 0) byIndex[index] = entry.labels;
    else if (skipped.length < MAX_SKIPPED) skipped.push(entry.path);
  }
  const items = new Array<LabelledItem>(count);
  for (let index = 0; index < count; index++) items[index] = labelled(list[index], byIndex[index], resource);
  return { kind: "array", path, items, skipped };
}

function singleItem(
  value: unknown,
  labels: PathResponseLabels,
  resource: ItemLabels,
  skipped: string[],
): LabelledItems {
  let own = labels.defaultLabels;
  for (const entry of labels.labeledPaths) {
    if (entry.path === "" || entry.path === "/") own = entry.labels;
    else if (skipped.length < MAX_SKIPPED) skipped.push(entry.path);
  }
  const item = labelled(value, own, resource);
  // What describes the resource describes the one item that is all of it.
  const described = own === undefined ? { ...item, description: resource.description ?? "" } : item;
  return { kind: "single", path: [], items: [described], skipped };
}

function labelled(data: unknown, own: ItemLabels | undefined, resource: ItemLabels): LabelledItem {
  const labels = own ?? resource;
  return { data, description: own?.description ?? "", secrecy: labels.secrecy, integrity: labels.integrity };
}

/** The index in `prefix/index` or `prefix/index/…`; -1 when the path is another. Without allocation: there may be 100 000. */
function itemIndex(path: string, prefix: string, count: number): number {
  const start = prefix.length + 1;
  if (path.charCodeAt(start - 1) !== 47 || !path.startsWith(prefix)) return -1;
  const slash = path.indexOf("/", start);
  return arrayIndex(path, start, slash < 0 ? path.length : slash, count);
}
