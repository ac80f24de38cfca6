// Real material: the tool list and the results of the protocol's reference server, over the official SDK, as they would be pasted.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { loadGuard, preview } from "edge-guard";
import { readMaterial, toolCoverage, toScenario } from "edge-guard/analysis";

const root = process.env["EDGE_GUARD_ROOT"]!;
const server = createRequire(import.meta.url).resolve("@modelcontextprotocol/server-everything/dist/index.js");

test("a reference server's tools and results become material, a scenario and a table", {
  timeout: 120_000,
}, async (context) => {
  const client = new Client({ name: "edge-guard-test", version: "1.0.0" });
  const transport = new StdioClientTransport({ command: process.execPath, args: [server, "stdio"], stderr: "ignore" });
  await client.connect(transport);
  context.after(() => client.close());
  const guard = await loadGuard(readFileSync(join(root, "dist/guards/repo-guard.wasm")));
  context.after(() => guard.close());
  const guards = { "repo-guard.wasm": guard };

  const listed = await client.listTools();
  const result = await client.callTool({ name: "echo", arguments: { message: "hello" } });
  const answer = await readMaterial(JSON.stringify(result));
  assert.ok(answer.kind === "result" && answer.shape === "mcp");
  const { scenario } = toScenario(answer, undefined, { tool: "echo", args: { message: "hello" } });
  assert.ok(scenario);
  const report = await preview(scenario, { guards });
  assert.equal(report.calls[0]?.outcome.status, "denied", "A tool that the guard does not know may do anything");

  const material = await readMaterial(JSON.stringify({ jsonrpc: "2.0", id: 1, result: listed }));
  assert.ok(material.kind === "tools");
  assert.equal(material.tools.length, listed.tools.length);
  const { tools, counts } = await toolCoverage(material.tools, scenario, "github", { guards });
  assert.equal(tools.length, listed.tools.length);
  assert.equal(counts.failed, 0);
  const echo = tools.find(({ tool }) => tool === "echo");
  assert.deepEqual([echo?.known, echo?.operation], ["default", "read-write"], "A guard for GitHub knows no echo");
  const pattern = tools.filter(({ tool }) => tool.startsWith("get-") || tool.startsWith("get_"));
  assert.ok(pattern.length > 0, "The server has tools that a guard could take for reads by their names");
  for (const { tool, known } of pattern) if (tool.startsWith("get-")) assert.equal(known, "default", tool);
});
