// Compares what a scenario expects of a call with what came of it (scenario.md, expect). Pure.
import { canonicalJson } from "../backend/canonical-json.ts";
import type { Labels } from "../difc/labels.ts";
import { isGuardError } from "../errors.ts";
import type { JudgedItem, Mismatch, Outcome } from "./outcome.ts";
import type { Expectation, PartialLabels } from "./scenario.ts";

/**
 * What was expected and did not come true.
 *
 * @param path of the expectation: `calls[2].expect`
 * @param items every item of the response, visible or not
 */
export function checkExpectation(
  expected: Expectation,
  outcome: Outcome,
  items: readonly JudgedItem[],
  path: string,
): Mismatch[] {
  const mismatches: Mismatch[] = [];
  const check = (key: string, wanted: unknown, actual: unknown): void => {
    if (wanted === undefined || sameValue(wanted, actual)) return;
    mismatches.push({ path: `${path}.${key}`, expected: wanted, actual: actual ?? null });
  };
  check("status", expected.status, outcome.status);
  check("violation", expected.violation, outcome.violation?.kind);
  check("notice", expected.notice, outcome.notice?.policy);
  check("error", expected.error, codeOf(outcome.error));
  if (expected.kept !== undefined) {
    const kept = items.filter((item) => item.visible).map((item) => item.index);
    check("kept", sorted(expected.kept), kept);
  }
  if (expected.removed?.length === 0) {
    check(
      "removed",
      [],
      outcome.removed.map((item) => ({ index: item.index, violations: item.violations })),
    );
  }
  expected.removed?.forEach((wanted, position) => {
    const at = `removed[${position}]`;
    const actual = outcome.removed.find((item) => item.index === wanted.index);
    if (actual === undefined) {
      check(
        at,
        wanted,
        outcome.removed.map((item) => item.index),
      );
      return;
    }
    check(`${at}.description`, wanted.description, actual.description);
    check(`${at}.secrecy`, asSet(wanted.secrecy), asSet(actual.secrecy));
    check(`${at}.integrity`, asSet(wanted.integrity), asSet(actual.integrity));
    check(`${at}.violations`, asSet(wanted.violations), asSet(actual.violations));
  });
  for (const when of ["before", "after"] as const) {
    checkLabels(`agent.${when}`, expected.agent?.[when], outcome.agent[when], check);
  }
  return mismatches;
}

function checkLabels(
  key: string,
  wanted: PartialLabels | undefined,
  actual: Labels,
  check: (key: string, wanted: unknown, actual: unknown) => void,
): void {
  check(`${key}.secrecy`, asSet(wanted?.secrecy), asSet(actual.secrecy));
  check(`${key}.integrity`, asSet(wanted?.integrity), asSet(actual.integrity));
}

function codeOf(error: Error | undefined): string | undefined {
  return isGuardError(error) ? error.code : error?.name;
}

function asSet(tags: readonly string[] | undefined): readonly string[] | undefined {
  return tags && [...new Set(tags)].sort();
}

function sorted(indices: readonly number[]): number[] {
  return [...indices].sort((a, b) => a - b);
}

function sameValue(a: unknown, b: unknown): boolean {
  return b !== undefined && canonicalJson(a) === canonicalJson(b);
}
