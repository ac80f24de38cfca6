// Policy changes worth trying for calls that were denied as a whole: a sink that accepts more, an agent that may know less or keeps its integrity. Pure.
import { writeGap } from "../difc/flow.ts";
import type { Tag } from "../difc/labels.ts";
import type { JudgedItem, PreviewCall, PreviewReport } from "../monitor/outcome.ts";
import type { WriteSinkPolicy } from "../policy/policy.ts";
import { isAcceptedTag } from "../policy/scopes.ts";
import { factsOf } from "./item-facts.ts";
import type { PolicyEdit } from "./policy-edits.ts";
import { LEVELS, type Proposer, proposeEvidence, proposeScopes, proposeTrustForAll, repoOfCall } from "./propose.ts";

const READ_ITEMS_AT_MOST = 200;

export function proposeForCall(
  call: PreviewCall,
  report: PreviewReport,
  proposers: ReadonlyMap<string, Proposer>,
): void {
  const [opened, labelled] = call.outcome.trace;
  const proposer = proposers.get(call.server);
  if (opened?.status === "denied") {
    if (proposer !== undefined) proposeLimit(call, report, proposer);
    return;
  }
  const [agent, resource] = [opened?.agent, labelled?.resource];
  if (agent === undefined || resource === undefined) return;
  const gap = writeGap(agent, resource);
  if (proposer?.policy.kind === "write-sink") proposeSink(gap.secrecy, proposer, proposer.policy);
  if (proposer?.policy.kind === "allow-only")
    proposeScopes(repoOfCall(call.args), resource.secrecy, proposer, proposer.policy);
  for (const reading of proposers.values()) {
    if (gap.secrecy.length > 0) proposeLessClearance(call, reading);
    if (gap.integrity.length > 0) proposeMoreIntegrity(call, report, reading, gap.integrity);
  }
}

/** How often the scenario calls the tool up to here, or as often as it likes. */
function proposeLimit({ index, server, tool }: PreviewCall, { calls }: PreviewReport, { propose }: Proposer): void {
  const wanted = calls.filter((other) => other.index <= index && other.server === server && other.tool === tool).length;
  propose("limit", { op: "limit", tool, value: wanted });
  propose("limit", { op: "limit", tool, value: 0 });
}

function proposeSink(missing: readonly Tag[], { propose }: Proposer, policy: WriteSinkPolicy): void {
  const isPublic = policy.sinkVisibility === "public";
  const open: PolicyEdit[] = isPublic ? [{ op: "set", key: "sink-visibility", value: "private" }] : [];
  const added = missing
    .filter((tag) => isAcceptedTag(tag) && !policy.accept.includes(tag))
    .map((value): PolicyEdit => ({ op: "add", key: "accept", value }));
  if (isPublic) propose("visibility", ...open);
  // With "*" in place of the list a tag that is added would make it narrower.
  if (!policy.accept.includes("*")) {
    propose("accept", ...open, ...added);
    propose("accept", ...open, { op: "set", key: "accept", value: ["*"] });
  }
}

/** What the agent may read binds what it may write: narrower `repos` of any server. */
function proposeLessClearance(call: PreviewCall, { policy, propose }: Proposer): void {
  if (policy.kind !== "allow-only" || policy.repos === "public") return;
  const { repos } = policy;
  if (repos !== "all" && repos.length > 1) {
    for (const value of repos) propose("narrow", { op: "remove", key: "repos", value });
  }
  propose("narrow-word", { op: "set", key: "repos", value: "public" });
  const repo = repoOfCall(call.args);
  if (repo !== undefined) propose("narrow-repo", { op: "set", key: "repos", value: [repo] });
}

/** A higher floor, so that the agent begins with more; or trust in what took its integrity away. */
function proposeMoreIntegrity(
  call: PreviewCall,
  report: PreviewReport,
  proposer: Proposer,
  missing: readonly Tag[],
): void {
  const { policy, propose, server } = proposer;
  if (policy.kind !== "allow-only") return;
  for (const level of LEVELS.slice(LEVELS.indexOf(policy.minIntegrity) + 1)) {
    propose("floor", { op: "set", key: "min-integrity", value: level });
  }
  const culprits: JudgedItem[] = [];
  for (const earlier of report.calls.slice(0, call.index)) {
    if (earlier.server !== server) continue;
    for (const item of earlier.items) {
      if (culprits.length === READ_ITEMS_AT_MOST) break;
      const lowers = missing.some((tag) => !item.integrity.includes(tag)) && !item.integrity.includes("*");
      if (item.visible && lowers) culprits.push(item);
    }
  }
  for (const item of culprits) proposeEvidence(factsOf(item.data), proposer, policy);
  proposeTrustForAll(culprits, proposer);
}
