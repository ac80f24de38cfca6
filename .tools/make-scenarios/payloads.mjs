// Results shaped on GitHub's published payloads: field sets from @octokit/webhooks-examples and @octokit/fixtures, content invented and seeded.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const events = require("@octokit/webhooks-examples");

const example = (name) => events.find((event) => event.name === name).examples[0];
const recorded = (name) => require(`@octokit/fixtures/scenarios/api.github.com/${name}/normalized-fixture.json`);
const templates = {
  issue: example("issues").issue,
  pull: example("pull_request").pull_request,
  release: example("release").release,
  repository: recorded("get-repository").find(({ status }) => status === 200).response,
  file: recorded("get-content").find(({ response }) => Array.isArray(response)).response[0],
  label: recorded("labels").find(({ response }) => Array.isArray(response)).response[0],
};

/** A small seeded generator (mulberry32): the same seed gives the same payloads. */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  const pick = (list) => list[below(list.length)];
  const hex = (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join("");
  return { below, pick, hex };
}

const PARTS = [
  "router",
  "search box",
  "export job",
  "login form",
  "cache",
  "importer",
  "settings page",
  "image resizer",
  "changelog",
  "mail queue",
];
const FAULTS = [
  "times out on slow links",
  "forgets the selected filter",
  "shows the wrong time zone",
  "crashes on an empty list",
  "ignores the locale",
  "leaks a file handle",
  "retries forever after a 404",
  "rounds prices down",
];
const STEPS = [
  "Open the page, wait a minute, reload.",
  "It worked in the release before the last one.",
  'The log shows nothing but "connection reset".',
  "Happens for about one user in fifty.",
  "A workaround is to clear the store first.",
  "I can send a trace if that helps.",
];

export function title(random) {
  return `The ${random.pick(PARTS)} ${random.pick(FAULTS)}`;
}

export function prose(random) {
  return Array.from({ length: 2 + random.below(4) }, () => random.pick(STEPS)).join("\n\n");
}

function date(random) {
  return new Date(Date.UTC(2026, random.below(9), 1 + random.below(28), random.below(24), random.below(60)))
    .toISOString()
    .replace(".000", "");
}

function dates(random) {
  const created_at = date(random);
  return { created_at, updated_at: created_at };
}

/** A template with its owner, repository and number changed everywhere, in every address. */
function moved(template, from, full, number) {
  const text = JSON.stringify(template).replaceAll(from, full);
  return JSON.parse(number === undefined ? text : text.replace(/(issues|pulls?)\/\d+/g, `$1/${number}`));
}

export function user(login, random) {
  const isBot = login.endsWith("[bot]");
  const template = moved(templates.issue.user, templates.issue.user.login, login);
  return { ...template, id: 1000 + random.below(90_000_000), type: isBot ? "Bot" : "User", gravatar_id: "" };
}

export function label(full, name, random) {
  const slug = encodeURIComponent(name);
  return {
    ...templates.label,
    id: random.below(1e9),
    url: `https://api.github.com/repos/${full}/labels/${slug}`,
    name,
    color: random.hex(6),
    description: null,
  };
}

export function issue(random, { full, number, login, association, labels = [], body, heading, ...more }) {
  const { author_association, milestone, assignee, ...base } = moved(
    templates.issue,
    "Codertocat/Hello-World",
    full,
    number,
  );
  return {
    ...base,
    id: 400_000_000 + random.below(1e8),
    number,
    title: heading ?? title(random),
    user: user(login, random),
    labels: labels.map((name) => label(full, name, random)),
    assignee: null,
    assignees: [],
    milestone: null,
    comments: random.below(12),
    ...dates(random),
    ...(association === undefined ? {} : { author_association: association }),
    body: body ?? prose(random),
    ...more,
  };
}

/** A pull request as REST lists it; `from` is the repository of its branch, null when that is gone. */
export function pull(
  random,
  { full, from, number, login, association, merged = false, labels = [], isPrivate = false },
) {
  const base = moved(templates.pull, "Codertocat/Hello-World", full, number);
  const branch = random.pick(["fix-typo", "faster-start", "translations", "deps/bump", "new-parser"]);
  const end = (place, ref, owner) => ({
    label: `${owner}:${ref}`,
    ref,
    sha: random.hex(40),
    user: user(owner, random),
    repo: place && repository(random, { full: place, isPrivate }),
  });
  const { merged: _merged, mergeable, rebaseable, mergeable_state, merged_by, ...listed } = base;
  return {
    ...listed,
    id: 270_000_000 + random.below(1e8),
    title: title(random),
    user: user(login, random),
    body: prose(random),
    state: merged ? "closed" : "open",
    merged_at: merged ? date(random) : null,
    labels: labels.map((name) => label(full, name, random)),
    assignee: null,
    assignees: [],
    milestone: null,
    head: end(from, branch, from?.split("/")[0] ?? login),
    base: end(full, "main", full.split("/")[0]),
    author_association: association,
  };
}

