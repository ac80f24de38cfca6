// What an agent lives through behind a guarded proxy, whichever client it has and wherever the proxy runs.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type ClientKind, connect } from "./clients.ts";
import type { Github } from "./servers.ts";

export const AGENTS = 50;
export const POLICY = {
  "allow-only": { repos: "public", "min-integrity": "approved" },
};

export function tokenOf(agent: number | string): string {
  return `token-of-agent-${agent}-padding`;
}

/** What the proxies are told: `AGENT_TOKENS` of the demos. */
export const TOKENS: Readonly<Record<string, { readonly principal: string; readonly agent: string }>> =
  Object.fromEntries(
    ["v1", "v2", "older", "events", ...Array.from({ length: AGENTS }, (_, agent) => agent)].flatMap((agent) =>
      [0, 1, 2].map((turn) => [tokenOf(`${agent}.${turn}`), { principal: "team", agent: `${agent}.${turn}` }]),
    ),
  );

export interface Proxies {
  /** A proxy in filter mode. */
  readonly filter: string;
  /** A proxy in propagate mode. */
  readonly propagate: string;
}

let turn = 0;

export async function runScenario(
  context: TestContext,
  kind: ClientKind,
  { filter, propagate }: Proxies,
  server: Github,
  streams = true,
): Promise<void> {
  const token = tokenOf(`${kind === "v2 in its older form" ? "older" : kind}.${turn++ % 3}`);
  const open = { owner: "acme", repo: "site" };
  const closed = { owner: "acme", repo: "vault" };

  await context.test("only what is covered is advertised, and nothing else can be asked", async () => {
    const client = await connect(kind, filter, token);
    const { tools, ...others } = client.capabilities as Record<string, unknown>;
    assert.ok(tools);
    assert.deepEqual(others, {});
    assert.deepEqual(
      (await client.tools()).map(({ name }) => name),
      ["list_issues", "get_repository", "issue_read", "add_issue_comment"],
    );
    await assert.rejects(client.resource("repo://acme/vault/contents/secret"));
    await client.close();
  });

  await context.test("a list is filtered and still fits its schema", async () => {
    const client = await connect(kind, filter, token);
    await client.tools();
    const { structuredContent, content, isError } = await client.call("list_issues", open);
    assert.ok(!isError);
    assert.deepEqual(
      structuredContent?.items?.map(({ number }) => number),
      [0, 3, 4, 7],
    );
    assert.equal(structuredContent?.total_count, 4);
    assert.match(content.at(-1)?.text ?? "", /^4 items were withheld by the integrity policy/);
    const denied = await client.call("issue_read", {
      ...closed,
      method: "get",
      issue_number: 3,
    });
    assert.ok(denied.isError && !JSON.stringify(denied).includes("Issue 3"));
    await client.close();
  });

  await context.test("a write after taint is denied and never reaches the server", async () => {
    const client = await connect(kind, propagate, token);
    const comment = (body: string) => client.call("add_issue_comment", { ...open, issue_number: 1, body });
    const before = server.written.length;
    assert.ok(!(await comment("before")).isError);
    assert.match(
      (
        await client.call("issue_read", {
          ...closed,
          method: "get",
          issue_number: 3,
        })
      ).content[0]?.text ?? "",
      /Issue 3/,
    );
    const denied = await comment("after");
    assert.ok(denied.isError);
    assert.match(denied.content[0]?.text ?? "", /denied by the (secrecy|integrity) policy/);
    assert.equal(server.written.length, before + 1);
    await client.close();
  });

  await context.test("a long call shows its progress in numbers", async () => {
    const client = await connect(kind, filter, token);
    const heard: { readonly progress: number; readonly message?: string }[] = [];
    const { structuredContent } = await client.call(
      "list_issues",
      { ...open, slow: true },
      { onprogress: (progress) => void heard.push(progress) },
    );
    assert.equal(structuredContent?.items?.length, 4);
    if (streams)
      assert.deepEqual(
        heard.map(({ progress }) => progress),
        [1, 2, 3, 4, 5],
      );
    assert.ok(heard.every(({ message }) => message === undefined));
    await client.close();
  });

  await context.test("a call that is cancelled is cancelled on the server", async () => {
    const client = await connect(kind, filter, token);
    const controller = new AbortController();
    const { cancelled, hung } = server;
    const call = client.call("list_issues", { ...open, hang: true }, { signal: controller.signal });
    call.catch(() => {});
    await until(() => server.hung > hung);
    controller.abort();
    await assert.rejects(call);
    await until(() => server.cancelled > cancelled);
    assert.deepEqual([server.hung, server.cancelled], [hung + 1, cancelled + 1]);
    await client.close();
  });
}

/** Waits for what another process does; gives up after 20 seconds, and the assertion behind it says what is missing. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let wait = 0; wait < 400 && !isSo(); wait++) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Half of the agents read what is private; exactly they cannot write what is public any more. */
export async function runManyAgents(kind: ClientKind, { propagate }: Proxies): Promise<void> {
  const mine = turn++ % 3;
  const denied = await Promise.all(
    Array.from({ length: AGENTS }, async (_, agent) => {
      const client = await connect(kind, propagate, tokenOf(`${agent}.${mine}`));
      const repo = agent % 2 === 0 ? "vault" : "site";
      await client.call("issue_read", {
        owner: "acme",
        repo,
        method: "get",
        issue_number: 3,
      });
      const { isError } = await client.call("add_issue_comment", {
        owner: "acme",
        repo: "site",
        issue_number: 1,
        body: `agent ${agent}`,
      });
      await client.close();
      return isError === true;
    }),
  );
  assert.deepEqual(
    denied,
    Array.from({ length: AGENTS }, (_, agent) => agent % 2 === 0),
  );
}
