// The proxy over time: progress, cancellation, streams, limits, several servers, credentials, and stores that fail.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as library from "../../../src/index.ts";
import { emptyState } from "../../../src/monitor/state.ts";
import * as proxies from "../../../src/proxy/index.ts";
import { answerOf, clientRequest, type Era, rawRequest, TOKEN, testProxy } from "../../suites/proxy.ts";
import { proxyServer } from "../../suites/proxy-server.ts";
import { scriptedGuard } from "../../suites/scripted-guard.ts";
import setup from "../../vectors/proxy/setup.json" with { type: "json" };

const make = (server = {}, options = {}) => testProxy(library as never, proxies as never, server, options);
const call = (name: string, era: Era, more: object = {}, headers = {}) =>
  clientRequest({ method: "tools/call", params: { name, arguments: {}, ...more } }, era, headers);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const eventsOf = (text: string): { method?: string; params?: never; result?: never; id?: unknown }[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!));

for (const era of ["modern", "legacy"] as const) {
  test(`${era}: progress passes as growing numbers, under the client's token, without the server's words`, async () => {
    const { proxy } = make({
      era,
      body: "sse",
      before: async (_tool: string, _signal: AbortSignal, progress: (value: unknown) => void) => {
        for (const value of [1, 2, 2, 1, "3", 3]) progress({ progress: value, total: 3, message: "FORBIDDEN" });
        progress({ progress: 4, progressToken: "another" });
      },
    });
    const { response, text } = await answerOf(proxy, call("get_open", era, { _meta: { progressToken: 7 } }));
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const events = eventsOf(text);
    assert.deepEqual(
      events.slice(0, -1).map(({ method, params }) => [method, params]),
      [1, 2, 3].map((progress) => ["notifications/progress", { progressToken: 7, progress, total: 3 }]),
    );
    assert.ok(events.at(-1)?.result);
    assert.ok(!text.includes("FORBIDDEN"));
  });

  test(`${era}: a call that takes its time is answered on a stream that shows that it is alive`, async () => {
    let answerNow = (): void => {};
    const before = () => new Promise<void>((resolve) => (answerNow = resolve));
    const { proxy } = make({ before }, { streamAfterMs: 10, keepAliveMs: 20 });
    const { body } = await proxy.fetch(call("get_open", era));
    let text = "";
    for await (const part of body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes(": alive\n\n")) answerNow();
    }
    assert.match(text, /open words/);
  });

  test(`${era}: a client that takes JSON only gets JSON, however long it takes`, async () => {
    const { proxy } = make({ before: () => pause(50) }, { streamAfterMs: 10 });
    const { response, text } = await answerOf(proxy, call("get_open", era, {}, { Accept: "application/json" }));
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.match(text, /open words/);
  });

  test(`${era}: a server that never answers ends with the deadline, and is told`, async () => {
    let aborted = false;
    const before = (_tool: string, signal: AbortSignal) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => {});
    };
    const { proxy, server } = make({ era, before }, { limits: { callMs: 50 } });
    const { text } = await answerOf(proxy, call("post_ours", era));
    assert.match(text, /the deadline passed/);
    await pause(20);
    assert.ok(era === "modern" ? aborted : server.seen.some(({ method }) => method === "notifications/cancelled"));
  });
}

test("modern: a client that leaves the stream cancels the call on the server", async () => {
  let reason: unknown;
  const before = (_tool: string, signal: AbortSignal) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        reject(signal.reason);
      });
    });
  const { proxy } = make({ body: "sse", before }, { streamAfterMs: 1 });
  const response = await proxy.fetch(call("get_open", "modern"));
  await response.body?.cancel();
  await pause(20);
  assert.notEqual(reason, undefined);
});

test("modern: a request that is aborted before any answer cancels the call", async () => {
  const controller = new AbortController();
  let aborted = false;
  const before = (_tool: string, signal: AbortSignal) =>
    new Promise(() => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      setTimeout(() => controller.abort(), 5);
    });
  const { proxy } = make({ before }, { streamAfterMs: 10_000 });
  const response = await proxy.fetch(new Request(call("get_open", "modern"), { signal: controller.signal }));
  assert.equal(response.status, 202);
  assert.ok(aborted);
});

