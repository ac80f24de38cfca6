// Scenarios for what people say of an item or its author: trusted and blocked users, labels, reactions.
import { filtered } from "./expectation.mjs";
import { allowOnly, listIssues, many, PUBLIC, SITE, SITE_IS_PUBLIC, STAFF, single } from "./parts.mjs";
import * as payload from "./payloads.mjs";

export function opinionScenarios() {
  return {
    "trusted-users-and-bots": trusted(),
    "blocked-users": blocked(),
    "approval-and-promotion-labels": approvals(),
    "refusal-and-demotion-labels": refusals(),
    "endorsing-reactions": endorsed(),
    "disapproving-reactions": disapproved(),
  };
}

function trusted() {
  const random = payload.createRandom(109);
  const people = [
    ["dependabot[bot]", "approved"],
    ["github-actions[bot]", "approved"],
    ["Copilot", "approved"],
    ["renovate[bot]", "approved"],
    ["translator", "approved"],
    ["Translator", "approved"],
    ["spambot[bot]", "unapproved"],
    ["dependabot", "unapproved"],
    ["alice", "unapproved"],
  ];
  const { facts, items } = many(
    45,
    (index) => ({
      login: people[index % people.length][0],
      association: "NONE",
      level: people[index % people.length][1],
    }),
    (one) => payload.issue(random, one),
  );
  const policy = { ...allowOnly("approved", { "trusted-users": ["translator"] }), "trusted-bots": ["renovate[bot]"] };
  return single("Bots and users that the operator trusts", policy, listIssues(filtered("approved", facts), items));
}

function blocked() {
  const random = payload.createRandom(110);
  const people = ["mallory", "Mallory", "alice", "ines"];
  const { facts, items } = many(
    32,
    (index) => ({
      login: people[index % 4],
      association: index % 3 === 0 ? "MEMBER" : "NONE",
      labels: index % 5 === 0 ? ["lgtm"] : [],
      level: index % 4 < 2 ? "blocked" : index % 3 === 0 || index % 5 === 0 ? "approved" : "unapproved",
    }),
    (one) => payload.minimalIssue(random, one),
  );
  const policy = allowOnly("none", {
    "blocked-users": ["mallory"],
    "trusted-users": ["mallory"],
    "approval-labels": ["lgtm"],
  });
  const private_ = { owner: "acme", repo: "vault" };
  const backend = [SITE_IS_PUBLIC, { tool: "get_repository", args: private_, result: { private: true } }];
  const inPrivate = ["mallory", "alice"].map((login, index) =>
    payload.minimalIssue(random, { full: "acme/vault", number: index + 1, login, association: "MEMBER" }),
  );
  return single(
    "A blocked user stays out whatever speaks for the item",
    policy,
    [
      listIssues(filtered("none", facts), payload.mcp({ issues: items, totalCount: items.length })),
      listIssues(filtered("none", [{ level: "blocked" }, { level: "approved" }]), inPrivate, "list_issues", private_),
    ],
    backend,
  );
}

function approvals() {
  const random = payload.createRandom(111);
  const sets = [
    [["lgtm"], "approved"],
    [["Ready For Agents"], "approved"],
    [["vetted"], "approved"],
    [["bug", "LGTM"], "approved"],
    [["bug"], "unapproved"],
    [[], "unapproved"],
    [["lgtm!"], "unapproved"],
  ];
  const make = (index) => ({
    login: random.pick(PUBLIC),
    association: "NONE",
    labels: sets[index % 7][0],
    level: sets[index % 7][1],
  });
  const rest = many(35, make, (one) => payload.issue(random, one));
  const trimmed = many(35, make, (one) => payload.minimalIssue(random, one));
  const policy = allowOnly("approved", {
    "approval-labels": ["lgtm", "ready for agents"],
    "promotion-label": "vetted",
  });
  return single("A maintainer's label lets an outsider's issue in", policy, [
    listIssues(filtered("approved", rest.facts), rest.items),
    listIssues(filtered("approved", trimmed.facts), payload.mcp({ issues: trimmed.items, totalCount: 35 })),
  ]);
}

