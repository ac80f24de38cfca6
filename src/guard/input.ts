// The JSON that a label function gets.
import { LimitError, PolicyError } from "../errors.ts";
import { maximumInputBytes } from "../wasm/contract.ts";
import { utf8Length } from "../wasm/utf8.ts";
import type { CallOptions, ToolCall } from "./guard.ts";

const wellFormed = (_key: string, value: unknown): unknown =>
  typeof value === "string"
    ? ((value as string & { toWellFormed?: () => string }).toWellFormed?.() ?? value.replace(loneSurrogate, "\ufffd"))
    : value;
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** JSON without lone surrogates: strict parsers, such as those of Rust, refuse them. */
function stringify(value: unknown, what: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
    // JSON.stringify writes a lone surrogate as an escape, and nothing else so.
    if (text?.includes("\\ud")) text = JSON.stringify(value, wellFormed);
  } catch (cause) {
    throw new TypeError(`Cannot call the guard: ${what} is not JSON (${String(cause)})`);
  }
  if (text === undefined) throw new TypeError(`Cannot call the guard: ${what} is not JSON (${typeof value})`);
  return text;
}

/** Refuses what is too large before the guest is touched. */
function bounded(text: string, limit: number): string {
  const large = text.length > limit || (text.length * 3 > limit && utf8Length(text) > limit);
  if (!large) return text;
  throw new LimitError("inputBytes", `Cannot call the guard: the input is larger than ${limit} bytes`);
}

function checkCall(call: ToolCall): void {
  if (typeof call !== "object" || call === null || typeof call.tool !== "string") {
    throw new TypeError('Cannot call the guard: "call.tool" must be the name of a tool');
  }
}

export const inputLimit = (wanted: number | undefined): number =>
  Math.min(wanted ?? maximumInputBytes, maximumInputBytes);

function parsePayload(policy: string): unknown {
  try {
    return JSON.parse(policy);
  } catch (cause) {
    throw new PolicyError("", "Cannot read the policy: the string is not JSON", { cause });
  }
}

/**
 * The input of label_agent (policy.md, What reaches label_agent). A string is taken for JSON; limits on tool calls are the host's
 * affair and stay here. Operators' policies are checked by parsePolicy before they get here; a guard may have a format of its own.
 */
export function agentInput(policy: unknown, limit: number): string {
  const payload = typeof policy === "string" ? parsePayload(policy) : policy;
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
    throw new PolicyError("", 'Cannot read the policy: it must be an object such as {"allow-only": {…}}');
  }
  const keys = Object.keys(payload);
  if (
    keys.length === 1 &&
    keys[0] === "policy" &&
    Object.keys(Object((payload as JsonObject)["policy"])).some(isAllowOnly)
  ) {
    throw new PolicyError(
      "policy",
      'Cannot read the policy: the envelope "policy" is not used any more; pass what is inside of it',
    );
  }
  // A copy also loses a toJSON, which could make anything of it.
  const isPlain = typeof (payload as JsonObject)["toJSON"] !== "function" && !keys.some(isAllowOnly);
  const sent = isPlain ? payload : withoutLimits(payload as JsonObject);
  return bounded(stringify(sent, "the policy"), limit);
}

interface JsonObject {
  readonly [key: string]: unknown;
}

const isAllowOnly = (key: string): boolean => (key.length === 9 || key.length === 10) && /^allow-?only$/i.test(key);

function withoutLimits(payload: JsonObject): JsonObject {
  const sent = Object.entries(payload).map(([key, value]): [string, unknown] => {
    if (!isAllowOnly(key) || typeof value !== "object" || value === null) return [key, value];
    return [
      key,
      Object.fromEntries(Object.entries(value).filter(([name]) => name.toLowerCase() !== "tool-call-limits")),
    ];
  });
  return Object.fromEntries(sent);
}

/** JSON.stringify leaves out a property that is not JSON, and the guard would label something else. */
function checkJson(value: unknown, what: string): void {
  const usual = typeof value !== "function" && typeof value !== "symbol";
  if (usual && typeof (value as { toJSON?: unknown } | null | undefined)?.toJSON !== "function") return;
  stringify(value, what);
}

/** The input of label_resource; with `result`, the JSON text of one, that of label_response. */
export function resourceInput(call: ToolCall, { capabilities }: CallOptions, limit: number, result?: string): string {
  checkCall(call);
  const args = call.args ?? {};
  checkJson(args, '"call.args"');
  const text = stringify({ tool_name: call.tool, tool_args: args }, '"call.args"');
  // The usual case.
  if (result === undefined && capabilities === undefined) return bounded(text, limit);
  const head = text.slice(0, -1);
  const middle = result === undefined ? "" : `,"tool_result":${result}`;
  const tail = capabilities === undefined ? "" : `,"capabilities":${stringify(capabilities, '"capabilities"')}`;
  return bounded(`${head}${middle}${tail}}`, limit);
}

/** The input of label_response. */
export function responseInput(call: ToolCall, result: unknown, options: CallOptions, limit: number): string {
  // By itself, because its text is of use to others.
  const text = stringify(result ?? null, "the result");
  options.onResultText?.(text);
  return resourceInput(call, options, limit, text);
}
