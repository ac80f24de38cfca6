// Monitor and preview with a real guard: servers that share it under different policies, and guards that the preview loads.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createMonitor, functionBackend, loadGuard, preview } from "edge-guard";

const bytes = readFileSync(join(process.env["EDGE_GUARD_ROOT"]!, "dist/guards/repo-guard.wasm"));
const policy = (scope: string) => ({ "allow-only": { repos: [scope], "min-integrity": "approved" } });
const args = (owner: string) => ({ owner, repo: "site" });
const issues = [
  { number: 1, author_association: "MEMBER" },
  { number: 2, author_association: "NONE" },
];

test("two servers that share one guard under different policies never share its memory", async () => {
  const guard = await loadGuard(bytes);
  const backend = functionBackend(() => ({ private: true }));
  const servers = {
    acme: { guard, policy: policy("acme/*"), backend },
    beta: { guard, policy: policy("beta/*"), backend },
  };
  const monitor = createMonitor({ servers });
  const read = (server: string, owner: string) =>
    monitor.callTool({ agentId: `${server} ${owner}`, server, tool: "list_issues", args: args(owner) }, () => issues);
  for (let round = 0; round < 3; round++) {
    const outcomes = await Promise.all([
      read("acme", "acme"),
      read("beta", "beta"),
      read("acme", "beta"),
      read("beta", "acme"),
    ]);
    assert.deepEqual(
      outcomes.map(({ agent }) => agent.before.secrecy),
      [["private:acme"], ["private:beta"], ["private:acme"], ["private:beta"]],
    );
    // Private repositories of the own scope are approved as a whole; of another scope nothing is shown.
    assert.deepEqual(
      outcomes.map(({ removed }) => removed.length),
      [0, 0, 2, 2],
    );
  }
  await monitor.close();
  assert.equal(guard.health, "ok", "a guard that was given stays open");
  await guard.close();
});

test("the preview loads a source, holds it to the scenario's digest, and hands out its log", async () => {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const scenario = (digest: string) => ({
    servers: { github: { guard: { wasm: "repo-guard.wasm", sha256: digest }, policy: policy("acme/*") } },
    calls: [{ server: "github", tool: "list_issues", args: args("acme"), result: issues }],
  });
  const progress = new Set<string>();
  const guards = { "repo-guard.wasm": bytes };
  const report = await preview(scenario(sha256), { guards, onProgress: ({ phase }) => progress.add(phase) });
  assert.ok(report.calls[0]?.outcome.status !== "failed", String(report.calls[0]?.outcome.error));
  assert.ok(progress.has("compile") || progress.has("instantiate"));
  assert.deepEqual(report.missingAnswers, [{ server: "github", tool: "get_repository", args: args("acme") }]);
  const other = createHash("sha256").update("another").digest("hex");
  await assert.rejects(preview(scenario(other), { guards }), { name: "ModuleError", code: "integrity-mismatch" });
  const late = await preview(scenario(sha256), { guards: async () => bytes, backendDelayMs: 1 });
  assert.deepEqual(late.calls[0]?.items, report.calls[0]?.items);
});
