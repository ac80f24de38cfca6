// Makes a test of a preview: the scenario with what came of each call as its expectation. Pure.
import type { Labels } from "../difc/labels.ts";
import { isGuardError } from "../errors.ts";
import type { PreviewCall, PreviewReport } from "../monitor/outcome.ts";
import { type Expectation, parseScenario, type Scenario } from "../monitor/scenario.ts";

/**
 * The scenario with `expect` filled from a report of it, so that `edge-guard test` passes and a later change of policy or
 * guard that changes anything fails. What `expect` held before is replaced.
 *
 * @throws {ScenarioError} when it is not a scenario
 * @throws {RangeError} when the report is of other calls
 */
export function recordExpectations(scenario: unknown, report: PreviewReport): Scenario {
  const parsed = parseScenario(scenario);
  if (parsed.calls.length !== report.calls.length) {
    throw new RangeError(
      `Cannot record the expectations: the scenario has ${parsed.calls.length} calls and the report ${report.calls.length}`,
    );
  }
  const calls = parsed.calls.map((call, index) => ({ ...call, expect: expectationOf(report.calls[index]!) }));
  return { ...parsed, calls };
}

function expectationOf({ outcome, items, labelling }: PreviewCall): Expectation {
  const { status, removed, violation, notice, error, agent } = outcome;
  const code = isGuardError(error) ? error.code : error?.name;
  return {
    status,
    ...(labelling !== undefined && { kept: items.filter(({ visible }) => visible).map(({ index }) => index) }),
    ...(removed.length > 0 || status === "allowed"
      ? { removed: removed.map(({ index, violations }) => ({ index, violations })) }
      : {}),
    ...(violation && { violation: violation.kind }),
    ...(notice && { notice: notice.policy }),
    ...(code !== undefined && { error: code }),
    ...(isWritable(agent.after) && { agent: { after: agent.after } }),
  };
}

/** A scenario's tags are not blank; a guard's may be. */
function isWritable({ secrecy, integrity }: Labels): boolean {
  return [...secrecy, ...integrity].every((tag) => tag.trim() !== "");
}
