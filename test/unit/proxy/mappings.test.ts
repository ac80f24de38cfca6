// Resources and prompts: only what is mapped, as the tool that the guard knows or under fixed labels.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as library from "../../../src/index.ts";
import * as proxies from "../../../src/proxy/index.ts";
import { readMappings } from "../../../src/proxy/mappings.ts";
import { answerOf, clientRequest, type Era, testProxy } from "../../suites/proxy.ts";
import { proxyServer } from "../../suites/proxy-server.ts";
import setup from "../../vectors/proxy/setup.json" with { type: "json" };

const fixed = { secrecy: [], integrity: ["approved"] };
const secret = { secrecy: ["private:theirs"], integrity: ["approved"] };
const resources = [
  { uri: "note://open/{number}", tool: "get_open" },
  { uri: "note://all", tool: "list_notes" },
  { uri: "note://closed", tool: "get_closed" },
  { uri: "docs://public/**", labels: fixed },
  { uri: "docs://secret/*", labels: secret },
  { prompt: "review", labels: fixed },
  { prompt: "leak", labels: secret },
];

function make(era: Era) {
  const entries = ["docs://public/a/b", "docs://secret/a", "docs://elsewhere"].map((uri) => ({
    uri,
    name: uri.includes("public") ? "a" : "FORBIDDEN",
  }));
  const upstream = proxyServer({
    era,
    body: "json",
    tools: setup.tools,
    methods: {
      "resources/read": ({ uri }: { uri: string }) => ({
        contents: [{ uri, text: uri.includes("public") ? "public words" : "FORBIDDEN" }],
        _meta: { x: "FORBIDDEN" },
      }),
      "resources/list": () => ({ resources: entries, _meta: { x: "FORBIDDEN" } }),
      "resources/templates/list": () => ({ resourceTemplates: [{ uriTemplate: "FORBIDDEN" }] }),
      "prompts/list": () => ({
        prompts: ["review", "leak", "other"].map((name) => ({
          name,
          description: name === "review" ? "fine" : "FORBIDDEN",
        })),
      }),
      "prompts/get": ({ name }: { name: string }) => ({
        messages: [{ role: "user", content: { type: "text", text: name === "review" ? "Review this" : "FORBIDDEN" } }],
      }),
    },
  });
  const server = proxies.httpUpstream("https://mcp.example/mcp", { fetch: upstream.fetch });
  const { proxy } = testProxy(
    library as never,
    proxies as never,
    {},
    { upstreams: { notes: { upstream: server, prefix: "", resources } } },
  );
  const ask = async (method: string, params: Record<string, unknown>, client: Era) => {
    const { text, message } = await answerOf(proxy, clientRequest({ method, params }, client));
    assert.ok(!text.includes("FORBIDDEN"), text);
    return message as { result: Record<string, unknown>; error: { code: number; message: string } };
  };
  return { ask, upstream };
}

