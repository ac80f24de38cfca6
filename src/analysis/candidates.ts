// Policy changes worth trying for what is hidden or denied, guessed from labels and from what items say; trying decides. Pure.
import { readGap } from "../difc/flow.ts";
import type { JudgedItem, PreviewCall, PreviewReport } from "../monitor/outcome.ts";
import type { Scenario } from "../monitor/scenario.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { AllowOnlyPolicy } from "../policy/policy.ts";
import { factsOf } from "./item-facts.ts";
import { createProposals, type Proposal, type Proposals } from "./proposals.ts";
import { LEVELS, type Proposer, proposeEvidence, proposeScopes, proposeTrustForAll, repoOfCall } from "./propose.ts";
import type { Target } from "./targets.ts";
import { proposeForCall } from "./write-candidates.ts";

/** Changes to try, the likeliest first. */
export function candidatesFor(scenario: Scenario, report: PreviewReport, targets: readonly Target[]): Proposal[] {
  const proposals = createProposals();
  const proposers = proposersOf(scenario, proposals);
  const failing = new Map<number, JudgedItem[]>();
  for (const { call: index, item: position } of targets) {
    const call = report.calls[index];
    if (call === undefined) continue;
    if (position === undefined) {
      proposeForCall(call, report, proposers);
      continue;
    }
    const item = call.items[position];
    const proposer = proposers.get(call.server);
    if (item === undefined || proposer?.policy.kind !== "allow-only") continue;
    if (item.violations.length === 0) continue;
    proposeForItem(call, item, proposer, proposer.policy);
    failing.set(index, [...(failing.get(index)?.slice(0, 50) ?? []), item]);
  }
  for (const [index, items] of failing) {
    const call = report.calls[index]!;
    // In strict mode one failing item hides all: each author alone helps nothing.
    if (call.outcome.status === "denied") proposeTrustForAll(items, proposers.get(call.server)!);
  }
  return proposals.list();
}

function proposersOf({ servers }: Scenario, proposals: Proposals): Map<string, Proposer> {
  const found = new Map<string, Proposer>();
  for (const [server, { policy: given }] of Object.entries(servers)) {
    if (given === undefined) continue;
    const policy = parsePolicy(given);
    found.set(server, { server, policy, propose: (kind, ...edits) => proposals.add(kind, server, edits) });
  }
  return found;
}

function proposeForItem(call: PreviewCall, item: JudgedItem, proposer: Proposer, policy: AllowOnlyPolicy): void {
  const facts = factsOf(item.data);
  const reader = call.outcome.trace[0]?.reader;
  const gap = reader === undefined ? { secrecy: [], integrity: [] } : readGap(reader, item);
  const repo = facts.repo ?? repoOfDescription(item.description) ?? repoOfCall(call.args);
  proposeScopes(repo, gap.secrecy, proposer, policy);
  if (!item.violations.includes("integrity")) return;
  const floor = LEVELS.indexOf(policy.minIntegrity);
  for (const level of LEVELS.slice(0, floor).reverse()) {
    proposer.propose("level", { op: "set", key: "min-integrity", value: level });
  }
  proposeEvidence(facts, proposer, policy);
}

/** `issue:owner/repo#12` and the like. */
function repoOfDescription(description: string): string | undefined {
  return /^[\w ]+:([\w-]+\/[\w.-]+)/.exec(description)?.[1]?.toLowerCase();
}
