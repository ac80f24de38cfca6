// Tool results: finds the data inside an MCP result and puts changed data back the way it came (difc.md, Response labels, Unwrapping).
import { ProtocolError } from "../errors.ts";
import { withExactNumbers } from "./exact-numbers.ts";
import { encodeJson, isObject, type JsonObject, own, sameJson } from "./json.ts";

/** A tool result, looked into but not changed. */
export interface ToolResult {
  /** The result as the backend gave it. */
  readonly original: unknown;
  /** What is labelled: the JSON inside the result, or the result itself. */
  readonly value: unknown;
  /**
   * Where `value` is: `bare`: the result itself, no MCP result; `mcp-text`: in the text blocks; `mcp-structured`: in
   * `structuredContent` alone; `mcp-opaque`: an MCP result that holds no JSON, labelled as it is.
   */
  readonly form: "bare" | "mcp-text" | "mcp-structured" | "mcp-opaque";
  /** The result says that it is an error (difc.md, decision 8). */
  readonly isError: boolean;
  /** There is content that no item label covers: blocks that are not text, or prose beside `structuredContent`. The resource's labels stand for it. */
  readonly hasOpaqueContent: boolean;
  /** The JSON text that `value` was parsed from. */
  readonly text?: string;
  /** How `structuredContent` holds the data: not at all, as it is, or under this one key. */
  readonly structured: undefined | { readonly key?: string };
}

/**
 * Finds what is to be labelled in a tool result. The result is neither copied nor changed.
 *
 * @throws {ProtocolError} when text and `structuredContent` hold different data: one of them would reach the agent unlabelled
 */
export function unwrapResult(result: unknown): ToolResult {
  const isError = isObject(result) && own(result, "isError") === true;
  if (!isObject(result) || !isMcpResult(result)) {
    return { original: result, value: result, form: "bare", isError, hasOpaqueContent: false, structured: undefined };
  }
  const content = own(result, "content");
  const texts: string[] = [];
  let hasOpaqueContent = false;
  for (const block of Array.isArray(content) ? content : []) {
    const text = textOf(block);
    if (text === undefined) hasOpaqueContent = true;
    else texts.push(text);
  }
  const structuredContent = own(result, "structuredContent") ?? undefined;
  const text = texts.join("");
  const inner = parseJson(text);
  if (inner !== undefined) {
    const structured = structuredContent === undefined ? undefined : sameData(inner.value, structuredContent);
    return { original: result, value: inner.value, form: "mcp-text", isError, hasOpaqueContent, text, structured };
  }
  if (structuredContent === undefined) {
    return { original: result, value: result, form: "mcp-opaque", isError, hasOpaqueContent, structured: undefined };
  }
  return {
    original: result,
    value: structuredContent,
    form: "mcp-structured",
    isError,
    hasOpaqueContent: hasOpaqueContent || !isCovered(texts, structuredContent),
    structured: {},
  };
}

/**
 * The result with other data in it: text re-encoded in the first text block, `structuredContent` alike, blocks that are not text and all else
 * kept.
 *
 * @param change what becomes of the data; for the text it is asked again when that has numbers that JavaScript cannot hold
 */
export function changeResult(result: ToolResult, change: (value: unknown) => unknown): unknown {
  const exact = withExactNumbers(result.text, result.value);
  const value = change(result.value);
  return rewrapResult(result, value, exact === result.value ? value : change(exact));
}

/** The same with data from elsewhere; `written` is what the text shall hold. */
export function rewrapResult(result: ToolResult, value: unknown, written: unknown = value): unknown {
  if (result.form === "bare" || result.form === "mcp-opaque") return value;
  const { original, structured } = result as ToolResult & { original: JsonObject };
  const content = own(original, "content");
  const changed: Record<string, unknown> = { ...original };
  if (Array.isArray(content)) {
    let encoded = false;
    changed["content"] = content.flatMap((block: unknown) => {
      if (textOf(block) === undefined) return [block];
      if (encoded) return [];
      encoded = true;
      return [{ ...(block as JsonObject), text: encodeJson(written) }];
    });
  }
  if (structured !== undefined) changed["structuredContent"] = restructure(structured.key, value);
  return changed;
}

/** An MCP result with this data as its only content; `isError` is kept. For data that replaces all of the result. */
export function replaceResult(result: ToolResult, value: unknown): unknown {
  if (result.form === "bare") return value;
  const content = [{ type: "text", text: encodeJson(value) }];
  return result.isError ? { content, isError: true } : { content };
}

/** Any value as an MCP result: one that is one already stays the same object, all else becomes JSON in a text block. */
export function toMcpResult(value: unknown): JsonObject {
  if (isObject(value) && isMcpResult(value)) {
    return Array.isArray(own(value, "content")) ? value : { ...value, content: [] };
  }
  const content = [{ type: "text", text: encodeJson(value) }];
  return isObject(value) && own(value, "isError") === true ? { content, isError: true } : { content };
}

function isMcpResult(result: JsonObject): boolean {
  const content = own(result, "content");
  if (content === undefined) return isObject(own(result, "structuredContent"));
  return Array.isArray(content);
}

function textOf(block: unknown): string | undefined {
  if (!isObject(block)) return undefined;
  const type = own(block, "type");
  const text = own(block, "text");
  return (type === "text" || type === undefined) && typeof text === "string" ? text : undefined;
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function sameData(value: unknown, structuredContent: unknown): { readonly key?: string } {
  if (sameJson(value, structuredContent)) return {};
  // Servers whose results are no objects wrap them, because structuredContent had to be an object.
  if (isObject(structuredContent)) {
    const [key, ...others] = Object.keys(structuredContent);
    if (key !== undefined && others.length === 0 && sameJson(value, own(structuredContent, key))) return { key };
  }
  throw new ProtocolError(
    "Cannot label the tool result: its text and its structuredContent hold different data, so one of them would go unlabelled",
  );
}

/** Some servers write one text block per element of a list. */
function isCovered(texts: readonly string[], structuredContent: unknown): boolean {
  const elements: unknown[] = [];
  for (const text of texts) {
    const element = parseJson(text);
    if (element === undefined) return false;
    elements.push(element.value);
  }
  if (elements.length === 0) return true;
  try {
    sameData(elements, structuredContent);
    return true;
  } catch {
    return false;
  }
}

function restructure(key: string | undefined, value: unknown): unknown {
  if (key !== undefined) return { [key]: value };
  // structuredContent must stay an object for the clients that check it.
  return Array.isArray(value) ? { items: value } : value;
}
