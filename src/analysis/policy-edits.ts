// Edits of a policy in the operator's own words: what is not touched stays as it was written. Pure.
import { parseJsonText } from "../policy/json-text.ts";
import { parsePolicy } from "../policy/parse.ts";

/** One edit of a policy, under the canonical spelling of policy.md's tables. */
export type PolicyEdit =
  /** Adds to a list, or begins one. */
  | { readonly op: "add"; readonly key: ListKey; readonly value: string }
  /** Removes from a list; the last one takes the key with it. */
  | { readonly op: "remove"; readonly key: ListKey; readonly value: string }
  | { readonly op: "set"; readonly key: ValueKey; readonly value: unknown }
  | { readonly op: "drop"; readonly key: string }
  /** A limit of calls; 0: none. */
  | { readonly op: "limit"; readonly tool: string; readonly value: number };

export type ListKey =
  | "repos"
  | "blocked-users"
  | "trusted-users"
  | "approval-labels"
  | "refusal-labels"
  | "endorsement-reactions"
  | "disapproval-reactions"
  | "trusted-bots"
  | "accept";

export type ValueKey =
  | "repos"
  | "min-integrity"
  | "disapproval-integrity"
  | "endorser-min-integrity"
  | "promotion-label"
  | "accept"
  | "sink-visibility";

type Json = { readonly [key: string]: unknown };

const ALIASES: Readonly<Record<string, string>> = {
  "min-integrity": "integrity",
  "allow-only": "allowonly",
  "write-sink": "writesink",
};

/**
 * The policy with the edits made, as an object. Keys and values that no edit touches keep their spelling and order.
 *
 * @param policy as an operator writes it, an object or a text
 * @throws {PolicyError} when the policy is not one, before or after
 */
export function editPolicy(policy: unknown, edits: readonly PolicyEdit[]): unknown {
  parsePolicy(policy);
  let top = (typeof policy === "string" ? parseJsonText(policy) : policy) as Json;
  for (const edit of edits) top = editOnce(top, edit);
  parsePolicy(top);
  return top;
}

function editOnce(top: Json, edit: PolicyEdit): Json {
  if (edit.op !== "limit" && edit.key === "trusted-bots") return withEdit(top, edit);
  const room = keyIn(top, "allow-only") ?? keyIn(top, "write-sink") ?? "allow-only";
  return { ...top, [room]: withEdit(top[room] as Json, edit) };
}

function withEdit(room: Json, edit: PolicyEdit): Json {
  if (edit.op === "limit") {
    const key = keyIn(room, "tool-call-limits") ?? "tool-call-limits";
    return { ...room, [key]: { ...(room[key] as Json | undefined), [edit.tool]: edit.value } };
  }
  const key = keyIn(room, edit.key) ?? edit.key;
  if (edit.op === "set") return { ...room, [key]: edit.value };
  if (edit.op === "drop") return without(room, key);
  const list = listOf(room[key]);
  if (edit.op === "add") return { ...room, [key]: [...list.filter((part) => !isBroad(edit.key, part)), edit.value] };
  const left = list.filter((part) => !sameWord(part, edit.value));
  return left.length === 0 ? without(room, key) : { ...room, [key]: left };
}

function without(room: Json, key: string): Json {
  return Object.fromEntries(Object.entries(room).filter(([name]) => name !== key));
}

/** The key as the operator spelled it. */
function keyIn(room: Json, key: string): string | undefined {
  const alias = ALIASES[key];
  return Object.keys(room).find((name) => [key, alias].includes(name.toLowerCase()));
}

/** `"all"`, `"public"` and `*` stand alone. */
function isBroad(key: string, part: string): boolean {
  return (key === "accept" && part.trim() === "*") || (key === "repos" && /^\s*(all|public)\s*$/i.test(part));
}

/** A list, or the text that stands for one (refusal-labels). */
function listOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? value.split(/[,\n]/).filter((part) => part.trim() !== "") : [];
}

function sameWord(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

/** An edit as one sentence for people. */
export function editText(edit: PolicyEdit): string {
  const quoted = (value: unknown): string => JSON.stringify(value);
  if (edit.op === "limit") {
    const what = edit.value === 0 ? "no limit" : `a limit of ${edit.value} calls`;
    return `Give ${quoted(edit.tool)} ${what} in "tool-call-limits"`;
  }
  if (edit.op === "add") return `Add ${quoted(edit.value)} to "${edit.key}"`;
  if (edit.op === "remove") return `Remove ${quoted(edit.value)} from "${edit.key}"`;
  if (edit.op === "drop") return `Drop "${edit.key}"`;
  return `Set "${edit.key}" to ${quoted(edit.value)}`;
}

/** Several edits as one sentence. */
export function editsText(edits: readonly PolicyEdit[]): string {
  const parts = edits.map(editText);
  return parts.map((part, index) => (index === 0 ? part : part[0]!.toLowerCase() + part.slice(1))).join(", and ");
}
