// A live session that was recorded comes out the same when it is previewed, and can be explained.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { recordingMonitor, suggestChanges, summarizeWithheld, withheldText } from "../../../src/analysis/index.ts";
import { functionBackend } from "../../../src/backend/function.ts";
import { loadGuard } from "../../../src/guard/load.ts";
import * as library from "../../../src/index.ts";
import { createMonitor } from "../../../src/monitor/monitor.ts";
import { preview } from "../../../src/monitor/preview.ts";
import * as proxies from "../../../src/proxy/index.ts";
import { answerOf, clientRequest, testProxy } from "../../suites/proxy.ts";
import { type ServerScript, scriptedGuard } from "../../suites/scripted-guard.ts";
import setup from "../../vectors/proxy/setup.json" with { type: "json" };
import { session } from "./sessions.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? ".";
const guard = await loadGuard(readFileSync(join(root, "dist/guards/repo-guard.wasm")), { name: "repo-guard" });
after(() => guard.close());

const policy = { "allow-only": { repos: ["acme/*"], "min-integrity": "approved" } };
const sink = { "write-sink": { accept: ["private:globex"] } };
const named = { github: { guard: { wasm: "repo-guard.wasm" }, policy }, chat: { policy: sink } };
const site = { owner: "acme", repo: "site" };
const issues = [
  { number: 1, user: { login: "ann" }, author_association: "MEMBER" },
  { number: 2, user: { login: "bob" }, author_association: "NONE" },
];

function live(options: { maxAgents?: number; maxCalls?: number } = {}) {
  const backend = functionBackend(async (_tool, args) => ({ private: (args as { repo: string }).repo === "vault" }));
  const monitor = createMonitor({ servers: { github: { guard, policy, backend }, chat: { policy: sink } } });
  return recordingMonitor(monitor, { servers: named, ...options });
}

test("a session that was recorded comes out the same, and says what would let things through", async () => {
  const monitor = live();
  const given = structuredClone(issues);
  const listed = await monitor.callTool(
    { agentId: "a", server: "github", tool: "list_issues", args: site },
    () => given,
  );
  given.length = 0;
  const posted = await monitor.callTool({ agentId: "a", server: "chat", tool: "post" }, () =>
    assert.fail("It is denied"),
  );
  const failed = await monitor.callTool({ agentId: "a", server: "github", tool: "list_issues", args: site }, () => {
    throw new Error("Down");
  });
  const lived = [listed, posted, failed];
  assert.deepEqual(
    lived.map(({ status }) => status),
    ["filtered", "denied", "failed"],
  );
  const scenario = monitor.scenario("a");
  assert.deepEqual(scenario?.servers["github"]?.backend, [
    { tool: "get_repository", args: site, result: { private: false } },
  ]);
  const options = { guards: { "repo-guard.wasm": guard } };
  const report = await preview(JSON.stringify(scenario), options);
  for (const [index, outcome] of lived.entries()) {
    const { status, removed, agent, result } = report.calls[index]!.outcome;
    assert.deepEqual([status, removed, agent], [outcome.status, outcome.removed, outcome.agent]);
    if (status !== "failed") assert.deepEqual(result, outcome.result);
  }
  const groups = summarizeWithheld(await suggestChanges(scenario, options));
  assert.deepEqual(groups.map(withheldText), [
    '1 item of list_issues on github (integrity): Add "bob" to "trusted-users", which shows 1 item',
    '1 call of post on chat (secrecy): Add "private:acme" to "accept", which allows 1 write',
  ]);
});

test("agents are told apart, an operator's word begins a recording anew, and old ones are forgotten", async () => {
  const monitor = live({ maxAgents: 2, maxCalls: 1 });
  const list = (agentId: string) =>
    monitor.callTool({ agentId, server: "github", tool: "list_issues", args: site }, () => issues);
  for (const agent of ["a", "b", "a", "c"]) await list(agent);
  assert.deepEqual(monitor.recorded, ["a", "c"]);
  assert.equal(monitor.scenario("b"), undefined);
  assert.match(monitor.scenario("a")?.title ?? "", /1 later calls were not kept/);
  assert.equal(monitor.scenario("a")?.calls.length, 1);
  await monitor.agents.set("a", { secrecy: ["private:x"], integrity: [] });
  assert.equal(monitor.scenario("a"), undefined);
  await list("a");
  assert.deepEqual(monitor.scenario("a")?.agent?.secrecy, ["private:x"]);
  monitor.forget("a");
  assert.deepEqual(monitor.recorded, ["c"]);
  monitor.forget();
  assert.deepEqual(monitor.recorded, []);
});

test("misuse names the option", () => {
  const monitor = createMonitor({ servers: { chat: { policy: sink } } });
  assert.throws(() => recordingMonitor(monitor, { servers: {} }), /"servers" lacks its server "chat"/);
  assert.throws(() => recordingMonitor(monitor, { servers: named, maxCalls: 0 }), /"maxCalls"/);
  assert.throws(() => recordingMonitor(monitor, { servers: named, maxAgents: 1.5 }), /"maxAgents"/);
});

test("behind the proxy it records what agents did over MCP", async () => {
  const notes = scriptedGuard("notes", setup.guard as ServerScript);
  const monitor = recordingMonitor(createMonitor({ servers: { notes: { guard: notes } } }), {
    servers: { notes: { guard: { wasm: "notes.wasm" } } },
  });
  const { proxy } = testProxy(library as never, proxies as never, {}, { monitor });
  const call = (name: string) =>
    clientRequest({ method: "tools/call", params: { name, arguments: { a: 1 } } }, "modern");
  const listed = await answerOf(proxy, call("list_notes"));
  await answerOf(proxy, call("post_public"));
  assert.ok(!listed.text.includes("FORBIDDEN"));
  const [agentId] = monitor.recorded;
  const scenario = monitor.scenario(agentId ?? "");
  assert.deepEqual(
    scenario?.calls.map(({ server, tool, args }) => [server, tool, args]),
    [
      ["notes", "list_notes", { a: 1 }],
      ["notes", "post_public", { a: 1 }],
    ],
  );
  const report = await preview(scenario, { guards: { "notes.wasm": notes } });
  assert.deepEqual(
    report.calls.map(({ outcome }) => [outcome.status, outcome.removed.map(({ index }) => index)]),
    [
      ["filtered", [1]],
      ["denied", []],
    ],
  );
});

test("whatever the session, its recording comes out the same", async () => {
  await fc.assert(
    fc.asyncProperty(session, async ({ scenario, guards }) => {
      const servers = Object.fromEntries(
        Object.keys(scenario.servers).map((id) => [id, { guard: guards[`${id}.wasm`] }]),
      );
      const inner = createMonitor({ servers });
      await inner.agents.set("default", scenario.agent as never);
      const monitor = recordingMonitor(inner, { servers: scenario.servers });
      const lived = [];
      for (const { server, tool, args, result } of scenario.calls) {
        lived.push(await monitor.callTool({ server, tool, args }, () => result));
      }
      if (lived.length === 0) return;
      const report = await preview(monitor.scenario("default"), { guards });
      for (const [index, outcome] of lived.entries()) {
        const replayed = report.calls[index]!.outcome;
        assert.deepEqual([replayed.status, replayed.removed], [outcome.status, outcome.removed]);
        assert.deepEqual(replayed.agent, outcome.agent);
      }
    }),
    { numRuns: 150 },
  );
});
