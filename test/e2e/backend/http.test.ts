// The own Streamable HTTP transport over real HTTP: which requests it makes, and what it makes of servers that fail.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { isGuardError, mcpBackend, withRetry } from "edge-guard";
import { serve, sessionServer, statelessServer } from "./servers.ts";

const answer = (tool: string) => ({ content: [{ type: "text", text: tool }] });

/** Serves raw HTTP, for servers that no SDK would be. */
async function raw(listener: RequestListener): Promise<{ url: string; close(): void }> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function backendFault(answer: unknown): Promise<{ message: string; transient: boolean }> {
  try {
    await answer;
  } catch (error) {
    assert(isGuardError(error) && error.code === "backend", `not a BackendError: ${error}`);
    return { message: error.message, transient: (error as unknown as { transient: boolean }).transient };
  }
  throw new Error("There was an answer");
}

test("asks a server of 2026-07-28 with one request per question and no session", async () => {
  const server = await serve(statelessServer(answer));
  const backend = mcpBackend(server.url);
  const result = await backend.callTool("get_me", {});
  assert.deepEqual((result as ReturnType<typeof answer>).content, answer("get_me").content);
  assert(!Object.hasOwn(result as object, "resultType"), "the wire's resultType reached the guard");
  await backend.callTool("Grüße 🦊", { a: 1 });
  await backend.close?.();
  assert.deepEqual(server.requests, [
    { method: "POST", version: "2026-07-28", rpc: "tools/call" },
    { method: "POST", version: "2026-07-28", rpc: "tools/call" },
  ]);
  await server.close();
});

test("falls back to one session for questions asked at once, and ends it on close", async () => {
  const { handle } = sessionServer(answer, false);
  const server = await serve(handle);
  const backend = mcpBackend(server.url);
  await Promise.all(["a", "b", "c"].map((tool) => backend.callTool(tool, {})));
  await backend.callTool("d", {});
  await backend.close?.();
  const count = (rpc: string) => server.requests.filter((request) => request.rpc === rpc).length;
  assert.equal(count("initialize"), 1);
  assert.equal(count("notifications/initialized"), 1);
  assert.equal(server.requests.filter(({ rpc, session }) => rpc === "tools/call" && session).length, 4);
  assert.equal(server.requests.at(-1)?.method, "DELETE");
  await server.close();
});

test("opens an expired session again, once for all questions", async () => {
  const { handle, forget } = sessionServer(answer, true);
  const server = await serve(handle);
  const backend = mcpBackend(server.url);
  await backend.callTool("a", {});
  forget();
  const results = await Promise.all(["b", "c"].map((tool) => backend.callTool(tool, {})));
  assert.deepEqual(results, [answer("b"), answer("c")]);
  assert.equal(server.requests.filter(({ rpc }) => rpc === "initialize").length, 2);
  await backend.close?.();
  await server.close();
});

test("gives up on a server that forgets every session at once", async () => {
  const { handle, forget } = sessionServer(answer, true);
  const server = await serve(async (request) => {
    const { method } = (await request.clone().json()) as { method: string };
    if (method === "tools/call") forget();
    return handle(request);
  });
  const backend = mcpBackend(server.url);
  const { message, transient } = await backendFault(backend.callTool("a", {}));
  assert.match(message, /HTTP 404/);
  assert.equal(transient, false);
  assert.equal(server.requests.filter(({ rpc }) => rpc === "initialize").length, 2);
  await backend.close?.();
  await server.close();
});

test("fails at a server that refuses the only version wanted", async () => {
  const server = await serve(statelessServer(answer, { legacy: "reject" }));
  const backend = mcpBackend(server.url, { protocolVersion: "2025-11-25" });
  const { transient } = await backendFault(backend.callTool("a", {}));
  assert.equal(transient, false);
  await backend.close?.();
  await server.close();
});

test("sends the headers with every request, asked for each time", async () => {
  const { handle } = sessionServer(answer, true);
  const server = await serve(handle);
  let token = 0;
  const backend = mcpBackend(server.url, { headers: async () => ({ authorization: `Bearer ${++token}` }) });
  await backend.callTool("a", {});
  await backend.close?.();
  assert.deepEqual(
    server.requests.map(({ authorization }) => authorization),
    server.requests.map((_, index) => `Bearer ${index + 1}`),
  );
  await server.close();
});

