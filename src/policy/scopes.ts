// The grammar of repository scopes, and what a write-sink accepts for them (policy.md, Scope grammar and write-sink).

const SCOPE = /^[a-z0-9_-]{1,39}\/(?:[a-z0-9_-]{1,100}\*?|\*)$/;
const ACCEPTED = /^(?:(?:private|public|internal):)?[a-z0-9_-]{1,39}(?:\/(?:[a-z0-9_-]{1,100}\*?|\*))?$/;

/** `owner/repo`, `owner/*` or `owner/prefix*`. */
export function isScope(text: string): boolean {
  return SCOPE.test(text);
}

/** `[visibility:]scope`, where a scope may also be an `owner` alone. The lone `*` is not among them. */
export function isAcceptedTag(text: string): boolean {
  return ACCEPTED.test(text);
}

/** What a write-sink beside an allow-only guard has to accept, so that what was read under `repos` can be written there. */
export function acceptFor(repos: "all" | "public" | readonly string[]): string[] {
  if (typeof repos === "string") return ["*"];
  return repos.map((scope) => `private:${scope.endsWith("/*") ? scope.slice(0, -2) : scope}`);
}
