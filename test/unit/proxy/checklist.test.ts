// Every line of the checklist (research/mcp.md) is held by tests that exist, and the requirements that nothing else tests.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import * as library from "../../../src/index.ts";
import * as proxies from "../../../src/proxy/index.ts";
import { answerOf, clientRequest, TOKEN, testProxy } from "../../suites/proxy.ts";
import checklist from "../../vectors/proxy/checklist.json" with { type: "json" };

const root = process.env["EDGE_GUARD_ROOT"] ?? ".";
const sources = ["test/unit/proxy", "test/vectors/proxy", "test/e2e/proxy"].flatMap((folder) =>
  readdirSync(`${root}/${folder}`)
    .filter((name) => /\.(ts|json)$/.test(name) && !name.startsWith("checklist"))
    .map((name) => readFileSync(`${root}/${folder}/${name}`, "utf8")),
);
// This file's own tests, without the list.
sources.push(readFileSync(`${root}/test/unit/proxy/checklist.test.ts`, "utf8"));

for (const { name, tests } of checklist.cases) {
  test(`the checklist's "${name}" is tested`, () => {
    assert.deepEqual(
      tests.filter((part) => !sources.some((text) => text.includes(part))),
      [],
    );
  });
}

const make = (server = {}, options = {}) => testProxy(library as never, proxies as never, server, options);
const call = (name: string, era: "modern" | "legacy", headers = {}) =>
  clientRequest({ method: "tools/call", params: { name, arguments: {}, _meta: { progressToken: 1 } } }, era, headers);

for (const era of ["modern", "legacy"] as const) {
  test(`${era}: what a server logs never passes`, async () => {
    const { server } = make({ era, body: "sse" });
    const notification = {
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "info", data: "FORBIDDEN" },
    };
    const logging = async (url: string, init: RequestInit): Promise<Response> => {
      const response = await server.fetch(url, init);
      if (init.body === undefined || !String(init.body).includes("tools/call")) return response;
      const text = `data: ${JSON.stringify(notification)}\n\n${await response.text()}`;
      return new Response(text, { headers: { "content-type": "text/event-stream" } });
    };
    const upstream = proxies.httpUpstream("https://mcp.example/mcp", { fetch: logging });
    const { proxy } = make({}, { upstreams: { notes: { upstream, prefix: "" } } });
    const { text } = await answerOf(proxy, call("get_open", era));
    assert.match(text, /open words/);
    assert.doesNotMatch(text, /FORBIDDEN|notifications\/message/);
  });

  test(`${era}: a client's abilities are not the proxy's`, async () => {
    const { proxy, server } = make({ era });
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: { sampling: {}, elicitation: {}, roots: {}, tasks: {} },
    };
    await answerOf(proxy, clientRequest({ method: "initialize", params }, "legacy"));
    await answerOf(proxy, call("get_open", "modern"));
    for (const { params: sent } of server.seen) {
      const meta = (sent["_meta"] ?? {}) as Record<string, unknown>;
      const told = sent["capabilities"] ?? meta["io.modelcontextprotocol/clientCapabilities"] ?? {};
      assert.deepEqual(told, {});
    }
    assert.ok(server.seen.some(({ params: sent }) => "capabilities" in sent || "_meta" in sent));
  });
}

test("a session is no state: any id will do, also after it was ended", async () => {
  const { proxy } = make();
  const headers = { Authorization: `Bearer ${TOKEN}`, "Mcp-Session-Id": "made-up" };
  const end = (): Promise<Response> =>
    proxy.fetch(new Request("https://proxy.example/mcp", { method: "DELETE", headers }));
  for (let turn = 0; turn < 2; turn++) {
    const { response, text } = await answerOf(proxy, call("get_open", "legacy", { "Mcp-Session-Id": "made-up" }));
    assert.equal(response.status, 200);
    assert.match(text, /open words/);
    assert.equal((await end()).status, 204);
  }
});

test("nothing that was sent is sent again: events carry no ids, and a stream cannot be taken up", async () => {
  const { proxy } = make({ body: "sse" }, { streamAfterMs: 1 });
  const session = { "Mcp-Session-Id": "a", Accept: "text/event-stream" };
  const { response, text } = await answerOf(proxy, call("get_open", "legacy", session));
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.doesNotMatch(text, /^id:/m);
  for (const last of ["1", "", "../../x"]) {
    const headers = { ...session, Authorization: `Bearer ${TOKEN}`, "Last-Event-ID": last };
    const again = await proxy.fetch(new Request("https://proxy.example/mcp", { headers }));
    assert.equal(again.status, 405);
  }
  await proxy.close();
});