test("follows no redirect, and says so", async () => {
  let reached = 0;
  const thief = await raw((_, response) => {
    reached++;
    response.end();
  });
  for (const status of [301, 302, 303, 307, 308]) {
    const server = await raw((_, response) => response.writeHead(status, { location: thief.url }).end());
    const backend = mcpBackend(server.url, { headers: { authorization: "Bearer secret" } });
    const { message, transient } = await backendFault(backend.callTool("a", {}));
    assert.match(message, /redirects/);
    assert.equal(transient, false);
    server.close();
  }
  assert.equal(reached, 0);
  thief.close();
});

for (const type of ["application/json", "text/event-stream"]) {
  test(`calls it transient when the server dies in the middle of ${type}`, async () => {
    const server = await raw((_, response) => {
      response.writeHead(200, { "content-type": type });
      response.write(type.endsWith("json") ? '{"jsonrpc":"2.0","id":1,"res' : 'data: {"jsonrpc":"2.0","id":1,"res');
      setTimeout(() => response.destroy(), 20);
    });
    const { transient } = await backendFault(mcpBackend(server.url).callTool("a", {}));
    assert.equal(transient, true);
    server.close();
  });
}

test("asks again through withRetry when the server was away for a moment", async () => {
  const handle = statelessServer(answer);
  let requests = 0;
  const server = await serve((request) => (++requests < 3 ? new Response("secret", { status: 503 }) : handle(request)));
  const backend = withRetry(mcpBackend(server.url), { baseMs: 1 });
  const result = (await backend.callTool("a", {})) as ReturnType<typeof answer>;
  assert.deepEqual(result.content, answer("a").content);
  assert.equal(requests, 3);
  await server.close();
});

test("calls a refused connection transient", async () => {
  const server = await raw((_, response) => response.end());
  server.close();
  const { transient } = await backendFault(mcpBackend(server.url).callTool("a", {}));
  assert.equal(transient, true);
});

for (const [name, make] of [
  ["2026-07-28", (tool: never) => statelessServer(tool)],
  ["a session", (tool: never) => sessionServer(tool, false).handle],
] as const) {
  test(`aborts at a slow server at once and cancels there, in ${name}`, async () => {
    let far: AbortSignal | undefined;
    const slow = (tool: string, _args: unknown, { signal }: { signal: AbortSignal }) => {
      if (tool !== "slow") return answer(tool);
      far = signal;
      return new Promise(() => {});
    };
    const server = await serve(make(slow as never));
    const backend = mcpBackend(server.url);
    const controller = new AbortController();
    const waiting = backend.callTool("slow", {}, { signal: controller.signal }) as Promise<unknown>;
    waiting.catch(() => {});
    while (!far) await new Promise((resolve) => setTimeout(resolve, 5));
    const started = performance.now();
    controller.abort();
    await assert.rejects(waiting, { code: "aborted" });
    assert(performance.now() - started < 100, "the abort took long");
    while (!far.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(
      ((await backend.callTool("next", {})) as ReturnType<typeof answer>).content,
      answer("next").content,
    );
    await backend.close?.();
    await server.close();
  });
}

test("answers a ping and refuses other requests of the server while it waits", async () => {
  const replies: unknown[] = [];
  const server = await raw(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const message = JSON.parse(text) as { id: unknown; method?: string };
    if (message.method !== "tools/call") {
      replies.push(message);
      response.writeHead(202).end();
      return;
    }
    const send = (value: object) => response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", ...value })}\n\n`);
    response.writeHead(200, { "content-type": "text/event-stream" });
    send({ id: "p", method: "ping" });
    send({ id: "s", method: "sampling/createMessage", params: {} });
    while (replies.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    send({ id: message.id, result: answer("a") });
  });
  const backend = mcpBackend(server.url);
  assert.deepEqual(await backend.callTool("a", {}), answer("a"));
  replies.sort((a, b) => ((a as { id: string }).id < (b as { id: string }).id ? -1 : 1));
  assert.deepEqual(replies, [
    { jsonrpc: "2.0", id: "p", result: {} },
    { jsonrpc: "2.0", id: "s", error: { code: -32601, message: "Method not found" } },
  ]);
  server.close();
});

test("stops reading an answer that exceeds maxBytes", async () => {
  let closed = false;
  const server = await raw((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.on("close", () => {
      closed = true;
    });
    const timer = setInterval(() => response.write(`: ${"x".repeat(4000)}\n`), 1);
    response.on("close", () => clearInterval(timer));
  });
  const { message, transient } = await backendFault(mcpBackend(server.url, { maxBytes: 50_000 }).callTool("a", {}));
  assert.match(message, /maxBytes/);
  assert.equal(transient, false);
  while (!closed) await new Promise((resolve) => setTimeout(resolve, 5));
  server.close();
});