test("legacy: notifications/cancelled of the same session ends the call on both sides; other sessions cannot", async () => {
  const { proxy, server } = make({ era: "legacy", before: () => new Promise(() => {}) }, { streamAfterMs: 1 });
  const session = { "Mcp-Session-Id": "a" };
  const response = await proxy.fetch(call("get_open", "legacy", {}, session));
  const cancelled = (id: string, requestId: unknown) =>
    proxy.fetch(
      rawRequest(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } }), {
        "Mcp-Session-Id": id,
      }),
    );
  await cancelled("b", 1);
  await cancelled("a", "1");
  await cancelled("a", { toString: 1 });
  await pause(10);
  assert.ok(!server.seen.some(({ method }) => method === "notifications/cancelled"));
  assert.equal((await cancelled("a", 1)).status, 202);
  assert.deepEqual(eventsOf(await response.text()), []);
  assert.ok(server.seen.some(({ method }) => method === "notifications/cancelled"));
});

test("legacy: leaving cancels nothing", async () => {
  let aborted = false;
  let done = false;
  const before = async (_tool: string, signal: AbortSignal) => {
    signal.addEventListener("abort", () => {
      aborted = true;
    });
    await pause(40);
    done = true;
  };
  const { proxy } = make({ before }, { streamAfterMs: 1 });
  const response = await proxy.fetch(call("post_ours", "legacy"));
  await response.body?.cancel();
  await pause(60);
  assert.deepEqual([aborted, done], [false, true]);
});

test("legacy: an id that is under way is refused within its session, not in another", async () => {
  const { proxy, server } = make({ before: () => pause(40) });
  const [first, second, third] = await Promise.all(
    ["a", "a", "b"].map((session) => answerOf(proxy, call("get_open", "legacy", {}, { "Mcp-Session-Id": session }))),
  );
  assert.deepEqual([first?.response.status, second?.response.status, third?.response.status], [200, 400, 200]);
  assert.equal(server.seen.filter(({ method }) => method === "tools/call").length, 2);
});

for (const [name, chunks, status] of [
  ["a body that stops arriving", ["{"], 408],
  ["a body without end", null, 413],
  ["a body that is not UTF-8", [new Uint8Array([0x7b, 0xff])], 400],
] as const) {
  test(`${name} is refused`, async () => {
    const { proxy } = make({}, { limits: { bodyMs: 30, requestBytes: 10_000 } });
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = chunks === null ? " ".repeat(1000) : chunks[sent++];
        if (chunk === undefined) return status === 408 ? new Promise(() => {}) : controller.close();
        controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
      },
    });
    const { headers } = call("get_open", "legacy");
    const request = new Request("https://proxy.example/mcp", {
      method: "POST",
      headers,
      body,
      duplex: "half",
    } as never);
    assert.equal((await answerOf(proxy, request)).response.status, status);
  });
}

test("nesting without end is refused, whether the parser or the proxy finds it", async () => {
  const { proxy } = make();
  for (const depth of [200, 100_000]) {
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_open","arguments":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}}`;
    assert.equal((await answerOf(proxy, rawRequest(body))).response.status, 400);
  }
});

test("an answer larger than its bound, or without end, is withheld", async () => {
  const huge = { content: [{ type: "text", text: "FORBIDDEN".repeat(20_000) }] };
  const upstream = proxyServer({ era: "modern", body: "json", tools: setup.tools, reply: { result: huge } });
  const fetchUpstream = proxies.httpUpstream("https://mcp.example/mcp", { fetch: upstream.fetch, maxBytes: 50_000 });
  const { proxy } = make({}, { upstreams: { notes: { upstream: fetchUpstream, prefix: "" } } });
  const { text } = await answerOf(proxy, call("get_open", "modern"));
  assert.match(text, /withheld/);
  assert.ok(!text.includes("FORBIDDEN"));
});

test("a stream that breaks off is withheld", async () => {
  const before = async () => {
    throw new Error("gone");
  };
  for (const body of ["json", "sse"]) {
    const { proxy } = make({ body, before });
    assert.match((await answerOf(proxy, call("get_open", "modern"))).text, /withheld/);
  }
});

