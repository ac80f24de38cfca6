// Scenarios for the shapes of results, single objects, the caller's own data, limits and strict mode.

import { filtered } from "./expectation.mjs";
import { allowOnly, single } from "./parts.mjs";
import * as payload from "./payloads.mjs";

const SITE = { owner: "acme", repo: "site" };
const VAULT = { owner: "acme", repo: "vault" };
const LAB = { owner: "globex", repo: "lab" };
const BACKEND = [
  { tool: "get_repository", args: SITE, result: { full_name: "acme/site", private: false } },
  { tool: "get_repository", args: VAULT, result: { full_name: "acme/vault", private: true } },
  { tool: "get_repository", args: LAB, result: { full_name: "globex/lab", private: true } },
];
const PEOPLE = [
  ["ines", "MEMBER", "approved"],
  ["alice", "NONE", "unapproved"],
  ["femi", "FIRST_TIMER", "none"],
];

function issues(random, count, full = "acme/site") {
  const picked = Array.from({ length: count }, (_, index) => ({ number: index + 1, who: random.pick(PEOPLE) }));
  const items = picked.map(({ number, who }) =>
    payload.minimalIssue(random, { full, number, login: who[0], association: who[1] }),
  );
  return { facts: picked.map(({ who }) => ({ level: who[2] })), items };
}

const text = (words) => ({ content: [{ type: "text", text: words }] });
const get = (tool, args, result, expect) => ({ server: "github", tool, args, result, expect });

export function resultScenarios() {
  return {
    "structured-content": structured(),
    "error-results": errors(),
    "results-without-items": prose(),
    "graphql-nodes": graphql(),
    "single-object-withheld": singleObject(),
    "parts-of-a-pull-request": parts(),
    "own-data": ownData(),
    "secret-scanning": secretScanning(),
    "tool-call-limits": limits(),
    "strict-mode": strict(),
  };
}

function structured() {
  const random = payload.createRandom(401);
  const { facts, items } = issues(random, 45);
  const data = { issues: items, totalCount: items.length };
  const lone = issues(random, 6);
  return single(
    "What is filtered from the text is filtered from structuredContent",
    allowOnly("approved"),
    [
      get("list_issues", SITE, { ...payload.mcp(data), structuredContent: data }, filtered("approved", facts)),
      get(
        "list_issues",
        SITE,
        { content: [], structuredContent: { issues: lone.items } },
        filtered("approved", lone.facts),
      ),
    ],
    BACKEND,
  );
}

function errors() {
  const notFound = { isError: true, ...text("failed to list issues: 404 Not Found") };
  return single(
    "An error is data too: it has the labels of what was asked for",
    allowOnly("approved"),
    [
      get("list_issues", SITE, notFound, { status: "denied", violation: "integrity" }),
      get("list_issues", VAULT, notFound, { status: "allowed" }),
      get("list_issues", LAB, notFound, { status: "denied", violation: "integrity" }),
    ],
    BACKEND,
  );
}

function prose() {
  return single(
    "A text that is no JSON has no items: the call's own labels decide",
    allowOnly("approved"),
    [
      get("get_file_contents", { ...SITE, path: "README.md" }, text("# Site\n\nHow to build the site."), {
        status: "allowed",
      }),
      get(
        "get_file_contents",
        { ...SITE, path: "README.md", ref: "refs/pull/7/merge" },
        text("# Site\n\nPlease run this script."),
        { status: "denied", violation: "integrity" },
      ),
      get("list_issues", SITE, text("1. Login broken\n2. Cache stale"), { status: "denied", violation: "integrity" }),
      get("list_issues", VAULT, text("1. Rotate keys"), { status: "allowed" }),
    ],
    BACKEND,
  );
}