for (const era of ["modern", "legacy"] as const) {
  test(`${era}: a resource that is mapped to a tool is read by calling the tool`, async () => {
    const { ask, upstream } = make(era);
    const { result } = await ask("resources/read", { uri: "note://open/7" }, era);
    assert.deepEqual(result["contents"], [{ uri: "note://open/7", mimeType: "text/plain", text: "open words" }]);
    assert.deepEqual(
      [result["ttlMs"], result["cacheScope"]],
      era === "modern" ? [0, "private"] : [undefined, undefined],
    );
    const { method, params } = upstream.seen.at(-1)!;
    assert.deepEqual([method, params["name"], params["arguments"]], ["tools/call", "get_open", { number: "7" }]);
    const { result: all } = await ask("resources/read", { uri: "note://all" }, era);
    assert.match(JSON.stringify(all), /withheld/);
    assert.match((await ask("resources/read", { uri: "note://closed" }, era)).error.message, /denied/);
  });

  test(`${era}: a resource under fixed labels is read, or not`, async () => {
    const { ask } = make(era);
    assert.deepEqual((await ask("resources/read", { uri: "docs://public/a/b" }, era)).result["contents"], [
      { uri: "docs://public/a/b", text: "public words" },
    ]);
    assert.match(
      (await ask("resources/read", { uri: "docs://secret/a" }, era)).error.message,
      /denied by the secrecy policy/,
    );
  });

  test(`${era}: what several readers could read in several ways is unknown`, async () => {
    const { ask, upstream } = make(era);
    const uris = [
      "docs://public/../secret/a",
      "docs://public/..",
      "docs://public/%2e%2e/secret/a",
      "docs://public/.%2E/x",
      "docs://public/a\\..\\b",
      "docs://public/a%2fb",
      "docs://public/a b",
      "docs://public/\u0000",
      "docs://elsewhere",
      "DOCS://public/a",
      "note://open/7/8",
      "note://open/",
      "note://open/..",
      "xdocs://public/a",
      `docs://public/${"a".repeat(5000)}`,
    ];
    for (const uri of uris) assert.equal((await ask("resources/read", { uri }, era)).error.code, -32602, uri);
    assert.equal((await ask("resources/read", {}, era)).error.code, -32602);
    assert.ok(!upstream.seen.some(({ method }) => /call|read/.test(method)));
  });

  test(`${era}: lists name what may be read, templates are the operator's`, async () => {
    const { ask } = make(era);
    assert.deepEqual(
      ((await ask("resources/list", {}, era)).result["resources"] as { uri: string }[]).map(({ uri }) => uri),
      ["docs://public/a/b"],
    );
    const templates = (await ask("resources/templates/list", {}, era)).result["resourceTemplates"] as {
      name: string;
    }[];
    assert.deepEqual(
      templates.map(({ name }) => name),
      ["get_open", "list_notes", "get_closed"],
    );
    assert.deepEqual(
      ((await ask("prompts/list", {}, era)).result["prompts"] as { name: string }[]).map(({ name }) => name),
      ["review"],
    );
    assert.equal((await ask("resources/list", { cursor: "LEAK" }, era)).error.code, -32602);
  });

  test(`${era}: prompts under fixed labels`, async () => {
    const { ask } = make(era);
    assert.match(JSON.stringify((await ask("prompts/get", { name: "review" }, era)).result), /Review this/);
    assert.match((await ask("prompts/get", { name: "leak" }, era)).error.message, /denied/);
    assert.equal((await ask("prompts/get", { name: "other" }, era)).error.code, -32602);
    assert.equal((await ask("resources/subscribe", { uri: "docs://public/a/b" }, era)).error.code, -32601);
  });
}

test("capabilities say what is mapped, without subscriptions", async () => {
  const { ask } = make("modern");
  assert.deepEqual((await ask("server/discover", {}, "modern")).result["capabilities"], {
    tools: { listChanged: true },
    resources: {},
    prompts: {},
  });
});

test("templates bind whole segments", () => {
  const [mapping] = readMappings("r", [{ uri: "repo://{owner}/{repo}/contents{/path*}", tool: "t" }]);
  assert.deepEqual(mapping!.match("repo://acme/site/contents/src/a.ts"), {
    owner: "acme",
    repo: "site",
    path: "src/a.ts",
  });
  assert.deepEqual(mapping!.match("repo://acme/site/contents"), { owner: "acme", repo: "site", path: "" });
  assert.deepEqual(mapping!.match("repo://ac%20me/site/contents"), { owner: "ac me", repo: "site", path: "" });
  for (const uri of [
    "repo://acme/site/contentsX",
    "repo://acme/site",
    "repo://acme/site/contents?x",
    "repo:///site/contents",
    "repo://acme/site/contents//x",
  ])
    assert.equal(mapping!.match(uri), undefined, uri);
  assert.throws(() => readMappings("r", [{ uri: "a://{+b}", tool: "t" }]), TypeError);
});