test("nesting in an answer is bounded by what can be encoded", async () => {
  const text = `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
  const { proxy } = make({ replyText: `{"content":[{"type":"resource","resource":${text}}]}` });
  const { response } = await answerOf(proxy, call("get_open", "modern"));
  assert.ok(response.status === 200 || response.status === 500);
});

test("requests above the bounds are answered 429, and places come free", async () => {
  const { proxy } = make({ before: () => pause(30) }, { limits: { concurrencyPerPrincipal: 2 } });
  const statuses = async () =>
    (await Promise.all([1, 2, 3].map(() => answerOf(proxy, call("get_open", "modern")))))
      .map(({ response }) => response.status)
      .sort();
  assert.deepEqual(await statuses(), [200, 200, 429]);
  assert.deepEqual(await statuses(), [200, 200, 429]);
});

test("capabilities are made anew: nothing is advertised that is refused", async () => {
  for (const era of ["modern", "legacy"] as const) {
    const { proxy } = make({ era });
    const method = era === "modern" ? "server/discover" : "initialize";
    const { message, response, text } = await answerOf(
      proxy,
      clientRequest({ method, params: { protocolVersion: "2025-06-18" } }, era),
    );
    const { capabilities, instructions, protocolVersion } = message["result"] as Record<string, unknown>;
    assert.deepEqual(capabilities, { tools: { listChanged: true } });
    assert.equal(instructions, undefined);
    assert.ok(!text.includes("FORBIDDEN"));
    assert.match(text, /"name":"fake","version":"1.2.3"/);
    if (era === "legacy") {
      assert.equal(protocolVersion, "2025-06-18");
      assert.match(response.headers.get("mcp-session-id") ?? "", /^[0-9a-f]{32}$/);
    }
  }
});

test("a server without tools advertises none; trusted instructions pass", async () => {
  const upstream = proxyServer({ era: "modern", body: "json", tools: {}, capabilities: { resources: {}, tasks: {} } });
  const server = proxies.httpUpstream("https://mcp.example/mcp", { fetch: upstream.fetch });
  const { proxy } = make({}, { upstreams: { notes: { upstream: server, prefix: "", trustInstructions: true } } });
  const { message } = await answerOf(proxy, clientRequest({ method: "server/discover" }, "modern"));
  const { capabilities, instructions } = message["result"] as Record<string, unknown>;
  assert.deepEqual([capabilities, instructions], [{}, "FORBIDDEN instructions"]);
});

test("tools/list: all pages, cleaned, never cacheable by others, with schemas that filtered results still fit", async () => {
  for (const [era, server] of [
    ["modern", "legacy"],
    ["legacy", "modern"],
    ["modern", "modern"],
  ] as const) {
    const { proxy } = make({ era: server, pageSize: 3 });
    const { message, text } = await answerOf(proxy, clientRequest({ method: "tools/list" }, era));
    const { tools, ttlMs, cacheScope, nextCursor } = message["result"] as { tools: Record<string, never>[] } & Record<
      string,
      unknown
    >;
    assert.deepEqual(
      tools.map(({ name }) => name),
      Object.keys(setup.tools),
    );
    assert.deepEqual(
      [ttlMs, cacheScope, nextCursor],
      era === "modern" ? [0, "private", undefined] : [undefined, undefined, undefined],
    );
    assert.ok(!/FORBIDDEN|taskSupport|minItems/.test(text));
    const numbers = tools.find(({ name }) => name === "get_numbers")!;
    assert.equal("outputSchema" in numbers, era === "modern");
  }
});

test("structuredContent that is a list stays one for those who know lists", async () => {
  const modern = await answerOf(make().proxy, call("get_numbers", "modern"));
  assert.deepEqual((modern.message["result"] as Record<string, unknown>)["structuredContent"], [1, 3]);
  const legacy = await answerOf(make().proxy, call("get_numbers", "legacy"));
  assert.equal((legacy.message["result"] as Record<string, unknown>)["structuredContent"], undefined);
  assert.match(legacy.text, /\[1,3\]/);
});

test("changes of the tools reach those who listen, in both eras, and nothing else does", async () => {
  for (const server of ["modern", "legacy"] as const) {
    const { proxy, server: upstream } = make({ era: server });
    const legacy = await proxy.fetch(
      new Request("https://proxy.example/mcp", {
        headers: { Accept: "text/event-stream", Authorization: `Bearer ${TOKEN}` },
      }),
    );
    const params = {
      notifications: { toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: ["LEAK"] },
    };
    const modern = await proxy.fetch(clientRequest({ id: "s1", method: "subscriptions/listen", params }, "modern"));
    await pause(30);
    upstream.changed();
    await pause(10);
    await proxy.close();
    const heard = eventsOf(await modern.text());
    const mark = { _meta: { "io.modelcontextprotocol/subscriptionId": "s1" } };
    assert.deepEqual(
      heard.map(({ method, params: got, result }) => [method, got ?? result]),
      [
        ["notifications/subscriptions/acknowledged", { notifications: { toolsListChanged: true }, ...mark }],
        ["notifications/tools/list_changed", mark],
        [undefined, { resultType: "complete", ...mark }],
      ],
    );
    assert.deepEqual(eventsOf(await legacy.text()), [{ jsonrpc: "2.0", method: "notifications/tools/list_changed" }]);
    assert.ok(!upstream.seen.some(({ text }) => text.includes("LEAK")));
  }
});

test("a stream ends at its bound", async () => {
  const { proxy } = make({}, { limits: { streamMs: 30 } });
  const response = await proxy.fetch(
    clientRequest({ method: "subscriptions/listen", params: { notifications: { toolsListChanged: true } } }, "modern"),
  );
  assert.match(await response.text(), /"result"/);
});

test("a server that announces no changes has no stream", async () => {
  const { proxy } = make({ capabilities: { tools: {} } });
  const headers = { Accept: "text/event-stream", Authorization: `Bearer ${TOKEN}` };
  assert.equal((await proxy.fetch(new Request("https://proxy.example/mcp", { headers }))).status, 405);
  const listened = await answerOf(
    proxy,
    clientRequest({ method: "subscriptions/listen", params: { notifications: { toolsListChanged: true } } }, "modern"),
  );
  assert.match(listened.text, /"notifications":\{\}/);
});

test("arguments that a server wants repeated in headers are repeated from the body, and clients never see the mark", async () => {
  const mark = { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } };
  const upstream = proxyServer({
    era: "modern",
    body: "json",
    tools: { get_open: { ...setup.tools.get_open, inputSchema: mark } },
  });
  const strict = (url: string, init: RequestInit): Promise<Response> => {
    const { id, method, params } = JSON.parse(String(init.body));
    const header = new Headers(init.headers).get("mcp-param-region");
    if (method !== "tools/call" || header === params.arguments.region) return upstream.fetch(url, init);
    return Promise.resolve(
      Response.json({ jsonrpc: "2.0", id, error: { code: -32020, message: "headers" } }, { status: 400 }),
    );
  };
  const server = proxies.httpUpstream("https://mcp.example/mcp", { fetch: strict });
  const { proxy } = make({}, { upstreams: { notes: { upstream: server, prefix: "" } } });
  const request = clientRequest(
    { method: "tools/call", params: { name: "get_open", arguments: { region: "eu" } } },
    "modern",
    { "Mcp-Param-Region": "us" },
  );
  assert.match((await answerOf(proxy, request)).text, /open words/);
  assert.ok(!(await answerOf(proxy, clientRequest({ method: "tools/list" }, "modern"))).text.includes("x-mcp-header"));
});

test("an expired session is opened again, once, and the call is made once", async () => {
  const { proxy, server } = make({ era: "legacy" });
  let expire = 1;
  const fetchOnce = server.fetch;
  const flaky = (url: string, init: RequestInit): Promise<Response> => {
    if (init.method === "POST" && String(init.body).includes('"tools/call"') && expire-- > 0)
      return Promise.resolve(new Response(null, { status: 404 }));
    return fetchOnce(url, init);
  };
  await proxy.close();
  const again = make(
    {},
    {
      upstreams: { notes: { upstream: proxies.httpUpstream("https://mcp.example/mcp", { fetch: flaky }), prefix: "" } },
    },
  );
  assert.match((await answerOf(again.proxy, call("post_ours", "modern"))).text, /posted/);
  assert.deepEqual(
    server.seen.map(({ method }) => method).filter((method) => /initialize$|call/.test(method)),
    ["initialize", "initialize", "tools/call"],
  );
});

test("what a server asks of its client is refused, a ping is answered", async () => {
  const posted: unknown[] = [];
  const { server } = make({ body: "sse" });
  const asking = async (url: string, init: RequestInit): Promise<Response> => {
    const message = JSON.parse(String(init.body));
    if (message.method === undefined) {
      posted.push(message);
      return new Response(null, { status: 202 });
    }
    const response = await server.fetch(url, init);
    if (message.method !== "tools/call") return response;
    const ask = (id: string, method: string) =>
      `data: ${JSON.stringify({ jsonrpc: "2.0", id, method, params: { text: "FORBIDDEN" } })}\n\n`;
    const first =
      ask("q1", "sampling/createMessage") +
      ask("q2", "ping") +
      ask("q3", "elicitation/create") +
      ask("q4", "roots/list");
    return new Response(first + (await response.text()), { headers: response.headers });
  };
  const { proxy } = make(
    {},
    {
      upstreams: {
        notes: { upstream: proxies.httpUpstream("https://mcp.example/mcp", { fetch: asking }), prefix: "" },
      },
    },
  );
  const { text } = await answerOf(proxy, call("get_open", "modern"));
  assert.ok(!text.includes("FORBIDDEN") && text.includes("open words"));
  assert.deepEqual(
    (posted as { id: string; result?: unknown; error?: { code: number } }[]).map(({ id, result, error }) => [
      id,
      result ?? error?.code,
    ]),
    [
      ["q1", -32601],
      ["q2", {}],
      ["q3", -32601],
      ["q4", -32601],
    ],
  );
});

test("several servers: prefixes, lists together, no name that could mean two tools", async () => {
  const servers = {
    git: proxyServer({
      era: "modern",
      body: "json",
      tools: { hub_list: { result: { content: [{ type: "text", text: "git" }] } } },
    }),
    web: proxyServer({
      era: "legacy",
      body: "sse",
      tools: { list: { result: { content: [{ type: "text", text: "web" }] } } },
    }),
  };
  const open = {
    labelAgent: async () => ({ agent: { secrecy: [], integrity: [] }, mode: "filter" }),
    labelResource: async () => ({ description: "", secrecy: [], integrity: [], operation: "read" }),
    labelResponse: async () => null,
    close: async () => {},
  };
  const monitor = library.createMonitor({
    servers: { git: { guard: { name: "g", ...open } as never }, web: { guard: { name: "w", ...open } as never } },
  });
  const upstreams = Object.fromEntries(
    Object.entries(servers).map(([name, { fetch }]) => [
      name,
      {
        upstream: proxies.httpUpstream(`https://${name}.example/`, { fetch }),
        ...(name === "git" && { tools: ["hub_list"] }),
      },
    ]),
  );
  const { proxy } = make({}, { monitor, upstreams });
  const { message } = await answerOf(proxy, clientRequest({ method: "tools/list" }, "modern"));
  assert.deepEqual(
    (message["result"] as { tools: { name: string }[] }).tools.map(({ name }) => name),
    ["git_hub_list", "web_list"],
  );
  for (const [name, word] of [
    ["git_hub_list", "git"],
    ["web_list", "web"],
  ] as const) {
    assert.match((await answerOf(proxy, call(name, "modern"))).text, new RegExp(`"text":"${word}"`));
  }
  for (const name of ["hub_list", "git_", "git_list", "gitx_hub_list", "git_web_list"]) {
    assert.equal(
      ((await answerOf(proxy, call(name, "modern"))).message["error"] as { code: number })?.code,
      -32602,
      name,
    );
  }
  for (const [one, other] of [
    ["git_", "git_hub_"],
    ["", "web_"],
    ["a", "a"],
  ] as const) {
    assert.throws(
      () =>
        make(
          {},
          {
            monitor,
            upstreams: {
              git: { upstream: "https://a.example/", prefix: one },
              web: { upstream: "https://b.example/", prefix: other },
            },
          },
        ),
      { name: "RangeError", message: /could mean either/ },
    );
  }
});

