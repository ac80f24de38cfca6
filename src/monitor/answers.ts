// Checks what a guard answered before anything is decided by it: a guard may be any object that a caller wrote.
import type {
  AgentLabels,
  Labels,
  LegacyResponseLabels,
  PathResponseLabels,
  ResourceLabels,
  ResponseLabels,
} from "../difc/labels.ts";
import { isGuardError, ProtocolError } from "../errors.ts";

const MODES: readonly unknown[] = ["strict", "filter", "propagate"];
const OPERATIONS: readonly unknown[] = ["read", "write", "read-write"];

/** @throws {ProtocolError} when the answer does not hold labels and a mode */
export function checkAgentLabels(answer: AgentLabels, guard: string): AgentLabels {
  if (isLabels(answer?.agent) && MODES.includes(answer.mode)) return answer;
  throw malformed(guard, "label_agent", "it must hold agent labels and a mode");
}

/** @throws {ProtocolError} when the answer does not hold labels and an operation */
export function checkResourceLabels(answer: ResourceLabels, guard: string): ResourceLabels {
  if (isLabels(answer) && OPERATIONS.includes(answer.operation) && typeof answer.description === "string")
    return answer;
  throw malformed(guard, "label_resource", "it must hold labels, a description and an operation");
}

/**
 * `null` when the answer labels nothing: an empty legacy list counts as such (guard-abi.md).
 *
 * @throws {ProtocolError} when it holds anything else than labels: what looks like an empty label would open everything
 */
export function checkResponseLabels(answer: ResponseLabels | null, guard: string): ResponseLabels | null {
  if (answer === null) return null;
  const { items, labeledPaths, defaultLabels } = (answer ?? {}) as Partial<PathResponseLabels & LegacyResponseLabels>;
  const entries = items ?? labeledPaths;
  const isWhole =
    Array.isArray(entries) &&
    (defaultLabels === undefined || isPair(defaultLabels)) &&
    entries.every(
      (entry) => typeof entry === "object" && entry !== null && (entry.labels === undefined || isPair(entry.labels)),
    );
  if (!isWhole)
    throw malformed(guard, "label_response", "it must be null or hold labeledPaths or items, each with its labels");
  return items?.length === 0 ? null : answer;
}

/** A guard's fault as a GuardError, whatever was thrown. */
export function guardFault(error: unknown, guard: string, phase: string): Error {
  if (isGuardError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ProtocolError(`The guard "${guard}" failed in ${phase}: ${message}`, { guard, phase, cause: error });
}

function malformed(guard: string, phase: string, must: string): ProtocolError {
  return new ProtocolError(`Cannot use the answer of ${phase} of the guard "${guard}": ${must}`, { guard, phase });
}

function isLabels(value: unknown): value is Labels {
  if (typeof value !== "object" || value === null) return false;
  const { secrecy, integrity } = value as Partial<Labels>;
  return isTags(secrecy) && isTags(integrity);
}

/** Without a look at each tag: a thing that is no string is equal to no tag, so it only ever withholds. */
function isPair(value: unknown): boolean {
  const { secrecy, integrity } = (value ?? {}) as Partial<Labels>;
  return Array.isArray(secrecy) && Array.isArray(integrity);
}

function isTags(value: unknown): boolean {
  return Array.isArray(value) && value.every((tag) => typeof tag === "string");
}
