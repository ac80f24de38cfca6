// What an agent lives through behind a proxy before the reference server.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type AgentClient, type ClientKind, connect } from "./clients.ts";
import { TOKEN } from "./everything-guard.ts";
import type { Everything } from "./everything-server.ts";
import { AGENTS, until } from "./scenario.ts";

export const CLIENTS: readonly ClientKind[] = ["v1", "v2", "v2 in its older form"];

let agents = 0;

/** `url` is the proxy's, with the paths /filter and /propagate. */
export async function runEverything(context: TestContext, url: string, server: Everything): Promise<void> {
  for (const kind of CLIENTS) await context.test(`a client of ${kind}`, (inner) => runClient(inner, kind, url, server));
  for (const kind of ["v1", "v2"] as const) {
    await context.test(`50 agents of ${kind} at once`, () => runMany(kind, url, server));
  }
}

async function runClient(context: TestContext, kind: ClientKind, url: string, server: Everything): Promise<void> {
  const token = `${TOKEN}.${agents++}`;
  const behind = async (mode: string, use: (client: AgentClient) => Promise<void>): Promise<void> => {
    const client = await connect(kind, `${url}/${mode}`, `${token}.${mode}`);
    try {
      await use(client);
    } finally {
      await client.close();
    }
  };

  await context.test("only tools are advertised, and nothing else reaches the server", () =>
    behind("filter", async (client) => {
      const { tools, ...others } = client.capabilities as Record<string, unknown>;
      assert.ok(tools);
      assert.deepEqual(others, {});
      const names = (await client.tools()).map(({ name }) => name);
      for (const name of ["echo", "get-env", "get-structured-content", "trigger-long-running-operation"]) {
        assert.ok(names.includes(name), name);
      }
      await assert.rejects(client.resource("demo://resource/static/document/architecture.md"));
      await assert.rejects(client.prompt("simple-prompt"));
      await assert.rejects(client.complete("completable-prompt", "department", "E"));
      assert.ok(!server.seen.some((method) => /^(resources|prompts|completion)/.test(method)), server.seen.join());
    }),
  );

  await context.test("a list is filtered", () =>
    behind("filter", async (client) => {
      const { content, isError } = await client.call("get-env", {});
      assert.ok(!isError);
      const text = JSON.stringify(content);
      assert.match(text, /open words/);
      assert.ok(!text.includes("FORBIDDEN"), text);
      assert.match(content.at(-1)?.text ?? "", /^2 items were withheld by the secrecy policy/);
    }),
  );

  await context.test("structured content, images and errors of the server come through", () =>
    behind("filter", async (client) => {
      await client.tools();
      const weather = await client.call("get-structured-content", { location: "Chicago" });
      assert.deepEqual(weather.structuredContent, {
        temperature: 36,
        conditions: "Light rain / drizzle",
        humidity: 82,
      });
      assert.ok((await client.call("get-tiny-image", {})).content.some(({ type }) => type === "image"));
      const refused = await client.call("get-structured-content", { location: "Nowhere" }).catch((error: Error) => ({
        isError: true,
        content: [{ type: "text", text: error.message }],
      }));
      assert.ok(refused.isError);
      assert.match(JSON.stringify(refused.content), /location/);
    }),
  );

  await context.test("a write after taint is denied and never reaches the server", () =>
    behind("propagate", async (client) => {
      assert.match((await client.call("echo", { message: "before" })).content[0]?.text ?? "", /before/);
      assert.match(JSON.stringify(await client.call("get-env", {})), /FORBIDDEN/, "propagate mode shows and taints");
      const before = server.seen.filter((call) => call === "tools/call echo").length;
      const denied = await client.call("echo", { message: "after" });
      assert.ok(denied.isError);
      assert.match(denied.content[0]?.text ?? "", /denied by the secrecy policy/);
      assert.equal(server.seen.filter((call) => call === "tools/call echo").length, before);
    }),
  );

  await context.test("a long call shows its progress", () =>
    behind("filter", async (client) => {
      const heard: number[] = [];
      const { content } = await client.call(
        "trigger-long-running-operation",
        { duration: 1.6, steps: 8 },
        { onprogress: ({ progress }) => void heard.push(progress) },
      );
      assert.match(content[0]?.text ?? "", /completed/);
      assert.deepEqual(heard, [1, 2, 3, 4, 5, 6, 7, 8]);
    }),
  );

  await context.test("a call that is cancelled is cancelled on the server", () =>
    behind("filter", async (client) => {
      const count = (what: string): number => server.seen.filter((method) => method === what).length;
      const running = "tools/call trigger-long-running-operation";
      const [started, cancelled] = [count(running), count("notifications/cancelled")];
      const controller = new AbortController();
      const call = client.call(
        "trigger-long-running-operation",
        { duration: 60, steps: 60 },
        { signal: controller.signal },
      );
      call.catch(() => {});
      await until(() => count(running) > started);
      controller.abort();
      await assert.rejects(call);
      await until(() => count("notifications/cancelled") > cancelled);
      assert.equal(count("notifications/cancelled"), cancelled + 1);
      assert.match((await client.call("echo", { message: "still there" })).content[0]?.text ?? "", /still there/);
    }),
  );
}

/** Half of the agents read what is secret; exactly they cannot write any more. */
async function runMany(kind: ClientKind, url: string, server: Everything): Promise<void> {
  const mine = agents++;
  const before = server.seen.filter((call) => call === "tools/call echo").length;
  const denied = await Promise.all(
    Array.from({ length: AGENTS }, async (_, agent) => {
      const client = await connect(kind, `${url}/propagate`, `${TOKEN}.${mine}-${agent}`);
      await client.call(agent % 2 === 0 ? "get-env" : "get-tiny-image", {});
      const { isError } = await client.call("echo", { message: `agent ${agent}` });
      await client.close();
      return isError === true;
    }),
  );
  assert.deepEqual(
    denied,
    Array.from({ length: AGENTS }, (_, agent) => agent % 2 === 0),
  );
  assert.equal(server.seen.filter((call) => call === "tools/call echo").length, before + AGENTS / 2);
}
