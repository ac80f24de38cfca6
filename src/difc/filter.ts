// Takes items out of a tool result and leaves its shape (difc.md, Response labels, Filtering keeps the shape).
import { hidesMembers } from "./hidden-members.ts";
import { type JsonObject, own, withProperty } from "./json.ts";
import type { LabelledItems } from "./response-items.ts";
import { changeResult, replaceResult, rewrapResult, type ToolResult } from "./tool-result.ts";

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
    return isSafe ? result.original : changeResult(result, (value) => value);
  }
  if (items.kind === "single") return replaceResult(result, []);
  if (items.kind === "array") return changeResult(result, (value) => without(value, items.path, 0, removed));
  const kept = items.items.filter((_, index) => !removed.has(index)).map(({ data }) => data);
  // An opaque result was labelled whole, so what is kept stands for all of it.
  return result.form === "mcp-opaque" ? replaceResult(result, kept) : rewrapResult(result, kept);
}

function without(value: unknown, path: readonly string[], at: number, removed: ReadonlySet<number>): unknown {
  const token = path[at];
  if (token === undefined) return (value as unknown[]).filter((_, index) => !removed.has(index));
  if (Array.isArray(value)) {
    return value.with(Number(token), without(value[Number(token)], path, at + 1, removed));
  }
  const object = value as JsonObject;
  const copy = withProperty(object, token, without(own(object, token), path, at + 1, removed));
  if (at < path.length - 1) return copy;
  const total = own(object, "total_count");
  return typeof total === "number" && Number.isInteger(total)
    ? withProperty(copy, "total_count", Math.max(0, total - removed.size))
    : copy;
}
