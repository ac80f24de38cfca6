// The analysis of every scenario of the gallery with the sample guard, and of a result of ten thousand items.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  changesFor,
  compareReports,
  decodeShare,
  encodeShare,
  probesFor,
  reach,
  recordExpectations,
  suggestChanges,
  summarizeWithheld,
  withheldText,
} from "../../../src/analysis/index.ts";
import { loadGuard } from "../../../src/guard/load.ts";
import { preview } from "../../../src/monitor/preview.ts";
import { parseScenario, type Scenario } from "../../../src/monitor/scenario.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? ".";
const folder = join(root, "demo/scenarios");
const guard = await loadGuard(readFileSync(join(root, "dist/guards/repo-guard.wasm")), { name: "repo-guard" });
after(() => guard.close());
const options = { guards: () => guard };

function load(name: string): Scenario {
  return parseScenario(readFileSync(join(folder, `${name}.json`), "utf8"));
}

const names = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length));

for (const name of names) {
  test(`${name}: every suggested change does exactly what it says`, async () => {
    const scenario = load(name);
    const found = await suggestChanges(scenario, { ...options, maxRuns: 12 });
    for (const { server, policy, effect } of found.changes) {
      const servers = { ...scenario.servers, [server]: { ...scenario.servers[server], policy } };
      const report = await preview({ ...scenario, servers }, options);
      assert.deepEqual(compareReports(found.report, report), effect);
    }
    const withheld = found.report.calls.flatMap(({ items }) => items.filter(({ visible }) => !visible));
    const groups = summarizeWithheld(found);
    assert.equal(
      groups.reduce((sum, { items }) => sum + items, 0),
      withheld.length,
      "Every withheld item is in one group",
    );
    for (const group of groups) assert.match(withheldText(group), /: (no change|\w+ ")/);
  });

  test(`${name}: recorded it passes, and a link holds it`, async () => {
    const scenario = load(name);
    const recorded = recordExpectations(scenario, await preview(scenario, options));
    assert.equal((await preview(recorded, options)).passed, true);
    const link = await encodeShare({ scenario }, { maxLength: 1e9 });
    assert.ok(link.ok);
    assert.deepEqual(
      JSON.stringify((await decodeShare(link.hash)).scenario.calls),
      JSON.stringify(JSON.parse(JSON.stringify(sortedKeys(scenario.calls)))),
    );
  });

  test(`${name}: what can be reached before a call is what then happens`, async () => {
    const scenario = load(name);
    const report = await preview(scenario, options);
    const probes = scenario.calls.map(({ server, tool, args }) => ({ server, tool, args }));
    const { reached } = await reach(scenario, { ...options, probes });
    for (const [index, { outcome }] of report.calls.entries()) {
      const isDenied = outcome.trace[0]?.status === "denied" || outcome.trace[2]?.status === "denied";
      assert.equal(reached[index]!.steps[index]!.state === "closed", isDenied, `call ${index}`);
    }
  });
}

/** A link holds canonical JSON, whose keys are sorted. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sortedKeys(part)]),
  );
}

test("ten thousand items: every item finds its changes, the runs are bounded, and others have a turn between them", async () => {
  const count = 10_000;
  const items = Array.from({ length: count }, (_, index) => ({
    number: index,
    title: `Issue ${index}`,
    html_url: `https://github.com/acme/site/issues/${index}`,
    user: { login: `user-${index % 400}` },
    author_association: ["NONE", "MEMBER", "CONTRIBUTOR"][index % 3],
    labels: [{ name: `label-${index % 50}` }],
  }));
  const scenario = load("injected-issue-filter");
  const large = { ...scenario, calls: [{ ...scenario.calls[0]!, result: items }] };
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const found = await suggestChanges(large, { ...options, maxRuns: 10 });
  isOver = true;
  assert.equal(found.tried, 10);
  assert.equal(found.complete, false);
  assert.ok(turns >= 10, `Others had ${turns} turns`);
  assert.equal(found.unsolved, 0);
  const lower = found.changes.find(({ text }) => text === 'Set "min-integrity" to "unapproved"');
  assert.equal(lower?.effect.shown, items.filter(({ author_association: standing }) => standing !== "MEMBER").length);
  assert.deepEqual(
    changesFor(found, { call: 0, item: 0 }).map(({ text }) => text.replace(/"[^"]*" to "approval-labels"/, "…")),
    [
      'Add "user-0" to "trusted-users"',
      "Add …",
      'Set "promotion-label" to "label-0"',
      'Set "min-integrity" to "unapproved"',
    ],
  );
  assert.equal(changesFor(found, { call: 0, item: 1 }).length, 0, "An item that is visible needs no change");
});

test("time ends a search as runs do", async () => {
  const found = await suggestChanges(load("injected-issue-filter"), { ...options, maxMilliseconds: -1 });
  assert.deepEqual([found.tried, found.complete, found.changes], [0, false, []]);
});

test("a list of tools makes probes of what its schemas ask for", async () => {
  const scenario = load("injected-issue-filter");
  const tools = [
    {
      name: "list_issues",
      inputSchema: { required: ["owner", "repo", "state"], properties: { state: { enum: ["open"] } } },
    },
    { name: "add_issue_comment", inputSchema: { required: ["owner", "repo"] } },
  ];
  const probes = probesFor(tools, scenario, "github");
  assert.deepEqual(probes[0], {
    server: "github",
    tool: "list_issues",
    args: { owner: "acme", repo: "site", state: "open" },
  });
  const { reached } = await reach(scenario, { ...options, probes });
  assert.deepEqual(
    reached.map(({ operation, steps }) => [operation, steps[0]?.state]),
    [
      ["read", "by-item"],
      ["write", "closed"],
    ],
  );
});