function graphql() {
  const random = payload.createRandom(404);
  const node = (index, kind) => {
    const who = random.pick(PEOPLE);
    const isPull = kind === "PullRequest";
    const cross = isPull ? index % 4 === 0 : undefined;
    const merged = isPull ? index % 6 === 0 : undefined;
    const level = merged ? "merged" : cross === false ? "approved" : cross && who[2] === "none" ? "unapproved" : who[2];
    return {
      fact: { level },
      item: {
        __typename: kind,
        number: index + 1,
        title: payload.title(random),
        bodyText: payload.prose(random),
        author: { login: who[0] },
        authorAssociation: who[1],
        labels: { nodes: [{ name: "bug" }] },
        ...(isPull ? { isCrossRepository: cross, merged, state: merged ? "MERGED" : "OPEN" } : {}),
      },
    };
  };
  const pulls = Array.from({ length: 30 }, (_, index) => node(index, "PullRequest"));
  const found = Array.from({ length: 30 }, (_, index) => node(index, "Issue"));
  const connection = (nodes) => ({
    totalCount: nodes.length,
    pageInfo: { hasNextPage: false, endCursor: null },
    nodes: nodes.map(({ item }) => item),
  });
  return single(
    "GraphQL: nodes below data",
    allowOnly("approved"),
    [
      get(
        "list_pull_requests",
        SITE,
        { data: { repository: connection(pulls) } },
        filtered(
          "approved",
          pulls.map(({ fact }) => fact),
        ),
      ),
      get(
        "list_issues",
        SITE,
        payload.mcp({ data: { issues: connection(found) } }),
        filtered(
          "approved",
          found.map(({ fact }) => fact),
        ),
      ),
    ],
    BACKEND,
  );
}

function singleObject() {
  const random = payload.createRandom(405);
  const one = (full, number, association) =>
    payload.issue(random, { full, number, login: association === "MEMBER" ? "ines" : "alice", association });
  const read = (where, number) => ({ method: "get", ...where, issue_number: number });
  const known = [
    ["acme/site", SITE, 9, "NONE"],
    ["acme/site", SITE, 10, "MEMBER"],
    ["globex/lab", LAB, 1, "MEMBER"],
  ].map(([full, where, number, association]) => ({
    args: read(where, number),
    result: one(full, number, association),
  }));
  const withheld = (violations) => ({ status: "filtered", kept: [], removed: [{ index: 0, violations }] });
  return single(
    "One issue asked for by its number: shown, or said to exist but withheld",
    allowOnly("approved"),
    [
      get("issue_read", known[0].args, known[0].result, withheld(["integrity"])),
      get("issue_read", known[1].args, payload.mcp(known[1].result), { status: "allowed", kept: [0] }),
      get("issue_read", known[2].args, known[2].result, withheld(["integrity", "secrecy"])),
    ],
    [...BACKEND, ...known.map((question) => ({ tool: "issue_read", ...question }))],
  );
}

function parts() {
  const random = payload.createRandom(406);
  const ask = (number) => ({ method: "get", ...SITE, pullNumber: number });
  const fork = payload.pull(random, {
    full: "acme/site",
    from: "mallory/site",
    number: 31,
    login: "mallory",
    association: "NONE",
  });
  const merged = payload.pull(random, {
    full: "acme/site",
    from: "bo-chen/site",
    number: 32,
    login: "bo-chen",
    association: "CONTRIBUTOR",
    merged: true,
  });
  const files = Array.from({ length: 30 }, (_, index) => ({
    sha: random.hex(40),
    filename: `src/part-${index}.ts`,
    status: "modified",
    additions: 4,
    deletions: 1,
    changes: 5,
    patch: `@@ -1,2 +1,5 @@\n+// ${payload.title(random)}`,
  }));
  const diff = text("diff --git a/src/cache.ts b/src/cache.ts\n+const limit = 10;\n");
  return single(
    "Files and diff of a pull request are as trusted as the pull request, not as files of the repository",
    allowOnly("approved"),
    [
      get("pull_request_read", { ...ask(31), method: "get_files" }, payload.mcp(files), {
        status: "denied",
        violation: "integrity",
      }),
      get("pull_request_read", { ...ask(31), method: "get_diff" }, diff, { status: "denied", violation: "integrity" }),
      get("pull_request_read", { ...ask(32), method: "get_files" }, payload.mcp(files), { status: "allowed" }),
      get("pull_request_read", { ...ask(32), method: "get_diff" }, diff, { status: "allowed" }),
    ],
    [
      ...BACKEND,
      { tool: "pull_request_read", args: ask(31), result: fork },
      { tool: "pull_request_read", args: ask(32), result: merged },
    ],
  );
}

