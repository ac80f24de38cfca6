// Scenarios for the rows of the evidence table that tell who wrote something and where it is.
import { filtered, upTo } from "./expectation.mjs";
import {
  ARGS,
  allowOnly,
  anyone,
  GUARD,
  LEVEL_OF,
  listIssues,
  many,
  PUBLIC,
  SITE,
  SITE_IS_PUBLIC,
  STAFF,
  single,
} from "./parts.mjs";
import * as payload from "./payloads.mjs";

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
