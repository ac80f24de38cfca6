// Node's two ends: serveHttp before a handler, nodeFetch before a server, over real sockets. Uses dist/.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createMonitor, noopGuard } from "edge-guard";
import { nodeFetch, serveHttp } from "edge-guard/node";
import { createGuardProxy, httpUpstream } from "edge-guard/proxy";
import { until } from "./scenario.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, text: string) => void;

async function listen(handle: Handler) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => handle(request, response, text));
  });
  server.on("connection", (socket) => {
    connections++;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    connections: () => connections,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const ask = (url: string, signal = AbortSignal.timeout(10_000), maxBytes = 100_000) =>
  httpUpstream(url, { fetch: nodeFetch(), protocolVersion: "2026-07-28", maxBytes })
    .connect({ authorization: "Bearer mine", "x-unicode": "\u00fc" })
    .request("tools/call", { name: "t", arguments: { text: "\u{1f600}" } }, { signal });

const answering =
  (write: (response: ServerResponse, answer: string) => void): Handler =>
  (_request, response, text) => {
    const { id, params } = JSON.parse(text);
    write(response, JSON.stringify({ jsonrpc: "2.0", id, result: { content: [], echo: params.arguments.text } }));
  };

const ways: Readonly<Record<string, (response: ServerResponse, answer: string) => void>> = {
  "JSON of a declared length": (response, answer) => {
    response.setHeader("content-length", Buffer.byteLength(answer));
    response.setHeader("content-type", "application/json").end(answer);
  },
  "JSON in pieces": (response, answer) => {
    response.setHeader("content-type", "application/json");
    const bytes = Buffer.from(answer);
    // Cut in the middle of a character.
    response.write(bytes.subarray(0, bytes.length - 6));
    setTimeout(() => response.end(bytes.subarray(bytes.length - 6)), 10);
  },
  "an event stream": (response, answer) => {
    response.setHeader("content-type", "text/event-stream");
    response.write(": hello\n\n");
    setTimeout(() => response.end(`data: ${answer}\n\n`), 10);
  },
};
for (const [name, write] of Object.entries(ways)) {
  test(`nodeFetch reads ${name}`, async () => {
    const server = await listen(answering(write));
    assert.match(JSON.stringify(await ask(server.url)), /\u{1f600}/u);
    server.close();
  });
}

test("nodeFetch sends what it is given and uses connections again", async () => {
  const seen: IncomingMessage["headers"][] = [];
  const server = await listen((request, response, text) => {
    seen.push(request.headers);
    answering(ways["JSON of a declared length"]!)(request, response, text);
  });
  const connection = httpUpstream(server.url, { fetch: nodeFetch(), protocolVersion: "2026-07-28" }).connect({
    authorization: "Bearer mine",
  });
  for (let turn = 0; turn < 3; turn++) {
    const signal = AbortSignal.timeout(10_000);
    await connection.request("tools/call", { name: "t", arguments: { text: "x" } }, { signal });
  }
  assert.equal(server.connections(), 1);
  for (const { authorization, "mcp-method": method } of seen) {
    assert.deepEqual([authorization, method], ["Bearer mine", "tools/call"]);
  }
  server.close();
});

test("nodeFetch: an answer above the bound is refused, in JSON and in a stream", async () => {
  for (const type of ["application/json", "text/event-stream"]) {
    const server = await listen((_request, response) => {
      response.setHeader("content-type", type);
      const more = setInterval(() => response.write("x".repeat(50_000)), 1);
      response.on("close", () => clearInterval(more));
    });
    await assert.rejects(ask(server.url), /larger than 100000 bytes/);
    server.close();
  }
});

test("nodeFetch: connections that fail, break off or redirect", async () => {
  const broken = await listen((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.write("{");
    setTimeout(() => response.destroy(), 10);
  });
  await assert.rejects(ask(broken.url), /connection was lost/);
  broken.close();
  await assert.rejects(ask(broken.url), /connection failed/);
  const elsewhere = await listen((_request, response) =>
    response.writeHead(307, { location: "http://127.0.0.1:1/" }).end(),
  );
  await assert.rejects(ask(elsewhere.url), /redirects/);
  elsewhere.close();
});

test("nodeFetch: an abort ends the request on the server, before the answer begins and while it comes", async () => {
  for (const begins of [false, true]) {
    let left = false;
    let arrived = false;
    const server = await listen((_request, response) => {
      arrived = true;
      response.on("close", () => {
        left = true;
      });
      if (begins) response.setHeader("content-type", "text/event-stream").write(": hello\n\n");
    });
    const controller = new AbortController();
    const call = ask(server.url, controller.signal);
    call.catch(() => {});
    await until(() => arrived);
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    await assert.rejects(call);
    await until(() => left);
    assert.ok(left);
    server.close();
  }
});

test("serveHttp: bodies both ways, streams as they come, and a signal when the client leaves", async () => {
  const signals: AbortSignal[] = [];
  const server = await serveHttp(async (request) => {
    const { pathname, host } = new URL(request.url);
    assert.equal(host, "localhost", "the client does not decide about it");
    if (pathname === "/whole") {
      const text = await request.text();
      return new Response(text, {
        headers: { "content-length": String(Buffer.byteLength(text)), "x-host": request.headers.get("host")! },
      });
    }
    if (pathname === "/none") return new Response(null, { status: 202 });
    if (pathname === "/throws") throw new Error("no");
    signals.push(request.signal);
    const stream = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
    });
    return new Response(stream);
  });
  const url = `http://127.0.0.1:${server.port}`;
  const whole = await fetch(`${url}/whole`, { method: "POST", body: "\u{1f600}".repeat(50_000) });
  assert.equal(await whole.text(), "\u{1f600}".repeat(50_000));
  assert.equal(whole.headers.get("x-host"), `127.0.0.1:${server.port}`);
  assert.equal((await fetch(`${url}/none`)).status, 202);
  await assert.rejects(fetch(`${url}/throws`));
  const controller = new AbortController();
  setFlagsFromString("--expose-gc");
  const streamed = await fetch(`${url}/stream`, { signal: controller.signal });
  const reader = streamed.body!.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "first");
  // The handler keeps the signal alone, and not the request.
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    (runInNewContext("gc") as () => void)();
  }
  controller.abort();
  await until(() => signals[0]!.aborted);
  assert.ok(signals[0]!.aborted);
  await server.close();
});