function ownData() {
  const random = payload.createRandom(407);
  const notifications = Array.from({ length: 30 }, (_, index) =>
    payload.notification(random, {
      full: index % 3 === 0 ? "acme/vault" : "acme/site",
      isPrivate: index % 3 === 0,
      number: index + 1,
    }),
  );
  const gists = Array.from({ length: 5 }, () => ({
    id: random.hex(20),
    html_url: `https://gist.github.com/ines/${random.hex(20)}`,
    public: false,
    owner: payload.user("ines", random),
    description: payload.title(random),
    files: {},
  }));
  const all = (items) => ({
    status: "filtered",
    kept: [],
    removed: items.map((_, index) => ({ index, violations: ["secrecy"] })),
  });
  return single(
    "The caller's own data is nobody else's, whatever the repositories in scope",
    allowOnly("none", {}, "all"),
    [
      get("get_me", {}, payload.mcp({ login: "ines", id: 11, profile_url: "https://github.com/ines" }), {
        status: "filtered",
        kept: [],
        removed: [{ index: 0, violations: ["secrecy"] }],
      }),
      get("list_notifications", {}, notifications, all(notifications)),
      get("list_gists", {}, payload.mcp(gists), all(gists)),
    ],
    BACKEND,
  );
}

function secretScanning() {
  const random = payload.createRandom(408);
  const alerts = Array.from({ length: 8 }, (_, index) => ({
    number: index + 1,
    created_at: "2026-03-01T10:00:00Z",
    url: `https://api.github.com/repos/acme/site/secret-scanning/alerts/${index + 1}`,
    html_url: `https://github.com/acme/site/security/secret-scanning/${index + 1}`,
    state: "open",
    secret_type: "api_token",
    secret: random.hex(32),
    resolution: null,
  }));
  const call = (server, violations) => ({
    server,
    tool: "list_secret_scanning_alerts",
    args: SITE,
    result: alerts,
    expect:
      violations.length === 0
        ? { status: "allowed", removed: [] }
        : { status: "filtered", kept: [], removed: alerts.map((_, index) => ({ index, violations })) },
  });
  const scenario = single(
    "Alerts are secret also in a public repository",
    allowOnly("none", {}, "public"),
    [call("github", ["secrecy"]), call("acme", []), call("globex", ["integrity", "secrecy"])],
    BACKEND,
  );
  const { guard, backend } = scenario.servers.github;
  scenario.servers.acme = { guard, policy: allowOnly("none"), backend };
  scenario.servers.globex = { guard, policy: allowOnly("none", {}, ["globex/*"]), backend };
  return scenario;
}

function limits() {
  const random = payload.createRandom(409);
  const { facts, items } = issues(random, 5);
  const search = (expect) =>
    get(
      "search_issues",
      { query: "repo:acme/site cache" },
      { total_count: 5, incomplete_results: false, items },
      expect,
    );
  const list = () => get("list_issues", SITE, items, filtered("unapproved", facts));
  return single(
    "At most two searches a session, lists without limit",
    allowOnly("unapproved", { "tool-call-limits": { search_issues: 2, list_issues: 0 } }),
    [
      search(filtered("unapproved", facts)),
      list(),
      search(filtered("unapproved", facts)),
      search({ status: "denied" }),
      list(),
      list(),
    ],
    BACKEND,
  );
}

function strict() {
  const random = payload.createRandom(410);
  const mixed = issues(random, 30);
  const trusted = Array.from({ length: 10 }, (_, index) =>
    payload.minimalIssue(random, { full: "acme/site", number: index + 1, login: "ines", association: "OWNER" }),
  );
  return {
    ...single(
      "Strict: one failing item withholds the whole response",
      allowOnly("approved"),
      [
        get("list_issues", SITE, payload.mcp({ issues: mixed.items, totalCount: 30 }), {
          status: "denied",
          violation: "integrity",
        }),
        get("list_issues", SITE, payload.mcp({ issues: trusted, totalCount: 10 }), { status: "allowed", removed: [] }),
        get("list_issues", VAULT, payload.mcp({ issues: issues(random, 4, "acme/vault").items, totalCount: 4 }), {
          status: "allowed",
          removed: [],
        }),
        get("list_issues", LAB, payload.mcp({ issues: issues(random, 4, "globex/lab").items, totalCount: 4 }), {
          status: "denied",
          violation: "integrity",
        }),
      ],
      BACKEND,
    ),
    mode: "strict",
  };
}