test("one server that cannot be reached takes nothing from the others", async () => {
  const good = proxyServer({ era: "modern", body: "json", tools: { list: { result: { content: [] } } } });
  const guard = () => scriptedGuard("g", setup.guard as never);
  const monitor = library.createMonitor({ servers: { a: { guard: guard() }, b: { guard: guard() } } });
  const dead = async (): Promise<Response> => {
    throw new TypeError("no route");
  };
  const { proxy } = make(
    {},
    {
      monitor,
      upstreams: {
        a: { upstream: proxies.httpUpstream("https://a.example/", { fetch: good.fetch }) },
        b: { upstream: proxies.httpUpstream("https://b.example/", { fetch: dead }) },
      },
    },
  );
  const { message } = await answerOf(proxy, clientRequest({ method: "tools/list" }, "modern"));
  assert.equal((message["result"] as { tools: unknown[] }).tools.length, 1);
});

test("requests and guards' questions carry the caller's credentials, never another caller's", async () => {
  const asked: [string, string | null][] = [];
  const { server } = make();
  const watched = (url: string, init: RequestInit): Promise<Response> => {
    const { method, params } = JSON.parse(String(init.body));
    if (method === "tools/call") asked.push([params.name, new Headers(init.headers).get("authorization")]);
    return server.fetch(url, init);
  };
  const seen = new Set<object>();
  const guard = {
    ...scriptedGuard("asking", setup.guard as never),
    labelResource: async (_call: unknown, { backend }: { backend?: library.Backend } = {}) => {
      seen.add(backend!);
      await backend!.callTool("get_open", { number: 1 });
      return { description: "", secrecy: [], integrity: ["approved"], operation: "read" };
    },
  };
  const monitor = library.createMonitor({ servers: { notes: { guard: guard as never } } });
  const identify = async (request: Request) => ({
    principal: request.headers.get("x-user")!,
    agent: request.headers.get("x-agent") ?? undefined,
  });
  const { proxy } = make(
    {},
    {
      monitor,
      identify,
      upstreams: {
        notes: {
          upstream: proxies.httpUpstream("https://mcp.example/mcp", { fetch: watched }),
          prefix: "",
          headers: (_identity: unknown, request: Request) => ({
            authorization: `Token ${request.headers.get("x-token")}`,
          }),
        },
      },
    },
  );
  const callers = [
    ["alice", "a1", "one"],
    ["bob", "b1", "one"],
    ["alice", "a1", "two"],
    ["alice", "a2", "one"],
  ] as const;
  await Promise.all(
    callers.map(async ([user, token, agent]) => {
      const headers = { "X-User": user, "X-Token": token, "X-Agent": agent };
      await answerOf(proxy, call(`post_ours`, "modern", { arguments: { token } }, headers));
    }),
  );
  assert.equal(seen.size, 3, "One backend for alice's a1, whichever agent, one for bob, one for alice's other token");
  assert.deepEqual(
    asked.map(([name, token]) => `${name} ${token}`).sort(),
    callers.flatMap(([, token]) => [`get_open Token ${token}`, `post_ours Token ${token}`]).sort(),
  );
});

