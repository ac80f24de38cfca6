// Scenarios for the rows of the evidence table: what raises an item, what lowers it.
import { filtered, upTo } from "./expectation.mjs";
import * as payload from "./payloads.mjs";

const GUARD = { wasm: "repo-guard.wasm" };
const SITE = "acme/site";
const ARGS = { owner: "acme", repo: "site" };
const SITE_IS_PUBLIC = { tool: "get_repository", args: ARGS, result: { full_name: SITE, private: false } };
const STAFF = ["ines", "omar", "priya", "tomasz"];
const PUBLIC = ["alice", "bo-chen", "carla", "dmitri", "elif", "femi"];

/** One server, one policy for acme/*, one call. */
export function single(title, policy, call, backend = [SITE_IS_PUBLIC]) {
  return { title, servers: { github: { guard: GUARD, policy, backend } }, calls: Array.isArray(call) ? call : [call] };
}

export function allowOnly(floor, more = {}, repos = ["acme/*"]) {
  return { "allow-only": { repos, "min-integrity": floor, ...more } };
}

function listIssues(expect, result, tool = "list_issues", args = ARGS) {
  return { server: "github", tool, args, result, expect };
}

const LEVEL_OF = {
  OWNER: "approved",
  MEMBER: "approved",
  COLLABORATOR: "approved",
  CONTRIBUTOR: "unapproved",
  FIRST_TIME_CONTRIBUTOR: "unapproved",
  NONE: "unapproved",
  FIRST_TIMER: "none",
  MANNEQUIN: "none",
  undefined: "none",
};

function anyone(random, associations) {
  const association = random.pick(associations);
  return {
    association,
    login: random.pick(LEVEL_OF[association] === "approved" ? STAFF : PUBLIC),
    level: LEVEL_OF[association],
  };
}

/** `count` items, each made from a profile that knows the level it deserves. */
function many(count, profile, build) {
  const profiles = Array.from({ length: count }, (_, index) => profile(index));
  return { facts: profiles, items: profiles.map((one, index) => build({ full: SITE, number: 900 - index, ...one })) };
}

export function evidenceScenarios() {
  return {
    "author-associations": authorAssociations(),
    "unapproved-floor": unapprovedFloor(),
    "private-repository-approves": privateRepository(),
    "forks-and-same-repository-pull-requests": forks(),
    "merged-pull-requests": mergedPulls(),
    "commits-by-branch": commits(),
    "files-by-ref": files(),
    "repository-metadata": metadata(),
    "trusted-users-and-bots": trusted(),
    "blocked-users": blocked(),
    "approval-and-promotion-labels": approvals(),
    "refusal-and-demotion-labels": refusals(),
    "endorsing-reactions": endorsed(),
    "disapproving-reactions": disapproved(),
    "comments-of-an-issue": comments(),
  };
}

function authorAssociations() {
  const random = payload.createRandom(101);
  const known = Object.keys(LEVEL_OF).filter((name) => name !== "undefined");
  const { facts, items } = many(
    60,
    (index) => anyone(random, index < known.length ? [known[index]] : known),
    (one) => payload.issue(random, one),
  );
  return single(
    "Issues by who wrote them: owners, members and collaborators are approved",
    allowOnly("approved"),
    listIssues(filtered("approved", facts), items),
  );
}

function unapprovedFloor() {
  const random = payload.createRandom(102);
  const { facts, items } = many(
    40,
    () => anyone(random, [undefined, "FIRST_TIMER", "NONE", "FIRST_TIME_CONTRIBUTOR", "CONTRIBUTOR", "MEMBER"]),
    (one) => payload.minimalIssue(random, one),
  );
  const result = payload.mcp({
    issues: items,
    totalCount: items.length,
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: "", endCursor: "" },
  });
  return single(
    "A low floor: only first-timers and authors of unknown standing are withheld",
    allowOnly("unapproved"),
    listIssues(filtered("unapproved", facts), result),
  );
}

function privateRepository() {
  const random = payload.createRandom(103);
  const args = { owner: "acme", repo: "vault" };
  const backend = [{ tool: "get_repository", args, result: { full_name: "acme/vault", private: true } }];
  const { items } = many(
    30,
    () => anyone(random, ["NONE", "FIRST_TIMER", undefined, "MEMBER"]),
    (one) => payload.minimalIssue(random, { ...one, full: "acme/vault" }),
  );
  const facts = items.map(() => ({ level: "approved" }));
  const result = payload.mcp({ issues: items, totalCount: items.length });
  const expect = {
    ...filtered("approved", facts),
    agent: { after: { secrecy: ["private:acme"], integrity: upTo("approved", "acme/*") } },
  };
  return single(
    "Whoever can write in a private repository is trusted",
    allowOnly("approved"),
    listIssues(expect, result, "list_issues", args),
    backend,
  );
}

function forks() {
  const random = payload.createRandom(104);
  const origins = [
    { from: SITE, level: "approved" },
    { from: "Acme/Site", level: "approved" },
    { from: "bo-chen/site", level: "unapproved" },
    { from: "carla/site", level: "unapproved" },
    { from: null, level: "none" },
  ];
  const make = (index) => ({
    ...origins[index % origins.length],
    login: random.pick(PUBLIC),
    association: index === 7 ? "MEMBER" : "FIRST_TIMER",
  });
  const rest = many(
    20,
    (index) => ({ ...make(index), level: index === 7 ? "approved" : make(index).level }),
    (one) => payload.pull(random, one),
  );
  const trimmed = many(
    40,
    (index) => origins[index % origins.length],
    (one) => payload.minimalPull(random, { ...one, login: random.pick(PUBLIC) }),
  );
  return single("A branch in the repository itself takes write access, a fork takes none", allowOnly("approved"), [
    listIssues(filtered("approved", rest.facts), rest.items, "list_pull_requests"),
    listIssues(filtered("approved", trimmed.facts), payload.mcp(trimmed.items), "list_pull_requests"),
  ]);
}