const pieces = (parts: readonly (string | number)[]): ReadableStream<Uint8Array> => {
  const left = [...parts];
  return new ReadableStream({
    async pull(controller) {
      const next = left.shift();
      if (typeof next === "number") {
        await new Promise((resolve) => setTimeout(resolve, next));
        controller.enqueue(new TextEncoder().encode(" "));
      } else if (next === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(next));
    },
  });
};
const post = (url: string, body: BodyInit, signal?: AbortSignal): Promise<Response> =>
  fetch(url, {
    method: "POST",
    body,
    duplex: "half",
    headers: { "content-type": "application/json" },
    ...(signal && { signal }),
  } as RequestInit);

test("serveHttp: a body is read as it comes, and its reader may stop", async () => {
  const seen: string[] = [];
  const server = await serveHttp(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/first") {
      const reader = request.body!.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      return new Response(new TextDecoder().decode(value).slice(0, 5), { headers: { "content-length": "5" } });
    }
    try {
      seen.push(await request.text());
    } catch {
      seen.push("broken off");
    }
    return new Response(null, { status: 202 });
  });
  const url = `http://127.0.0.1:${server.port}`;
  await post(`${url}/`, pieces(["a", 20, "b", 20, "c"]));
  await post(`${url}/`, "");
  for (let turn = 0; turn < 3; turn++) {
    const first = await post(`${url}/first`, `first${"x".repeat(1_000_000)}`);
    assert.equal(await first.text(), "first");
  }
  const controller = new AbortController();
  const leaving = post(`${url}/`, pieces(["d", 20, "e", 2000]), controller.signal);
  setTimeout(() => controller.abort(), 200);
  await assert.rejects(leaving);
  await until(() => seen.length === 3);
  assert.deepEqual(seen, ["a b c", "", "broken off"]);
  await server.close();
});

test("serveHttp and the proxy: who leaves while it is identified gives its place up", async () => {
  let identified = 0;
  const proxy = createGuardProxy({
    upstream: "http://127.0.0.1:9/mcp",
    monitor: createMonitor({
      servers: { s: { guard: noopGuard(), policy: { "allow-only": { repos: "public", "min-integrity": "none" } } } },
    }),
    limits: { concurrency: 1, bodyMs: 60_000 },
    identify: async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      identified++;
      return { principal: "p" };
    },
  });
  const server = await serveHttp((request) => proxy.fetch(request));
  const url = `http://127.0.0.1:${server.port}/mcp`;
  const controller = new AbortController();
  const leaving = post(url, pieces(["{", 2000]), controller.signal);
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(leaving);
  await until(() => identified === 1);
  const { status } = await post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }));
  assert.equal(status, 200);
  await server.close();
  await proxy.close();
});

