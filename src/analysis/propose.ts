// Single proposals that several kinds of targets share: wider scopes, evidence that raises an item, trust in its authors. Pure.
import { isObject, own } from "../difc/json.ts";
import type { JudgedItem } from "../monitor/outcome.ts";
import type { AllowOnlyPolicy, IntegrityLevel, Policy } from "../policy/policy.ts";
import { isScope } from "../policy/scopes.ts";
import { factsOf, type ItemFacts } from "./item-facts.ts";
import type { PolicyEdit } from "./policy-edits.ts";

export const LEVELS: readonly IntegrityLevel[] = ["none", "unapproved", "approved", "merged"];

/** Where proposals for one server's policy go. */
export interface Proposer {
  readonly server: string;
  readonly policy: Policy;
  propose(kind: string, ...edits: readonly PolicyEdit[]): void;
}

/** Wider `repos`, the narrowest first. */
export function proposeScopes(
  repo: string | undefined,
  missing: readonly string[],
  proposer: Proposer,
  policy: AllowOnlyPolicy,
): void {
  const scopes = missing.flatMap((tag) => {
    const name = tag.replace(/^(private|internal|public):/, "");
    return [name, `${name}/*`].filter(isScope);
  });
  if (repo !== undefined) scopes.unshift(...[repo, `${repo.split("/")[0]}/*`].filter(isScope));
  const { repos } = policy;
  for (const value of new Set(scopes)) {
    if (typeof repos === "string") {
      if (repos === "public") proposer.propose("scope", { op: "set", key: "repos", value: [value] });
    } else if (!repos.includes(value)) proposer.propose("scope", { op: "add", key: "repos", value });
  }
  if (typeof repos !== "string") proposer.propose("word", { op: "set", key: "repos", value: "public" });
  if (repos !== "all") proposer.propose("word", { op: "set", key: "repos", value: "all" });
}

/** What could raise the item, or no longer lower it. */
export function proposeEvidence(facts: ItemFacts, { propose }: Proposer, policy: AllowOnlyPolicy): void {
  const isIn = (list: readonly string[] | undefined, word: string): boolean =>
    list?.some((part) => part.toLowerCase() === word.toLowerCase()) ?? false;
  for (const value of facts.authors) {
    if (isIn(policy.blockedUsers, value)) propose("unblock", { op: "remove", key: "blocked-users", value });
    else if (value.endsWith("[bot]") && !isIn(policy.trustedBots, value))
      propose("bot", { op: "add", key: "trusted-bots", value });
    else if (!isIn(policy.trustedUsers, value)) propose("author", { op: "add", key: "trusted-users", value });
  }
  for (const value of facts.labels) {
    const isDemotion = policy.demotionLabel !== undefined && isIn([policy.demotionLabel], value);
    if (isDemotion) propose("demotion", { op: "drop", key: "demotion-label" });
    if (isIn(policy.refusalLabels, value)) propose("refusal", { op: "remove", key: "refusal-labels", value });
    if (isDemotion || isIn(policy.refusalLabels, value) || isIn(policy.approvalLabels, value)) continue;
    propose("label", { op: "add", key: "approval-labels", value });
    if (policy.promotionLabel === undefined) propose("promotion", { op: "set", key: "promotion-label", value });
  }
  for (const value of facts.reactions) {
    if (isIn(policy.disapprovalReactions, value)) {
      propose("disapproval", { op: "remove", key: "disapproval-reactions", value });
      const lowered = LEVELS.indexOf(policy.disapprovalIntegrity ?? "none");
      for (const level of LEVELS.slice(lowered + 1)) {
        propose("disapproval-level", { op: "set", key: "disapproval-integrity", value: level });
      }
    } else if (isIn(policy.endorsementReactions, value)) {
      const standing = LEVELS.indexOf(policy.endorserMinIntegrity ?? "approved");
      for (const level of LEVELS.slice(0, standing).reverse()) {
        propose("endorser", { op: "set", key: "endorser-min-integrity", value: level });
      }
    } else propose("reaction", { op: "add", key: "endorsement-reactions", value });
  }
}

const TOGETHER_AT_MOST = 5;

/** One change that trusts everybody whose items stand in the way, when they are few. */
export function proposeTrustForAll(items: readonly JudgedItem[], { policy, propose }: Proposer): void {
  if (policy.kind !== "allow-only") return;
  const authors = new Set(items.map(({ data }) => factsOf(data).authors[0]));
  if (authors.has(undefined) || authors.size < 2 || authors.size > TOGETHER_AT_MOST) return;
  propose("authors", ...[...authors].map((value): PolicyEdit => ({ op: "add", key: "trusted-users", value: value! })));
}

/** The repository that a call's arguments name. */
export function repoOfCall(args: unknown): string | undefined {
  if (!isObject(args)) return undefined;
  const [owner, repo, query] = [own(args, "owner"), own(args, "repo"), own(args, "query") ?? own(args, "q")];
  if (typeof owner === "string" && typeof repo === "string") return `${owner}/${repo}`.toLowerCase();
  const [, named] = typeof query === "string" ? (/(?:^|\s)repo:([\w-]+\/[\w.-]+)/i.exec(query) ?? []) : [];
  return named?.toLowerCase();
}