function mergedPulls() {
  const random = payload.createRandom(105);
  const { facts, items } = many(
    50,
    (index) => ({
      merged: index % 3 === 0,
      from: index % 2 === 0 ? "dmitri/site" : SITE,
      login: random.pick(PUBLIC),
      level: index % 3 === 0 ? "merged" : "approved",
    }),
    (one) => payload.minimalPull(random, one),
  );
  return single(
    "The highest floor: only what was merged",
    allowOnly("merged"),
    listIssues(filtered("merged", facts), payload.mcp(items), "list_pull_requests"),
  );
}

function commits() {
  const random = payload.createRandom(106);
  const { items } = many(
    30,
    () => ({ login: random.pick([...STAFF, ...PUBLIC]) }),
    (one) => payload.commit(random, one),
  );
  const all = (level) =>
    filtered(
      "approved",
      items.map(() => ({ level })),
    );
  const call = (sha, level) =>
    listIssues(
      all(level),
      sha === undefined ? items : payload.mcp(items),
      "list_commits",
      sha === undefined ? ARGS : { ...ARGS, sha },
    );
  return single("Commits on the default branch have passed review, those elsewhere have not", allowOnly("approved"), [
    call(undefined, "merged"),
    call("main", "merged"),
    call("spike/new-cache", "none"),
  ]);
}

function files() {
  const random = payload.createRandom(107);
  const names = ["README.md", "package.json", "src/index.ts", "src/router.ts", "src/cache.ts", "docs/setup.md"];
  const call = (ref, level) =>
    listIssues(
      filtered(
        "approved",
        names.map(() => ({ level })),
      ),
      names.map((path) => payload.file(random, { full: SITE, path, ref: ref ?? "main" })),
      "get_file_contents",
      { ...ARGS, path: "/", ...(ref ? { ref } : {}) },
    );
  const one = {
    ...payload.file(random, { full: SITE, path: "src/index.ts" }),
    content: "ZXhwb3J0IHt9Cg==",
    encoding: "base64",
  };
  return single("Files by ref: the default branch, another branch, a stranger's pull request", allowOnly("approved"), [
    call(undefined, "merged"),
    call("HEAD", "merged"),
    call("release/2.x", "approved"),
    call("refs/pull/812/head", "none"),
    listIssues({ status: "allowed", kept: [0] }, one, "get_file_contents", {
      ...ARGS,
      path: "src/index.ts",
      ref: "main",
    }),
  ]);
}

function metadata() {
  const random = payload.createRandom(108);
  const expect = (items) =>
    filtered(
      "approved",
      items.map(() => ({ level: "approved" })),
    );
  const branches = ["main", "release/2.x", "spike/new-cache"].map((name) => ({
    name,
    sha: random.hex(40),
    protected: name !== "spike/new-cache",
  }));
  const tags = ["v1.0.0", "v1.1.0", "v2.0.0"].map((name) => ({
    name,
    commit: { sha: random.hex(40), url: `https://api.github.com/repos/${SITE}/commits/${name}` },
    zipball_url: `https://api.github.com/repos/${SITE}/zipball/${name}`,
  }));
  const releases = tags.map(({ name }) =>
    payload.release(random, { full: SITE, tag: name, login: random.pick(PUBLIC) }),
  );
  const labels = ["bug", "docs", "good first issue"].map((name) => payload.label(SITE, name, random));
  const call = (tool, items) => listIssues(expect(items), items, tool);
  const same = listIssues(
    { status: "filtered", kept: [], removed: [{ index: 0, violations: ["integrity"] }] },
    payload.repository(random, { full: SITE }),
    "get_repository",
  );
  const strict = { guard: GUARD, policy: allowOnly("merged"), backend: [SITE_IS_PUBLIC] };
  const scenario = single(
    "Branches, tags, releases, labels and the repository itself are approved, not merged",
    allowOnly("approved"),
    [
      call("list_branches", branches),
      call("list_tags", tags),
      call("list_releases", releases),
      call("list_labels", labels),
    ],
  );
  scenario.servers["github-merged-only"] = strict;
  scenario.calls.push({ ...same, server: "github-merged-only" });
  return scenario;
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

function comments() {
  const random = payload.createRandom(115);
  const { facts, items } = many(
    50,
    () => anyone(random, ["MEMBER", "OWNER", "NONE", "CONTRIBUTOR"]),
    (one) => payload.comment(random, { ...one, number: 77 }),
  );
  const question = { method: "get", ...ARGS, issue_number: 77 };
  const backend = [
    SITE_IS_PUBLIC,
    {
      tool: "issue_read",
      args: question,
      result: payload.minimalIssue(random, { full: SITE, number: 77, login: "ines", association: "MEMBER" }),
    },
  ];
  return single(
    "A member's issue with comments by everybody: each comment counts for itself",
    allowOnly("approved"),
    listIssues(filtered("approved", facts), payload.mcp(items), "issue_read", { ...question, method: "get_comments" }),
    backend,
  );
}
