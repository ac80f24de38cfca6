// May this agent do this to that resource: one question, one decision with its reason (difc.md, Flows and Modes).
import { type FlowGap, readGap, WILDCARD, writeGap } from "./flow.ts";
import type { Labels, Mode, Operation, Tag } from "./labels.ts";
import { tagNames } from "./text.ts";

/** Which of the two label kinds stands in the way of a flow. */
export type Violation = "secrecy" | "integrity";

/** The answer of {@link evaluate}. */
export interface Evaluation {
  /** `allow-with-propagate`: a read that fails, in propagate mode; the agent is tainted with what it is shown. */
  readonly decision: "allow" | "deny" | "allow-with-propagate";
  /** The first check that failed, also for `allow-with-propagate`; absent for `allow`. */
  readonly violation?: Violation;
  /** What is missing for the secrecy check: of a read the resource's secrecy that the agent lacks, of a write the agent's excess secrecy. */
  readonly secrecyToAdd: readonly Tag[];
  /** What is missing for the integrity check: of a read the agent's integrity that the resource lacks, of a write the integrity that the agent lacks. */
  readonly integrityToDrop: readonly Tag[];
  /** One sentence that names the tags; absent for `allow`. */
  readonly reason?: string;
}

const ALLOW: Evaluation = Object.freeze({
  decision: "allow",
  secrecyToAdd: Object.freeze([]),
  integrityToDrop: Object.freeze([]),
});

const MODES: readonly Mode[] = ["strict", "filter", "propagate"];
const OPERATIONS: readonly Operation[] = ["read", "write", "read-write"];

/**
 * Decides whether an agent may read, write, or read and write a resource (difc.md, Flows and Modes).
 * In filter mode a failing read is a `deny` of what was asked about; removing it from a larger result is the caller's affair.
 *
 * @throws {TypeError | RangeError} naming the option, when the question is not one
 * @example
 * ```ts
 * evaluate({
 *   mode: "strict",
 *   operation: "write",
 *   agent: { secrecy: ["private:acme"], integrity: [] },
 *   resource: { secrecy: [], integrity: [] },
 * }).decision; // "deny": what the agent has read must not become public
 * ```
 */
export function evaluate(question: {
  readonly mode: Mode;
  readonly operation: Operation;
  readonly agent: Labels;
  readonly resource: Labels;
}): Evaluation {
  if (typeof question !== "object" || question === null) {
    throw new TypeError(`Cannot evaluate: question must be an object, got ${kindOf(question)}`);
  }
  const { mode, operation, agent, resource } = question;
  requireWord("mode", mode, MODES);
  requireWord("operation", operation, OPERATIONS);
  requireLabels("agent", agent);
  requireLabels("resource", resource);
  return evaluateFlow(mode, operation, agent, resource);
}

/** {@link evaluate} for labels that are known to be well formed. */
export function evaluateFlow(mode: Mode, operation: Operation, agent: Labels, resource: Labels): Evaluation {
  if (operation !== "write") {
    const gap = readGap(agent, resource);
    if (isOpen(gap)) return failedRead(operation === "read" ? mode : "strict", gap);
  }
  if (operation !== "read") {
    const gap = writeGap(agent, resource);
    if (isOpen(gap)) return failed("deny", "write", gap, gap.integrity.length > 0 ? "integrity" : "secrecy");
  }
  return ALLOW;
}

/** Every label kind by which a read fails; empty when it is allowed. Used for items, which count under each (difc.md, decision 9). */
export function readViolations(agent: Labels, resource: Labels): Violation[] {
  return violationsOf(readGap(agent, resource));
}

/** The label kinds of a gap, secrecy first. */
export function violationsOf(gap: FlowGap): Violation[] {
  const violations: Violation[] = [];
  if (gap.secrecy.length > 0) violations.push("secrecy");
  if (gap.integrity.length > 0) violations.push("integrity");
  return violations;
}

/** The evaluation of a read whose gap is not empty. */
export function failedRead(mode: Mode, gap: FlowGap): Evaluation {
  const first = gap.integrity.length > 0 ? "integrity" : "secrecy";
  if (mode !== "propagate") return failed("deny", "read", gap, first);
  // Handing out `*` would be clearance for everything (difc.md, decision 7), and integrity denies no read in this mode.
  if (gap.secrecy.includes(WILDCARD)) return failed("deny", "read", gap, "secrecy");
  return failed("allow-with-propagate", "read", gap, first);
}

function failed(
  decision: "deny" | "allow-with-propagate",
  half: "read" | "write",
  gap: FlowGap,
  violation: Violation,
): Evaluation {
  const why = SENTENCES[half][violation](tagNames(gap[violation]));
  const reason = decision === "deny" ? why : `${why}; the agent is tainted by reading it`;
  return { decision, violation, secrecyToAdd: gap.secrecy, integrityToDrop: gap.integrity, reason };
}

const SENTENCES = {
  read: {
    integrity: (tags: string) => `The resource lacks integrity ${tags}, which the agent requires of what it reads`,
    secrecy: (tags: string) => `The resource has secrecy ${tags}, which the agent is not cleared for`,
  },
  write: {
    integrity: (tags: string) => `The agent lacks integrity ${tags}, which the resource requires of who writes to it`,
    secrecy: (tags: string) => `The agent carries secrecy ${tags}, which must not flow into the resource`,
  },
} as const;

function isOpen(gap: FlowGap): boolean {
  return gap.integrity.length > 0 || gap.secrecy.length > 0;
}

function requireWord(option: string, value: unknown, words: readonly string[]): void {
  const wanted = words.map((word) => `"${word}"`).join(", ");
  if (typeof value !== "string") {
    throw new TypeError(`Cannot evaluate: ${option} must be one of ${wanted}, got ${kindOf(value)}`);
  }
  if (!words.includes(value))
    throw new RangeError(`Cannot evaluate: ${option} must be one of ${wanted}, got "${value}"`);
}

function requireLabels(option: string, value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(
      `Cannot evaluate: ${option} must be an object with secrecy and integrity, got ${kindOf(value)}`,
    );
  }
  for (const kind of ["secrecy", "integrity"] as const) {
    const tags: unknown = (value as Partial<Labels>)[kind];
    if (!Array.isArray(tags)) {
      throw new TypeError(`Cannot evaluate: ${option}.${kind} must be an array of tags, got ${kindOf(tags)}`);
    }
    for (let index = 0; index < tags.length; index++) {
      if (typeof tags[index] !== "string") {
        throw new TypeError(
          `Cannot evaluate: ${option}.${kind}[${index}] must be a string, got ${kindOf(tags[index])}`,
        );
      }
    }
  }
}

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
}