test("nothing of the client's request is handed on by itself", async () => {
  const { proxy, server } = make();
  await answerOf(proxy, call("get_open", "modern", {}, { Cookie: "LEAK=1", "X-Forwarded-For": "LEAK" }));
  for (const { headers } of server.seen)
    assert.ok(![...headers].some(([, value]) => value.includes("LEAK") || value.includes(TOKEN)));
});

test("a traceparent is continued, baggage is not", async () => {
  const { proxy, server } = make();
  const traceparent = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
  await answerOf(proxy, call("get_open", "modern", { _meta: { traceparent, baggage: "LEAK" } }));
  const meta = server.seen.at(-1)?.params["_meta"] as Record<string, unknown>;
  assert.deepEqual([meta["traceparent"], meta["baggage"]], [traceparent, undefined]);
});

test("a store that fails or hangs withholds", async () => {
  const guard = () => scriptedGuard("notes", setup.guard as never);
  let commits = 0;
  const failing = {
    transact: async (_key: string, change: (state: typeof emptyState) => { next?: unknown; value: never }) => {
      const { next, value } = change(emptyState);
      if (next !== undefined && ++commits > 1) throw new Error("FORBIDDEN disk full");
      return value;
    },
  };
  const servers = { notes: { guard: guard() } };
  const one = make({}, { monitor: library.createMonitor({ servers, mode: "propagate", state: failing as never }) });
  const { text } = await answerOf(one.proxy, call("get_closed", "modern"));
  assert.match(text, /the store of agent labels failed/);
  assert.ok(!text.includes("FORBIDDEN"));
  const two = make(
    {},
    {
      limits: { callMs: 50 },
      monitor: library.createMonitor({ servers, state: { transact: () => new Promise(() => {}) } as never }),
    },
  );
  assert.match((await answerOf(two.proxy, call("get_open", "modern"))).text, /the deadline passed/);
});

