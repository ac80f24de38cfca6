// What a policy lets through, worked out from what each item was made to be: the specification's words, not the guard's code.

const RANK = { blocked: 0, none: 1, unapproved: 2, approved: 3, merged: 4 };

/**
 * The rules that an item breaks under a floor. `level`: what the evidence table gives it; `inScope`: whether `repos` covers its
 * repository; `secret`: it carries a secrecy tag that the policy gives no clearance for.
 */
export function violations(floor, { level, inScope = true, secret = false }) {
  const broken = [];
  if (!inScope || RANK[level] < RANK[floor]) broken.push("integrity");
  if (secret) broken.push("secrecy");
  return broken;
}

/** The expectation of a list read in filter mode: each fact stands for the item at its index. */
export function filtered(floor, facts) {
  const broken = facts.map((fact) => violations(floor, fact));
  const kept = broken.flatMap((list, index) => (list.length === 0 ? [index] : []));
  const removed = broken.flatMap((list, index) => (list.length === 0 ? [] : [{ index, violations: list }]));
  return removed.length === 0 ? { status: "allowed", kept } : { status: "filtered", kept, removed };
}

/** Integrity tags from `none` up to a level, for one scope (or for none, under `all` and `public`). */
export function upTo(level, scope) {
  return Object.keys(RANK)
    .slice(1, RANK[level] + 1)
    .map((name) => (scope === undefined ? name : `${name}:${scope}`));
}
