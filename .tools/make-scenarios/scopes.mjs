// Scenarios for the scope forms, searches across repositories, and what the backend can and cannot tell.

import { filtered, upTo } from "./expectation.mjs";
import { allowOnly, single } from "./parts.mjs";
import * as payload from "./payloads.mjs";

const REPOSITORIES = {
  "acme/site": false,
  "acme/vault": true,
  "acme/web-shop": false,
  "acme/web-admin": true,
  "globex/web": false,
  "globex/lab": true,
  "octo-labs/kit": false,
};

function entry(full, result) {
  const [owner, repo] = full.split("/");
  return { tool: "get_repository", args: { owner, repo }, ...result };
}

const BACKEND = Object.entries(REPOSITORIES).map(([full, isPrivate]) =>
  entry(full, { result: { full_name: full, private: isPrivate } }),
);

const SCOPES = {
  all: { repos: "all", covers: () => true, secrecy: ["private"], integrity: upTo("unapproved") },
  public: { repos: "public", covers: (_, isPrivate) => !isPrivate, secrecy: [], integrity: upTo("unapproved") },
  owner: {
    repos: ["acme/*"],
    covers: (full) => full.startsWith("acme/"),
    secrecy: ["private:acme"],
    integrity: upTo("unapproved", "acme/*"),
  },
  prefix: {
    repos: ["acme/web*"],
    covers: (full) => full.startsWith("acme/web"),
    secrecy: ["private:acme/web*"],
    integrity: upTo("unapproved", "acme/web*"),
  },
  repository: {
    repos: ["acme/vault"],
    covers: (full) => full === "acme/vault",
    secrecy: ["private:acme/vault"],
    integrity: upTo("unapproved", "acme/vault"),
  },
  several: {
    repos: ["globex/web", "acme/web*"],
    covers: (full) => full === "globex/web" || full.startsWith("acme/web"),
    secrecy: ["private:acme/web*", "private:globex/web"],
    integrity: ["integrity=none;scopes=acme/web*,globex/web", "integrity=unapproved;scopes=acme/web*,globex/web"],
  },
};

const TITLES = {
  all: "Everything is in scope: only the floor decides",
  public: "Public repositories only",
  owner: "All repositories of one owner",
  prefix: "Repositories whose names begin alike",
  repository: "A single repository",
  several: "Two scopes at once",
};

const AUTHORS = [
  ["ines", "MEMBER", "approved"],
  ["alice", "NONE", "unapproved"],
  ["femi", "FIRST_TIMER", "none"],
];

/** Issues from all over, as a search returns them; a fact for each under one scope. */
function searched(random, count, { covers }, minimal) {
  const names = Object.keys(REPOSITORIES);
  const picked = Array.from({ length: count }, (_, index) => ({
    full: names[index % names.length],
    who: random.pick(AUTHORS),
    number: 10 + index,
  }));
  const facts = picked.map(({ full, who }) => {
    const isPrivate = REPOSITORIES[full];
    const inScope = covers(full, isPrivate);
    return { level: isPrivate ? "approved" : who[2], inScope, secret: isPrivate && !inScope };
  });
  const build = minimal ? payload.minimalIssue : payload.issue;
  const items = picked.map(({ full, who, number }) =>
    build(random, { full, number, login: who[0], association: who[1] }),
  );
  return { facts, items };
}

function search(query, items, expect) {
  return {
    server: "github",
    tool: "search_issues",
    args: { query },
    result: payload.mcp({ total_count: items.length, incomplete_results: false, items }),
    expect,
  };
}

function scopeScenario(name, seed) {
  const random = payload.createRandom(seed);
  const scope = SCOPES[name];
  const { facts, items } = searched(random, 42, scope, true);
  const expect = {
    ...filtered("unapproved", facts),
    agent: { after: { secrecy: scope.secrecy, integrity: scope.integrity } },
  };
  return single(
    TITLES[name],
    allowOnly("unapproved", {}, scope.repos),
    search("is:open crash", items, expect),
    BACKEND,
  );
}

export function scopeScenarios() {
  const forms = Object.keys(SCOPES).map((name, index) => [`scope-${name}`, scopeScenario(name, 201 + index)]);
  return {
    ...Object.fromEntries(forms),
    "search-across-repositories": acrossRepositories(),
    "search-names-one-repository": oneRepository(),
    "code-search": codeSearch(),
    "repository-search": repositorySearch(),
    "backend-answers": backendAnswers(),
  };
}

function acrossRepositories() {
  const random = payload.createRandom(221);
  const { facts, items } = searched(random, 100, SCOPES.owner, false);
  const result = { total_count: items.length, incomplete_results: false, items };
  const call = { ...search("is:open crash", items, filtered("unapproved", facts)), result };
  return single(
    "A hundred hits from seven repositories, each asked about once",
    allowOnly("unapproved"),
    call,
    BACKEND,
  );
}