export function repository(random, { full, isPrivate = false }) {
  const [owner, name] = full.split("/");
  const { organization, permissions, temp_clone_token, ...base } = moved(
    templates.repository,
    "octokit-fixture-org/hello-world",
    full,
  );
  const links = Object.entries(base).filter(([key]) => !/_url$/.test(key) || ["html_url", "clone_url"].includes(key));
  return {
    ...Object.fromEntries(links),
    id: random.below(1e9),
    name,
    private: isPrivate,
    visibility: isPrivate ? "private" : "public",
    owner: user(owner, random),
    description: `The ${name} of ${owner}`,
  };
}

export function release(random, { full, tag, login }) {
  const base = moved(templates.release, "Codertocat/Hello-World", full);
  return {
    ...base,
    id: random.below(1e8),
    tag_name: tag,
    name: tag,
    author: user(login, random),
    html_url: `https://github.com/${full}/releases/tag/${tag}`,
    body: prose(random),
  };
}

export function file(random, { full, path, ref = "main" }) {
  const base = moved(templates.file, "octokit-fixture-org/hello-world", full);
  const at = (kind) => `https://github.com/${full}/${kind}/${ref}/${path}`;
  return {
    ...base,
    name: path.split("/").at(-1),
    path,
    sha: random.hex(40),
    size: random.below(9000),
    url: `https://api.github.com/repos/${full}/contents/${path}?ref=${ref}`,
    html_url: at("blob"),
    git_url: null,
    download_url: at("raw"),
    _links: { html: at("blob") },
  };
}

export function commit(random, { full, login }) {
  const sha = random.hex(40);
  const person = { name: login, email: `${login}@users.noreply.github.com`, date: date(random) };
  return {
    sha,
    node_id: `C_${random.hex(12)}`,
    commit: {
      author: person,
      committer: person,
      message: `${title(random)}\n\n${prose(random)}`,
      tree: { sha: random.hex(40), url: `https://api.github.com/repos/${full}/git/trees/${sha}` },
      comment_count: 0,
      verification: { verified: true, reason: "valid" },
    },
    url: `https://api.github.com/repos/${full}/commits/${sha}`,
    html_url: `https://github.com/${full}/commit/${sha}`,
    author: user(login, random),
    committer: user("web-flow", random),
    parents: [{ sha: random.hex(40) }],
  };
}

export function comment(random, { full, number, login, association, body }) {
  const id = 490_000_000 + random.below(1e8);
  const url = `https://api.github.com/repos/${full}/issues`;
  return {
    url: `${url}/comments/${id}`,
    html_url: `https://github.com/${full}/issues/${number}#issuecomment-${id}`,
    issue_url: `${url}/${number}`,
    id,
    user: user(login, random),
    created_at: date(random),
    author_association: association,
    body: body ?? prose(random),
  };
}

export function notification(random, { full, isPrivate, number }) {
  return {
    id: String(random.below(1e9)),
    unread: true,
    reason: random.pick(["mention", "subscribed", "review_requested"]),
    updated_at: date(random),
    subject: { title: title(random), url: `https://api.github.com/repos/${full}/issues/${number}`, type: "Issue" },
    repository: repository(random, { full, isPrivate }),
  };
}

// The shapes of GitHub's MCP server: fewer fields, labels as names, lists in an envelope of their own.

export function minimalIssue(random, { full, number, login, association, labels = [], heading, body }) {
  return {
    number,
    title: heading ?? title(random),
    body: body ?? prose(random),
    state: "open",
    html_url: `https://github.com/${full}/issues/${number}`,
    user: { login },
    ...(association === undefined ? {} : { author_association: association }),
    ...(labels.length > 0 ? { labels } : {}),
    comments: random.below(9),
    created_at: date(random),
    updated_at: date(random),
  };
}

export function minimalPull(random, { full, from, number, login, merged = false, labels = [] }) {
  const end = (ref, place) => ({ ref, sha: random.hex(40), ...(place ? { repo: { full_name: place } } : {}) });
  return {
    number,
    title: title(random),
    body: prose(random),
    state: merged ? "closed" : "open",
    draft: false,
    merged,
    html_url: `https://github.com/${full}/pull/${number}`,
    user: { login },
    ...(labels.length > 0 ? { labels } : {}),
    head: end("patch-1", from),
    base: end("main", full),
    additions: random.below(400),
    deletions: random.below(90),
    changed_files: 1 + random.below(9),
    created_at: date(random),
    ...(merged ? { merged_at: date(random) } : {}),
  };
}

export function minimalRepository(random, { full, isPrivate }) {
  const name = full.split("/")[1];
  return {
    id: random.below(1e9),
    name,
    full_name: full,
    description: `The ${name}`,
    html_url: `https://github.com/${full}`,
    stargazers_count: random.below(900),
    forks_count: random.below(90),
    open_issues_count: random.below(40),
    private: isPrivate,
    fork: false,
    archived: false,
    default_branch: "main",
  };
}

export function codeHit(random, { full, path }) {
  return {
    name: path.split("/").at(-1),
    path,
    sha: random.hex(40),
    repository: full,
    text_matches: [{ fragment: `// ${random.pick(STEPS)}`, property: "content" }],
  };
}

/** Data as an MCP server sends it: JSON in a text block. */
export function mcp(data) {
  return { content: [{ type: "text", text: JSON.stringify(data) }] };
}