test("serveHttp and the proxy: bodies in pieces, too large, cut off, and read by identify too", async () => {
  const ping = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params: { x: "\u{1f600}" } });
  const read: string[] = [];
  const proxy = createGuardProxy({
    upstream: "http://127.0.0.1:9/mcp",
    monitor: createMonitor({
      servers: { s: { guard: noopGuard(), policy: { "allow-only": { repos: "public", "min-integrity": "none" } } } },
    }),
    limits: { requestBytes: 100_000, bodyMs: 300 },
    identify: async (request) => {
      if (request.headers.has("x-signed")) read.push(await request.clone().text());
      return { principal: "p" };
    },
  });
  const server = await serveHttp((request) => proxy.fetch(request));
  const url = `http://127.0.0.1:${server.port}/mcp`;
  const status = async (body: BodyInit): Promise<number> => (await post(url, body)).status;
  assert.deepEqual(await (await post(url, ping)).json(), { jsonrpc: "2.0", id: 1, result: {} });
  assert.equal(await status(pieces([ping.slice(0, 30), 20, ping.slice(30)])), 400, "a space in the middle of a word");
  assert.equal(await status(pieces([20, ping, 20])), 200);
  assert.equal(await status(""), 400);
  assert.equal(await status(new Uint8Array([0x22, 0xff, 0x22])), 400);
  assert.equal(await status(pieces(["x".repeat(60_000), 20, "x".repeat(60_000), "x".repeat(60_000)])), 413);
  assert.equal(await status(`${ping}${" ".repeat(100_000)}`), 413);
  assert.equal(await status(pieces([ping.slice(0, 20), 1000])), 408);
  const signed = await fetch(url, {
    method: "POST",
    body: ping,
    headers: { "content-type": "application/json", "x-signed": "1" },
  });
  assert.equal(signed.status, 200);
  assert.deepEqual(read, [ping]);
  assert.equal(await status(ping), 200, "after all that");
  await server.close();
  await proxy.close();
});

test("serveHttp and the proxy: a handler may read the proxy's answer, copy it, or put another in its place", async () => {
  const proxy = createGuardProxy({
    upstream: "http://127.0.0.1:9/mcp",
    monitor: createMonitor({
      servers: { s: { guard: noopGuard(), policy: { "allow-only": { repos: "public", "min-integrity": "none" } } } },
    }),
    identify: async () => ({ principal: "p" }),
  });
  const ping = JSON.stringify({ jsonrpc: "2.0", id: "\u{1f600}", method: "ping" });
  const pong = { jsonrpc: "2.0", id: "\u{1f600}", result: {} };
  const seen: unknown[] = [];
  const handlers: Record<string, (response: Response) => Response | Promise<Response>> = {
    "/same": (response) => response,
    "/headers": (response) => {
      response.headers.set("x-added", "1");
      return response;
    },
    "/clone": async (response) => {
      const copy = response.clone();
      seen.push(await response.json(), response.bodyUsed);
      return copy;
    },
    "/cloned": async (response) => {
      seen.push(await response.clone().text());
      return response;
    },
    "/stream": ({ body, status, headers }) => new Response(body, { status, headers }),
    "/looked-at": (response) => {
      seen.push(response.body instanceof ReadableStream, response.bodyUsed);
      return response;
    },
    "/bytes": async (response) => new Response(await response.arrayBuffer(), response),
    "/blob": async (response) => new Response(await response.blob(), response),
    "/other": async (response) => new Response(`${(await response.text()).length}`),
  };
  const server = await serveHttp(async (request) => {
    const handler = handlers[new URL(request.url).pathname]!;
    const response = await proxy.fetch(request);
    assert.ok(response instanceof Response && response.ok && response.type === "default");
    return handler(response);
  });
  for (const path of Object.keys(handlers)) {
    const response = await post(`http://127.0.0.1:${server.port}${path}`, ping);
    const said = await response.json();
    assert.deepEqual(said, path === "/other" ? JSON.stringify(pong).length : pong, path);
    if (path !== "/other") assert.equal(response.headers.get("content-type"), "application/json", path);
    assert.equal(response.headers.get("x-added"), path === "/headers" ? "1" : null, path);
  }
  assert.deepEqual(seen, [pong, true, JSON.stringify(pong), true, false]);
  await server.close();
  await proxy.close();
});
