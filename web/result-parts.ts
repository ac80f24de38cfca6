// What stands in a tool result, part by part: text that is JSON or prose, structured content, other blocks, the monitor's notice.
import type { JudgedItem, PreviewCall } from "edge-guard";
import type { PartKind, Side } from "./protocol.ts";

export interface ResultPart {
  readonly kind: PartKind;
  readonly label: string;
  /** What is shown as a tree: parsed where the text is JSON. */
  readonly value: unknown;
  /** The text as it stands in the result, for parts that are text. */
  readonly text?: string;
  /** Where the items stand in `value`, and which they are. */
  readonly items?: { readonly pointer: string; readonly judged: readonly JudgedItem[] };
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function contentPart(block: unknown, isNotice: (text: string) => boolean): ResultPart {
  const { type, text } = isObject(block) ? block : {};
  if (typeof text !== "string" || (type !== undefined && type !== "text"))
    return { kind: "other", label: typeof type === "string" ? type : "content", value: block };
  if (isNotice(text)) return { kind: "notice", label: "notice", value: text, text };
  return { kind: "text", label: "text", value: parsed(text), text };
}

/** The parts of a result, in its order. `isNotice` tells the monitor's own words from the server's. */
export function resultParts(result: unknown, isNotice: (text: string) => boolean): readonly ResultPart[] {
  if (!isObject(result) || !(Array.isArray(result["content"]) || isObject(result["structuredContent"])))
    return [{ kind: "result", label: "result", value: result ?? null }];
  const { content, structuredContent, ...rest } = result;
  const parts = (Array.isArray(content) ? content : []).map((block: unknown) => contentPart(block, isNotice));
  if (structuredContent !== undefined)
    parts.push({ kind: "structured", label: "structuredContent", value: structuredContent });
  const also = Object.keys(rest);
  if (also.length > 0) parts.push({ kind: "other", label: also.join(", "), value: rest });
  return parts;
}

function sameJson(one: unknown, other: unknown): boolean {
  try {
    return one === other || JSON.stringify(one) === JSON.stringify(other);
  } catch {
    return false; // nested too deep to be written
  }
}

/** Writes a key into a JSON Pointer. */
export function pointerTo(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Finds the array that holds the items, by looking at some of them; the whole value when it is the only item. */
function locate(value: unknown, data: readonly unknown[]): string | undefined {
  if (data.length === 0) return undefined;
  const probes = new Set([0, data.length >> 1, data.length - 1]);
  const fits = (list: readonly unknown[]) =>
    list.length === data.length && [...probes].every((at) => sameJson(list[at], data[at]));
  const queue: [pointer: string, value: unknown][] = [["", value]];
  // Items stand near the root: that a hostile result is deep or wide must not cost more than this.
  for (let looked = 0; queue.length > 0 && looked < 1000; looked++) {
    const [pointer, found] = queue.shift()!;
    if (Array.isArray(found) && fits(found)) return pointer;
    if (isObject(found) && queue.length < 1000)
      for (const [key, inner] of Object.entries(found)) queue.push([pointerTo(pointer, key), inner]);
  }
  return data.length === 1 && sameJson(value, data[0]) ? "" : undefined;
}

function withItems(part: ResultPart, judged: readonly JudgedItem[]): ResultPart {
  if (part.kind === "notice" || part.kind === "other") return part;
  const data = judged.map((item) => item.data);
  const pointer = locate(part.value, data);
  return pointer === undefined ? part : { ...part, items: { pointer, judged } };
}

/** The parts of one side of a call, the items marked in them. */
export function partsOf({ backendResult, outcome, items }: PreviewCall, side: Side): readonly ResultPart[] {
  if (side === "backend") return resultParts(backendResult, () => false).map((part) => withItems(part, items));
  const withheld = outcome.status === "denied" || outcome.status === "failed";
  const given = resultParts(outcome.result, (text) => withheld || text === outcome.notice?.text);
  const visible = items.filter((item) => item.visible);
  return given.map((part) => withItems(part, visible));
}