function oneRepository() {
  const random = payload.createRandom(222);
  const items = Array.from({ length: 12 }, (_, index) => {
    const { html_url, ...rest } = payload.minimalIssue(random, {
      full: "acme/site",
      number: index + 1,
      login: "ines",
      association: index % 2 === 0 ? "OWNER" : "NONE",
    });
    return rest;
  });
  const facts = items.map((_, index) => ({ level: index % 2 === 0 ? "approved" : "unapproved" }));
  return single(
    "Hits that do not name their repository: the query's repo: does",
    allowOnly("approved"),
    [
      search("repo:acme/site is:open", items, filtered("approved", facts)),
      search("repo:acme/site repo:globex/lab is:open", items, { status: "filtered", kept: [] }),
    ],
    BACKEND,
  );
}

function codeSearch() {
  const random = payload.createRandom(223);
  const names = Object.keys(REPOSITORIES);
  const picked = Array.from({ length: 49 }, (_, index) => ({
    full: names[index % names.length],
    path: `src/${random.pick(["api", "core", "ui"])}/part-${index}.ts`,
  }));
  const facts = picked.map(({ full }) => ({
    level: "merged",
    inScope: !REPOSITORIES[full],
    secret: REPOSITORIES[full],
  }));
  const items = picked.map((one) => payload.codeHit(random, one));
  const call = {
    server: "github",
    tool: "search_code",
    args: { query: "TODO language:ts" },
    result: payload.mcp({ total_count: 49, incomplete_results: false, items }),
    expect: filtered("merged", facts),
  };
  return single(
    "Code search covers default branches: merged, if the repository is in scope",
    allowOnly("merged", {}, "public"),
    call,
    BACKEND,
  );
}

function repositorySearch() {
  const random = payload.createRandom(224);
  const names = Array.from({ length: 36 }, (_, index) => ({
    full: `${random.pick(["acme", "globex", "octo-labs"])}/tool-${index}`,
    isPrivate: random.below(3) === 0,
  }));
  const facts = names.map(({ full, isPrivate }) => ({
    level: "approved",
    inScope: full.startsWith("acme/"),
    secret: isPrivate && !full.startsWith("acme/"),
  }));
  const items = names.map((one) => payload.minimalRepository(random, one));
  const call = {
    server: "github",
    tool: "search_repositories",
    args: { query: "tool" },
    result: payload.mcp({ total_count: 36, incomplete_results: false, items }),
    expect: filtered("approved", facts),
  };
  return single(
    "Repositories that say themselves whether they are private: no question is asked",
    allowOnly("approved"),
    call,
    [],
  );
}

// Of a repository that the backend cannot tell about, secrecy assumes the worst; but that proves nothing about who can write there.
function backendAnswers() {
  const random = payload.createRandom(225);
  const backend = [
    entry("acme/site", { result: payload.mcp({ full_name: "acme/site", private: false }) }),
    entry("acme/hidden", { result: { full_name: "acme/hidden", visibility: "internal" } }),
    entry("acme/flaky", { error: "rate limited" }),
    entry("globex/web", { result: { private: false } }),
  ];
  const kinds = [
    { full: "acme/site", secret: false, inScope: true, isPrivate: false },
    { full: "acme/hidden", secret: false, inScope: true, isPrivate: true },
    { full: "acme/flaky", secret: false, inScope: true, isPrivate: false },
    { full: "acme/unlisted", secret: false, inScope: true, isPrivate: false },
    { full: "globex/web", secret: false, inScope: false, isPrivate: false },
    { full: "globex/unlisted", secret: true, inScope: false, isPrivate: false },
  ];
  const picked = Array.from({ length: 36 }, (_, index) => ({
    ...kinds[index % 6],
    who: AUTHORS[index % 4 === 0 ? 0 : 1],
    number: index + 1,
  }));
  const facts = picked.map(({ secret, inScope, isPrivate, who }) => ({
    level: isPrivate ? "approved" : who[2],
    inScope,
    secret,
  }));
  const items = picked.map(({ full, who, number }) =>
    payload.issue(random, { full, number, login: who[0], association: who[1] }),
  );
  const lookup = { method: "get", owner: "acme", repo: "site", issue_number: 5 };
  const scenario = single(
    "The backend answers, answers with an error, or does not know",
    allowOnly("approved"),
    [
      {
        ...search("is:open", items, filtered("approved", facts)),
        result: { total_count: 36, incomplete_results: false, items },
      },
      {
        server: "github",
        tool: "issue_read",
        args: lookup,
        result: payload.issue(random, { full: "acme/site", number: 5, login: "ines", association: "MEMBER" }),
        expect: { status: "allowed", kept: [0] },
      },
      // Nobody says whose issue this is and its text is no JSON, so the whole is withheld.
      {
        server: "github",
        tool: "issue_read",
        args: { ...lookup, issue_number: 6 },
        result: { content: [{ type: "text", text: "Issue 6: see the wiki" }] },
        expect: { status: "denied", violation: "integrity" },
      },
    ],
    [
      ...backend,
      {
        tool: "issue_read",
        args: lookup,
        result: payload.minimalIssue(random, { full: "acme/site", number: 5, login: "ines", association: "MEMBER" }),
      },
      { tool: "issue_read", args: { ...lookup, issue_number: 6 }, error: "not found" },
    ],
  );
  return scenario;
}
