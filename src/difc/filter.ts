// Takes items out of a tool result and leaves its shape (difc.md, Response labels, Filtering keeps the shape).
import { hidesMembers } from "./hidden-members.ts";
import { type JsonObject, own, withProperty } from "./json.ts";
import type { LabelledItems } from "./response-items.ts";
import { replaceResult, rewrapResult, type ToolResult } from "./tool-result.ts";

/**
 * The tool result without the removed items; the very same object when nothing is removed, unless its text holds data that
 * parsing it loses (repeated keys): then what was labelled is encoded again. Around an array everything
 * stays, but a sibling `total_count` is lowered. Legacy items leave an array of what is kept. A single item is all of the
 * result: without it an empty array remains.
 *
 * @param removed indices into `items.items`
 */
export function removeItems(result: ToolResult, items: LabelledItems, removed: ReadonlySet<number>): unknown {
  if (removed.size === 0) {
    // A text that repeats a key shows an agent what no label was asked for.
    const isSafe = result.text === undefined || !hidesMembers(result.text, result.value);
    return isSafe ? result.original : rewrapResult(result, result.value);
  }
  if (items.kind === "single") return replaceResult(result, []);
  const kept: unknown[] = [];
  for (let index = 0; index < items.items.length; index++) {
    if (!removed.has(index)) kept.push(items.items[index]!.data);
  }
  if (items.kind === "array") return rewrapResult(result, replaceAt(result.value, items.path, 0, kept, removed.size));
  // An opaque result was labelled whole, so what is kept stands for all of it.
  return result.form === "mcp-opaque" ? replaceResult(result, kept) : rewrapResult(result, kept);
}

function replaceAt(value: unknown, path: readonly string[], at: number, kept: unknown[], removed: number): unknown {
  const token = path[at];
  if (token === undefined) return kept;
  if (Array.isArray(value)) {
    return value.with(Number(token), replaceAt(value[Number(token)], path, at + 1, kept, removed));
  }
  const object = value as JsonObject;
  const copy = withProperty(object, token, replaceAt(own(object, token), path, at + 1, kept, removed));
  if (at < path.length - 1) return copy;
  const total = own(object, "total_count");
  return typeof total === "number" && Number.isInteger(total)
    ? withProperty(copy, "total_count", Math.max(0, total - removed))
    : copy;
}
