// Results of tools: what of a server's answer is given to the monitor, and what of the monitor's outcome goes over the wire.
import { isObject, type JsonObject, own } from "../difc/json.ts";
import { ProtocolError } from "../errors.ts";
import type { Outcome } from "../monitor/outcome.ts";
import { type Answer, CODE, type RpcError, refusal } from "./messages.ts";

/**
 * A tool's result with nothing in it that labels do not cover: `_meta`, annotations and unknown members are left out.
 *
 * @throws {ProtocolError} when it is not a tool's result
 */
export function cleanResult(result: JsonObject, era: "modern" | "legacy"): JsonObject {
  const content = own(result, "content") ?? [];
  let structured = own(result, "structuredContent");
  if (!Array.isArray(content) || (own(result, "content") === undefined && structured === undefined)) {
    throw new ProtocolError("Cannot use the tool's result: it has no content");
  }
  let blocks = content.map(cleanBlock);
  if (era === "legacy" && structured !== undefined && !isObject(structured)) {
    // Older clients know objects only.
    if (blocks.length === 0) blocks = [textBlock(JSON.stringify(structured))];
    structured = undefined;
  }
  return {
    content: blocks,
    ...(structured !== undefined && structured !== null && { structuredContent: structured }),
    ...(own(result, "isError") === true && { isError: true }),
  };
}

/** What text says is labelled item by item, so nothing may stand beside it. All other blocks have the labels of the whole. */
function cleanBlock(block: unknown): JsonObject {
  if (!isObject(block))
    throw new ProtocolError("Cannot use the tool's result: its content holds something that is no block");
  const text = own(block, "text");
  const type = own(block, "type") ?? "text";
  if (type === "text" && typeof text === "string") return textBlock(text);
  if (typeof type !== "string") throw new ProtocolError("Cannot use the tool's result: a block has no type");
  return block;
}

export function textBlock(text: string): JsonObject {
  return { type: "text", text };
}

/** A server's refusal as data that has labels: its words are the server's, and so may tell what the agent must not know. */
export function refusedResult({ message }: RpcError): JsonObject {
  return { content: [textBlock(message)], isError: true };
}

/** The answer to a call: `given` is what the monitor was given, `error` the refusal that it stands for. */
export function toolAnswer(
  outcome: Outcome,
  given: JsonObject | undefined,
  error: RpcError | undefined,
  era: "modern" | "legacy",
): Answer {
  const shown = outcome.result;
  if (error !== undefined && shown === given) {
    const code = error.code === CODE.invalidParams ? error.code : CODE.internal;
    return refusal(code, error.message);
  }
  if (!isObject(shown)) return refusal(CODE.internal, "The result is withheld: it cannot be shown");
  const result = outcome.status === "filtered" && given !== undefined ? fitting(shown, given) : shown;
  return {
    result: {
      ...(era === "modern" && { resultType: "complete" }),
      ...result,
      ...(outcome.status !== "allowed" && {
        _meta: { "edge-guard/difc": summary(outcome) },
      }),
    },
  };
}

/** Clients check structured content by its schema: of another shape than the original, it is shown as text, and as an error. */
function fitting(shown: JsonObject, given: JsonObject): JsonObject {
  const before = own(given, "structuredContent");
  const after = own(shown, "structuredContent");
  if (before === undefined || own(shown, "isError") === true) return shown;
  const items = isObject(after) ? own(after, "items") : undefined;
  if (Array.isArray(before) && Array.isArray(items)) return { ...shown, structuredContent: items };
  if (isObject(before) && isObject(after) && Object.keys(before).every((key) => Object.hasOwn(after, key)))
    return shown;
  const { structuredContent: _, ...rest } = shown;
  return { ...rest, isError: true };
}

/** What machines may know of a withheld result: no tags, no names. */
function summary({ status, violation, notice, removed, trace }: Outcome): JsonObject {
  const total = trace.find(({ items }) => items !== undefined)?.items;
  return {
    outcome: status,
    ...(violation && { rule: violation.kind }),
    ...(notice && { rule: notice.policy }),
    ...(total !== undefined && { items: { total, filtered: removed.length } }),
  };
}
