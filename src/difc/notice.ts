// What the agent reads when something was withheld (difc.md, What the agent sees).
import { type GuardErrorCode, isGuardError } from "../errors.ts";
import type { RemovedItem } from "./check-items.ts";
import type { Evaluation, Violation } from "./evaluate.ts";
import { type JsonObject, own } from "./json.ts";
import type { Labels } from "./labels.ts";
import { plainText, tagNames } from "./text.ts";
import { toMcpResult } from "./tool-result.ts";

/** Tells that items were removed. */
export interface Notice {
  /** `access` for a mix, and when an item fails both rules (difc.md, decision 9). */
  readonly policy: Violation | "access";
  readonly count: number;
  readonly text: string;
}

const LISTED = 5;

/** The notice for the removed items, of which there is at least one. */
export function removalNotice(removed: readonly RemovedItem[]): Notice {
  const policy = policyOf(removed);
  const count = removed.length;
  const lines = [`${count} ${count === 1 ? "item was" : "items were"} withheld by the ${policy} policy:`];
  for (const item of removed.slice(0, LISTED)) lines.push(`- ${item.description}: ${item.reason}`);
  if (count > LISTED) lines.push(`- and ${count - LISTED} more`);
  // Joined, not added up: for a text that is still in parts V8 writes the whole result again, in a slower way.
  return { policy, count, text: lines.join("\n") };
}

/** The `isError` result for a single object that was withheld, so that it is not mistaken for "not found". */
export function withheldItemResult(item: RemovedItem): JsonObject {
  return errorResult(
    `The resource exists but is withheld by the ${policyOf([item])} policy (${item.description}): ${item.reason}`,
  );
}

/** The `isError` result for a denied call. */
export function deniedResult(denial: {
  readonly evaluation: Evaluation;
  readonly agent: Labels;
  readonly resource: Labels & { readonly description?: string };
}): JsonObject {
  const { evaluation, agent, resource } = denial;
  const missing = missingTagsOf(evaluation);
  const what = plainText(resource.description ?? "");
  return errorResult(
    [
      `The call was denied by the ${evaluation.violation ?? "access"} policy${what === "" ? "" : ` (${what})`}: ${evaluation.reason ?? "no reason was given"}`,
      `Missing: ${tagNames(missing)}`,
      `Agent: ${labelNames(agent)}`,
      `Resource: ${labelNames(resource)}`,
    ].join("\n"),
  );
}

/** The tags that the failing check misses. */
export function missingTagsOf(evaluation: Evaluation): readonly string[] {
  return evaluation.violation === "secrecy" ? evaluation.secrecyToAdd : evaluation.integrityToDrop;
}

/** The `isError` result for a call that failed: why in general words, because the words of a fault may be a guard's and carry data. */
export function withheldResult(error: unknown): JsonObject {
  const why = (isGuardError(error) ? FAULTS[error.code] : undefined) ?? "an unexpected fault occurred";
  return errorResult(`The result is withheld: ${why}`);
}

/** The result as an MCP result with the notice as its last text block. */
export function appendNotice(result: unknown, notice: Notice): JsonObject {
  const wrapped = toMcpResult(result);
  const content = own(wrapped, "content") as readonly unknown[];
  return { ...wrapped, content: [...content, { type: "text", text: notice.text }] };
}

function errorResult(text: string): JsonObject {
  return { content: [{ type: "text", text }], isError: true };
}

function policyOf(removed: readonly RemovedItem[]): Violation | "access" {
  const kinds = new Set(removed.flatMap((item) => item.violations));
  return kinds.size === 1 ? [...kinds][0]! : "access";
}

function labelNames(labels: Labels): string {
  return `secrecy ${tagNames(labels.secrecy)}; integrity ${tagNames(labels.integrity)}`;
}

const GUARD_FAULT = "the guard failed";
const FAULTS: Partial<Record<GuardErrorCode, string>> = {
  trap: GUARD_FAULT,
  exit: GUARD_FAULT,
  "guard-return": "the guard reported an error",
  protocol: "the guard's answer or the tool's result could not be understood",
  limit: "a limit was exceeded",
  timeout: "the deadline passed",
  aborted: "the call was aborted",
  poisoned: "the guard failed before and was not restored",
  closed: "the guard was closed",
  policy: "the policy is not valid",
  backend: "the backend failed",
  state: "the store of agent labels failed",
};