test("taint is stored before the first byte leaves; a crash in between releases nothing", async () => {
  const store = library.memoryAgents();
  const log: string[] = [];
  let isCrashing = false;
  const state: library.AgentStore = {
    async transact(key, change) {
      if (isCrashing) return new Promise(() => {});
      await pause(5);
      const value = await store.transact(key, change);
      log.push("stored");
      return value;
    },
  };
  const guard = scriptedGuard("notes", setup.guard as never);
  const monitor = library.createMonitor({ servers: { notes: { guard } }, mode: "propagate", state });
  const { proxy } = make({ before: () => log.push("server") }, { monitor });
  await answerOf(proxy, call("get_closed", "modern"));
  assert.deepEqual([...log, "released"], ["stored", "server", "stored", "released"]);
  const crashing = make(
    {
      before: () => {
        isCrashing = true;
      },
    },
    { monitor, streamAfterMs: 1, limits: { callMs: 100 } },
  );
  const { text } = await answerOf(crashing.proxy, call("get_closed", "modern", { _meta: { progressToken: 1 } }));
  assert.ok(!text.includes("FORBIDDEN"));
});

test("a thousand calls of one agent at a time lose no tag and no count", async () => {
  const guard = {
    name: "tags",
    labelAgent: async () => ({ agent: { secrecy: [], integrity: [] }, mode: "propagate" }),
    labelResource: async ({ args }: { args: { n: number } }) => ({
      description: "",
      secrecy: [`t${args.n}`],
      integrity: [],
      operation: "read",
    }),
    labelResponse: async () => null,
    close: async () => {},
  };
  const policy = { "allow-only": { repos: "all", "min-integrity": "none", "tool-call-limits": { get_open: 900 } } };
  const monitor = library.createMonitor({ servers: { notes: { guard: guard as never, policy } } });
  const { proxy, server } = make({}, { monitor, limits: { concurrencyPerPrincipal: 2000, concurrency: 2000 } });
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, n) => answerOf(proxy, call("get_open", "modern", { arguments: { n } }))),
  );
  const denied = answers.filter(({ text }) => text.includes("limit on tool calls")).length;
  assert.deepEqual([denied, server.seen.filter(({ method }) => method === "tools/call").length], [100, 900]);
  const { secrecy } = await monitor.agents.get(proxies.agentIdOf({ principal: "alice", agent: "triage" }));
  assert.equal(secrecy.length, 900);
});

