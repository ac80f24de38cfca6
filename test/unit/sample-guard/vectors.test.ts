// The sample guard's labels, case by case, over a host of the test's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import agents from "../../vectors/sample-guard/agents.json" with { type: "json" };
import evidence from "../../vectors/sample-guard/evidence.json" with { type: "json" };
import labels from "../../vectors/sample-guard/labels.json" with { type: "json" };
import { openHost, type Question } from "./host.ts";

const LEVELS = ["none", "unapproved", "approved", "merged"];

function upTo(level: string, scope: string): string[] {
  return LEVELS.slice(0, LEVELS.indexOf(level) + 1).map((name) => `${name}:${scope}`);
}

interface ItemLabels {
  description?: string;
  secrecy: string[];
  integrity: string[];
}

interface Response {
  items_path?: string;
  labeled_paths: { path: string; labels: ItemLabels }[];
}

interface EvidenceCase {
  name: string;
  tool: string;
  item: { $raw?: string };
  level: string;
  policy?: Record<string, unknown>;
  args?: Record<string, unknown>;
  private?: boolean;
}

for (const one of evidence.cases as unknown as EvidenceCase[]) {
  test(`evidence: ${one.name}`, async () => {
    const host = await openHost(() => ({ private: one.private ?? false }));
    const { $bots, ...extra } = one.policy ?? {};
    const policy = {
      "allow-only": { repos: ["acme/*"], "min-integrity": "none", ...extra },
      ...($bots ? { "trusted-bots": $bots } : {}),
    };
    assert.equal(typeof host.call("label_agent", policy), "object");
    const args = JSON.stringify(one.args ?? { owner: "acme", repo: "site" });
    // A search result has to name its repository itself.
    const item =
      one.item.$raw ??
      JSON.stringify(
        one.tool.startsWith("search_") ? { repository: { full_name: "acme/site" }, ...one.item } : one.item,
      );
    const { code, output } = host.callText(
      "label_response",
      `{"tool_name":"${one.tool}","tool_args":${args},"tool_result":[${item}]}`,
    );
    assert.ok(code > 0, `code ${code}`);
    const [labelled] = (JSON.parse(new TextDecoder().decode(output)) as Response).labeled_paths;
    assert.deepEqual(labelled!.labels.integrity, one.level === "blocked" ? [] : upTo(one.level, "acme/*"));
    assert.deepEqual(labelled!.labels.secrecy, one.private ? ["private:acme"] : []);
  });
}

interface LabelCase {
  name: string;
  policy: unknown;
  backend: { tool: string; args: unknown; result: unknown }[];
  call: { tool: string; args: unknown; result?: unknown };
  want?: Partial<ItemLabels> & { operation?: string };
  items?: (Partial<ItemLabels> & { level?: string })[];
  path?: string | null;
  asked?: [string, unknown][];
  none?: boolean;
  ignoreCase?: boolean;
}

/** `assert.deepEqual` for the keys that `want` names. */
function includes(actual: Record<string, unknown>, want: Record<string, unknown>): void {
  assert.deepEqual(Object.fromEntries(Object.keys(want).map((key) => [key, actual[key]])), want);
}

for (const one of labels.cases as unknown as LabelCase[]) {
  test(`labels: ${one.name}`, async () => {
    const plain = ({ tool, args }: Question): string => {
      const text = JSON.stringify([tool, args]);
      return one.ignoreCase ? text.toLowerCase() : text;
    };
    const host = await openHost((question) => one.backend.find((entry) => plain(entry) === plain(question))?.result);
    assert.equal(typeof host.call("label_agent", one.policy), "object");
    const call = { tool_name: one.call.tool, tool_args: one.call.args };
    if (one.want) {
      const { resource, operation } = host.call("label_resource", call) as { resource: ItemLabels; operation: string };
      includes({ ...resource, operation }, one.want);
    }
    if (one.none || one.items) {
      const answer = host.call("label_response", { ...call, tool_result: one.call.result });
      if (one.none) assert.equal(answer, null);
      else {
        const { items_path, labeled_paths } = answer as Response;
        assert.equal(items_path ?? null, one.path);
        assert.equal(labeled_paths.length, one.items!.length);
        one.items!.forEach(({ level, ...want }, index) => {
          const { path, labels } = labeled_paths[index]!;
          assert.equal(path, one.path === null ? "" : `${one.path}/${index}`);
          includes(labels as unknown as Record<string, unknown>, want);
          if (level) assert.deepEqual(labels.integrity, upTo(level, "acme/*"));
        });
      }
    }
    if (one.asked)
      assert.deepEqual(
        host.asked.map(({ tool, args }) => [tool, args]),
        one.asked,
      );
  });
}

interface AgentCase {
  name: string;
  payload: unknown;
  secrecy?: string[];
  integrity?: string[];
  repos?: unknown;
  normalized?: unknown;
  code?: number;
}

for (const one of agents.cases as unknown as AgentCase[]) {
  test(`agents: ${one.name}`, async () => {
    const host = await openHost();
    const answer = host.call("label_agent", one.payload);
    if (one.code) {
      assert.equal(answer, one.code);
      assert.equal(host.logs.length, 1);
      assert.equal(
        host.call("label_resource", { tool_name: "get_me", tool_args: {} }),
        -8,
        "no policy is in force after a refusal",
      );
      return;
    }
    const { agent, difc_mode, normalized_policy } = answer as {
      agent: ItemLabels;
      difc_mode: string;
      normalized_policy: Record<string, Record<string, unknown>>;
    };
    assert.deepEqual(agent, { secrecy: one.secrecy, integrity: one.integrity });
    assert.equal(difc_mode, "filter");
    if (one.repos) assert.deepEqual(normalized_policy["allow-only"]!["repos"], one.repos);
    if (one.normalized) assert.deepEqual(normalized_policy, one.normalized);
  });
}