function refusals() {
  const random = payload.createRandom(112);
  const sets = [
    [["spam"], "none"],
    [["lgtm", "Spam"], "none"],
    [["quarantine"], "none"],
    [["lgtm"], "approved"],
    [[], "approved"],
  ];
  const { facts, items } = many(
    40,
    (index) => ({
      login: random.pick(STAFF),
      association: "MEMBER",
      labels: sets[index % 5][0],
      level: sets[index % 5][1],
    }),
    (one) => payload.issue(random, one),
  );
  const pulls = many(
    10,
    (index) => ({
      login: random.pick(STAFF),
      from: SITE,
      merged: true,
      labels: index % 2 === 0 ? ["wontfix"] : [],
      level: index % 2 === 0 ? "none" : "merged",
    }),
    (one) => payload.minimalPull(random, one),
  );
  const policy = allowOnly("unapproved", {
    "approval-labels": ["lgtm"],
    "refusal-labels": "spam, wontfix",
    "demotion-label": "quarantine",
  });
  return single("A refusal outweighs everything that raised an item", policy, [
    listIssues(filtered("unapproved", facts), items),
    listIssues(filtered("unapproved", pulls.facts), payload.mcp(pulls.items), "list_pull_requests"),
  ]);
}

function reactions(list) {
  return {
    totalCount: list.length,
    nodes: list.map(([content, login, authorAssociation]) => ({
      content,
      user: { login, ...(authorAssociation ? { authorAssociation } : {}) },
    })),
  };
}

function reacted(random, sets, base) {
  return many(
    sets.length * 5,
    (index) => ({
      login: random.pick(PUBLIC),
      ...base,
      level: sets[index % sets.length][1],
      marks: sets[index % sets.length][0],
    }),
    ({ marks, full, number, login, association }) => ({
      __typename: "Issue",
      number,
      title: payload.title(random),
      bodyText: payload.prose(random),
      author: { login },
      authorAssociation: association,
      repository: { nameWithOwner: full, isPrivate: false },
      labels: { nodes: [] },
      reactions: reactions(marks),
    }),
  );
}

const wrapNodes = (items) => ({
  data: { search: { issueCount: items.length, pageInfo: { hasNextPage: false, endCursor: null }, nodes: items } },
});

function endorsed() {
  const random = payload.createRandom(113);
  const sets = [
    [[["THUMBS_UP", "ines", "MEMBER"]], "approved"],
    [[["THUMBS_UP", "alice", "NONE"]], "unapproved"],
    [[["HEART", "ines", "MEMBER"]], "unapproved"],
    [[["THUMBS_UP", "ghost"]], "unapproved"],
    [
      [
        ["ROCKET", "omar", "OWNER"],
        ["THUMBS_UP", "elif", "NONE"],
      ],
      "approved",
    ],
    [[], "unapproved"],
  ];
  const { facts, items } = reacted(random, sets, { association: "NONE" });
  const policy = allowOnly("approved", { "endorsement-reactions": ["thumbs_up", "rocket"] });
  return single(
    "A maintainer's thumbs-up endorses, a stranger's does not",
    policy,
    listIssues(filtered("approved", facts), wrapNodes(items), "search_issues", { query: "repo:acme/site is:issue" }),
  );
}

function disapproved() {
  const random = payload.createRandom(114);
  const sets = [
    [[["THUMBS_DOWN", "ines", "MEMBER"]], "unapproved"],
    [[["THUMBS_DOWN", "alice", "CONTRIBUTOR"]], "approved"],
    [
      [
        ["THUMBS_UP", "omar", "OWNER"],
        ["THUMBS_DOWN", "ines", "COLLABORATOR"],
      ],
      "unapproved",
    ],
    [[["THUMBS_UP", "omar", "OWNER"]], "approved"],
    [[], "approved"],
  ];
  const { facts, items } = reacted(random, sets, { association: "MEMBER" });
  const policy = allowOnly("approved", {
    "endorsement-reactions": ["THUMBS_UP"],
    "disapproval-reactions": ["THUMBS_DOWN"],
    "disapproval-integrity": "unapproved",
  });
  return single(
    "A maintainer's thumbs-down lowers what was approved",
    policy,
    listIssues(filtered("approved", facts), wrapNodes(items), "search_issues", { query: "repo:acme/site is:issue" }),
  );
}