test("a write after reading is denied, for that agent and for no other", async () => {
  const guard = scriptedGuard("notes", setup.guard as never);
  const monitor = library.createMonitor({ servers: { notes: { guard } }, mode: "propagate" });
  const tokens = {
    [TOKEN]: { principal: "alice", agent: "one" },
    "another-token-of-alice": { principal: "alice", agent: "two" },
  };
  const { proxy } = make({}, { monitor, identify: proxies.bearerTokens(tokens) });
  const write = async (headers = {}) => (await answerOf(proxy, call("post_ours", "modern", {}, headers))).text;
  assert.match(await write(), /posted/);
  assert.match(
    (await answerOf(proxy, call("get_closed", "legacy"))).text,
    /FORBIDDEN/,
    "propagate mode shows and taints",
  );
  assert.match(await write(), /private:theirs/);
  assert.match(await write({ Authorization: "Bearer another-token-of-alice" }), /posted/);
});

test("misuse is named", () => {
  const { proxy: _, ...rest } = make();
  const monitor = library.createMonitor({ servers: { notes: { guard: scriptedGuard("n", setup.guard as never) } } });
  const identify = async () => null;
  const upstream = "https://mcp.example/mcp";
  for (const [options, message] of [
    [{ monitor, identify }, /"upstream"/],
    [{ monitor, identify, upstream, upstreams: {} }, /"upstream"/],
    [{ monitor, identify, upstreams: {} }, /"upstreams" is empty/],
    [{ identify, upstream }, /"monitor"/],
    [{ monitor, upstream }, /"identify"/],
    [{ monitor, identify, upstream, limit: {} }, /"limit" is unknown/],
    [{ monitor, identify, upstream, limits: { callMS: 1 } }, /"limits.callMS" is unknown/],
    [{ monitor, identify, upstream, limits: { callMs: 0 } }, /"callMs" must be a number above 0/],
    [{ monitor, identify, upstream: "ftp://x.example" }, /http\(s\)/],
    [{ monitor, identify, upstream: "https://u:p@x.example" }, /without credentials/],
    [{ monitor, identify, upstreams: { other: { upstream } } }, /guards no server "other"/],
    [{ monitor, identify, upstreams: { notes: { upstream, prefix: "a b" } } }, /prefix/],
    [{ monitor, identify, upstreams: { notes: { upstream, resources: [{ uri: "a://b" }] } } }, /resources\[0\]/],
  ] as const) {
    assert.throws(() => proxies.createGuardProxy(options as never), { message });
  }
  void rest;
});

