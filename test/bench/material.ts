// What benches label and filter: issues as GitHub's MCP server gives them.

/** About 600 bytes: the smaller the item, the harder to keep up with JSON.parse. */
export function issue(number: number): Record<string, unknown> {
  return {
    number,
    title: `The build of target ${number} fails on a fresh clone`,
    body: `Steps:\n1. clone\n2. run the build\n\nExpected: it passes. Got: error ${number * 7919} in the linker.\n`.repeat(
      2,
    ),
    state: number % 3 === 0 ? "closed" : "open",
    user: { login: `user-${number % 97}`, id: 1000 + (number % 97), type: "User" },
    labels: [{ name: "bug" }, { name: `area/${number % 13}` }],
    comments: number % 11,
    created_at: "2026-01-02T03:04:05Z",
    updated_at: "2026-02-03T04:05:06Z",
    author_association: ["OWNER", "NONE", "CONTRIBUTOR", "FIRST_TIMER"][number % 4],
    html_url: `https://github.com/acme/site/issues/${number}`,
  };
}

export const issues = (count: number): unknown[] => Array.from({ length: count }, (_, index) => issue(index));

/** What the sample guard is told. */
export const policy: unknown = {
  "allow-only": { repos: ["acme/*"], "min-integrity": "approved", "trusted-users": ["user-3"] },
};
