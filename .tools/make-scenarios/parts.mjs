// What most scenarios are made of: one server with one policy, people with known standing, many items of known levels.
export const GUARD = { wasm: "repo-guard.wasm" };
export const SITE = "acme/site";
export const ARGS = { owner: "acme", repo: "site" };
export const SITE_IS_PUBLIC = { tool: "get_repository", args: ARGS, result: { full_name: SITE, private: false } };
export const STAFF = ["ines", "omar", "priya", "tomasz"];
export const PUBLIC = ["alice", "bo-chen", "carla", "dmitri", "elif", "femi"];

/** One server, one policy for acme/*, one call. */
export function single(title, policy, call, backend = [SITE_IS_PUBLIC]) {
  return { title, servers: { github: { guard: GUARD, policy, backend } }, calls: Array.isArray(call) ? call : [call] };
}

export function allowOnly(floor, more = {}, repos = ["acme/*"]) {
  return { "allow-only": { repos, "min-integrity": floor, ...more } };
}

export function listIssues(expect, result, tool = "list_issues", args = ARGS) {
  return { server: "github", tool, args, result, expect };
}

export const LEVEL_OF = {
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

export function anyone(random, associations) {
  const association = random.pick(associations);
  return {
    association,
    login: random.pick(LEVEL_OF[association] === "approved" ? STAFF : PUBLIC),
    level: LEVEL_OF[association],
  };
}

/** `count` items, each made from a profile that knows the level it deserves. */
export function many(count, profile, build) {
  const profiles = Array.from({ length: count }, (_, index) => profile(index));
  return { facts: profiles, items: profiles.map((one, index) => build({ full: SITE, number: 900 - index, ...one })) };
}
