// Policy changes worth trying for what is hidden or denied, guessed from tags; whether they help is found out by trying.
import { readGap } from "../difc/flow.ts";
import type { PreviewReport } from "../monitor/outcome.ts";
import type { Scenario } from "../monitor/scenario.ts";
import { parsePolicy } from "../policy/parse.ts";
import { isScope } from "../policy/scopes.ts";
import type { PolicyEdit } from "./policy-edits.ts";
import type { Target } from "./suggest.ts";

export interface Candidate {
  readonly server: string;
  readonly edits: readonly PolicyEdit[];
}

const LEVELS = ["none", "unapproved", "approved", "merged"] as const;

/** Changes of one edit each, the likeliest first. */
export function candidatesFor(scenario: Scenario, report: PreviewReport, targets: readonly Target[]): Candidate[] {
  const found = new Map<string, Candidate>();
  const add = (server: string, edit: PolicyEdit): void => {
    found.set(JSON.stringify([server, edit]), { server, edits: [edit] });
  };
  for (const { call: index, item: position } of targets) {
    const call = report.calls[index];
    const given = call && scenario.servers[call.server]?.policy;
    if (call === undefined || given === undefined) continue;
    const policy = parsePolicy(given);
    const item = position === undefined ? undefined : call.items[position];
    const reader = call.outcome.trace[0]?.reader;
    if (policy.kind === "write-sink") {
      for (const tag of call.outcome.violation?.missing ?? [])
        add(call.server, { op: "add", key: "accept", value: tag });
      if (policy.sinkVisibility === "public") add(call.server, { op: "set", key: "sink-visibility", value: "private" });
      continue;
    }
    if (item === undefined || reader === undefined) continue;
    const gap = readGap(reader, item);
    if (gap.secrecy.length > 0 && typeof policy.repos !== "string") {
      for (const tag of gap.secrecy) {
        const scope = tag.replace(/^private:/, "");
        if (isScope(scope)) add(call.server, { op: "add", key: "repos", value: scope });
        else if (isScope(`${scope}/*`)) add(call.server, { op: "add", key: "repos", value: `${scope}/*` });
      }
    }
    if (gap.integrity.length > 0) {
      const floor = LEVELS.indexOf(policy.minIntegrity);
      for (const level of LEVELS.slice(0, floor).reverse()) {
        add(call.server, { op: "set", key: "min-integrity", value: level });
      }
    }
  }
  return [...found.values()];
}