test("identify that fails, hangs or answers nonsense lets nobody in", async () => {
  for (const [identify, status] of [
    [
      () => {
        throw new Error("down");
      },
      503,
    ],
    [() => new Promise(() => {}), 503],
    [async () => ({ principal: "" }), 401],
    [async () => ({ principal: 7 }), 401],
    [async () => ({ principal: "a", agent: {} }), 503],
    [async () => undefined, 401],
  ] as const) {
    const { proxy, server } = make({}, { identify, limits: { bodyMs: 30 } });
    assert.equal((await answerOf(proxy, call("get_open", "modern"))).response.status, status);
    assert.equal(server.seen.length, 0);
  }
});

test("origins that may call are answered with what pages need; hosts can be named", async () => {
  const { proxy } = make({}, { origins: ["https://app.example"], hosts: ["proxy.example"] });
  const preflight = await proxy.fetch(
    new Request("https://proxy.example/mcp", { method: "OPTIONS", headers: { Origin: "https://app.example" } }),
  );
  assert.deepEqual(
    [preflight.status, preflight.headers.get("access-control-allow-origin")],
    [204, "https://app.example"],
  );
  const allowed = preflight.headers.get("access-control-allow-headers")!.toLowerCase().split(", ");
  const needed = ["content-type", "accept", "authorization", "mcp-session-id", "mcp-protocol-version"];
  for (const name of [...needed, "mcp-method", "mcp-name", "last-event-id"]) assert.ok(allowed.includes(name), name);
  const { response } = await answerOf(proxy, call("get_open", "modern", {}, { Origin: "https://app.example" }));
  assert.equal(response.headers.get("access-control-allow-origin"), "https://app.example");
  assert.equal((await proxy.fetch(new Request("https://rebound.example/mcp", { method: "POST" }))).status, 403);
  assert.equal((await proxy.fetch(new Request("https://proxy.example/mcp", { method: "PUT" }))).status, 405);
});

test("a closed proxy answers 503 and aborts what is under way", async () => {
  const { proxy } = make({ before: () => new Promise(() => {}) }, { streamAfterMs: 1 });
  const response = await proxy.fetch(call("get_open", "modern"));
  await proxy.close();
  assert.match(await response.text(), /being closed/);
  assert.equal((await proxy.fetch(call("get_open", "modern"))).status, 503);
});

test("listeners hear of calls and refusals, and cannot break them", async () => {
  const events: proxies.ProxyEvent[] = [];
  const onEvent = (event: proxies.ProxyEvent) => {
    events.push(event);
    throw new Error("listener");
  };
  const { proxy } = make({}, { onEvent });
  assert.match((await answerOf(proxy, call("get_open", "modern"))).text, /open words/);
  await answerOf(proxy, clientRequest({ method: "resources/read", params: { uri: "x" } }, "modern"));
  await answerOf(proxy, rawRequest("[", {}));
  assert.deepEqual(
    events.map((event) =>
      event.type === "outcome" ? [event.principal, event.tool, event.outcome.status] : [event.status, event.method],
    ),
    [
      ["alice", "get_open", "allowed"],
      [404, "resources/read"],
      [400, undefined],
    ],
  );
});
