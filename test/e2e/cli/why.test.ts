// The command line's preview with what would change it, in each mode, and as a test of its own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const root = process.env["EDGE_GUARD_ROOT"]!;
const cli = join(root, "dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "edge-guard-why-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: readonly string[]) {
  const done = spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: "utf8", timeout: 60_000 });
  return { code: done.status, out: done.stdout, error: done.stderr };
}

const demo = (name: string): string => join(root, `demo/scenarios/${name}.json`);

test("preview --why names the smallest changes and all that they do", () => {
  const { code, out, error } = run("preview", "--why", demo("injected-issue-filter"));
  assert.equal(error, "");
  assert.equal(code, 0);
  assert.match(out, /smallest changes of a policy/);
  assert.match(out, /Item 19\n +github +Add "mallory" to "trusted-users" +shows 1 item\n/);
  assert.match(out, /Set "repos" to "public" +hides 1 item, allows 1 write/);
  assert.match(
    out,
    /9 items of list_issues on github \(integrity\): Add "alice" to "trusted-users", which shows 9 items\n/,
  );
  assert.match(
    out,
    /1 call of add_issue_comment on github \(secrecy\): Set "repos" to "public", which hides 1 item, allows/,
  );
});

test("preview --why says so when no change of a policy would help", () => {
  const { out } = run("preview", "--why", demo("injected-issue-propagate"));
  assert.match(out, /Call 2 {2}github add_issue_comment\n +No change of a policy was found/);
});

test("preview --why of a scenario in which nothing is withheld", () => {
  const { out } = run("preview", "--why", demo("private-repository-approves"));
  assert.match(out, /Nothing is hidden or denied/);
});

test("preview --modes shows where each mode stops a session", () => {
  const { out } = run("preview", "--modes", demo("injected-issue-filter"));
  assert.match(out, /# +call +strict +filter +propagate\n/);
  assert.match(out, /0 +list_issues +denied 0\/30 +filtered 20\/30 +allowed 30\/30\n/);
  assert.match(out, /first stopped +call 0 +call 0 +call 2\n/);
});

test("preview --json --why --modes holds the changes with the policies to put in place", () => {
  const { out } = run("preview", "--json", "--why", "--modes", demo("injected-issue-filter"));
  const { suggestions, modeRows, calls } = JSON.parse(out);
  assert.equal(suggestions.complete, true);
  const trust = suggestions.changes.find(({ text }: { text: string }) => text.includes("mallory"));
  assert.deepEqual(trust.policy["allow-only"]["trusted-users"], ["mallory"]);
  assert.deepEqual(trust.effect.calls[0].shown, [19]);
  assert.equal(modeRows.length, calls.length);
});

test("preview --record writes a test that passes, and fails when the policy changes", () => {
  const scenario = JSON.parse(readFileSync(demo("injected-issue-filter"), "utf8"));
  for (const call of scenario.calls) delete call.expect;
  const bare = join(folder, "bare.json");
  writeFileSync(bare, JSON.stringify(scenario));
  const { out, code } = run("preview", "--record", bare);
  assert.equal(code, 0);
  const recorded = join(folder, "recorded.json");
  writeFileSync(recorded, out);
  assert.equal(run("test", recorded).code, 0);
  const looser = JSON.parse(out);
  looser.servers.github.policy["allow-only"]["min-integrity"] = "none";
  writeFileSync(recorded, JSON.stringify(looser));
  const failed = run("test", recorded);
  assert.equal(failed.code, 1);
  assert.match(failed.out, /calls\[0\]\.expect\.status/);
});

test("preview --record goes with no other form of report", () => {
  const { code, error } = run("preview", "--record", "--why", demo("injected-issue-filter"));
  assert.equal(code, 2);
  assert.match(error, /leave out --json, --why and --modes/);
});
