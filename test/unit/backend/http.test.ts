// The HTTP transport against scripted replies: the vectors, and that no text of a server ever reaches a message.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HttpBackendOptions, httpBackend } from "../../../src/backend/http.ts";
import { BackendError } from "../../../src/errors.ts";
import vectors from "../../vectors/backend/http-replies.json" with { type: "json" };

interface ScriptedReply {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly hex?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly throws?: string;
}

interface Vector {
  readonly name: string;
  readonly options?: HttpBackendOptions;
  readonly replies: readonly ScriptedReply[];
  readonly result?: unknown;
  readonly fault?: string;
  readonly transient?: boolean;
  readonly requests?: readonly string[];
}

function respond(reply: ScriptedReply, id: unknown): Response {
  if (reply.throws) throw new TypeError("secret of the network");
  const text = (reply.json !== undefined ? JSON.stringify(reply.json) : (reply.text ?? "")).replaceAll(
    '"ID"',
    String(id),
  );
  const type = reply.type ?? (reply.json === undefined ? "text/plain" : "application/json");
  const bodiless = reply.status === 202 || reply.status === 204;
  const body = reply.hex ? Buffer.from(reply.hex, "hex") : new TextEncoder().encode(text);
  const headers = new Headers({ ...reply.headers, "content-type": type });
  if (!type) headers.delete("content-type");
  return new Response(bodiless ? null : body, { status: reply.status ?? 200, headers });
}

for (const { name, options, replies, result, fault, transient, requests } of vectors.cases as readonly Vector[]) {
  test(`http: ${name}`, async () => {
    const made: string[] = [];
    const backend = httpBackend("https://mcp.example/mcp", {
      ...options,
      async fetch(_url, init) {
        const { id, method } = JSON.parse(String(init.body)) as { id?: unknown; method: string };
        assert.equal(init.redirect, "manual");
        const reply = replies[made.length];
        made.push(method);
        assert(reply, `one request too many: ${method}`);
        return respond(reply, id);
      },
    });
    const answer = backend.callTool("get", { a: 1 }) as Promise<unknown>;
    if (fault === undefined) {
      assert.deepEqual(await answer, result);
    } else {
      await assert.rejects(answer, (error) => {
        assert(error instanceof BackendError, String(error));
        assert(error.message.includes(fault), error.message);
        assert(!error.message.includes("secret"), error.message);
        assert.equal(error.transient, transient);
        return true;
      });
    }
    assert.equal(made.length, replies.length, "not every reply was used");
    if (requests) assert.deepEqual(made, requests);
  });
}

test("http: the request of 2026-07-28 on the wire", async () => {
  const seen: { body: unknown; headers: Headers }[] = [];
  const backend = httpBackend("https://mcp.example/mcp", {
    headers: { "x-mine": "1", accept: "text/html", "mcp-method": "forged" },
    async fetch(_url, init) {
      seen.push({ body: JSON.parse(String(init.body)), headers: new Headers(init.headers) });
      return respond({ json: { id: "ID", result: {} } }, seen.length);
    },
  });
  const names = ["get_me", " padded", "Grüße", "", "=?base64?x?=", "a\r\nx-evil: 1"];
  for (const name of names) await backend.callTool(name, undefined);
  assert.deepEqual(seen[0]?.body, {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: {
      name: "get_me",
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "edge-guard", version: "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
  });
  const first = seen[0]!.headers;
  assert.equal(first.get("accept"), "application/json, text/event-stream");
  assert.equal(first.get("content-type"), "application/json");
  assert.equal(first.get("mcp-protocol-version"), "2026-07-28");
  assert.equal(first.get("mcp-method"), "tools/call");
  assert.equal(first.get("x-mine"), "1");
  const decoded = seen.map(({ headers }) => {
    const value = headers.get("mcp-name") ?? "";
    const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
    return encoded === undefined ? value : Buffer.from(encoded, "base64").toString();
  });
  assert.deepEqual(decoded, names);
  assert.equal(seen[5]?.headers.get("x-evil"), null);
});

test("http: a server found to be stateless is not taken for an older one afterwards", async () => {
  const replies: ScriptedReply[] = [{ json: { id: "ID", result: 1 } }, { status: 404 }];
  const made: string[] = [];
  const backend = httpBackend("https://mcp.example/mcp", {
    async fetch(_url, init) {
      const { id, method } = JSON.parse(String(init.body)) as { id: number; method: string };
      return respond(replies[made.push(method) - 1]!, id);
    },
  });
  await backend.callTool("a", {});
  await assert.rejects(async () => backend.callTool("b", {}), /HTTP 404/);
  assert.deepEqual(made, ["tools/call", "tools/call"]);
});

test("http: in a browser, an older server behind CORS is found too, and a path is resolved", async () => {
  const made: string[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    const { id, method } = JSON.parse(String(init.body)) as { id: number; method: string };
    made.push(method);
    assert.equal(url, "https://page.example/mcp");
    if (new Headers(init.headers).has("mcp-method")) throw new TypeError("Failed to fetch");
    if (id === undefined) return new Response(null, { status: 202 });
    return respond({ json: { id: "ID", result: { protocolVersion: "2025-11-25" } } }, id);
  };
  await assert.rejects(
    async () => httpBackend("https://page.example/mcp", { fetch }).callTool("a", {}),
    /connection failed/,
  );
  assert.deepEqual(made.splice(0), ["tools/call"], "outside a browser a lost connection is just that");
  Object.assign(globalThis, { location: { href: "https://page.example/play/" } });
  try {
    await httpBackend("/mcp", { fetch }).callTool("a", {});
  } finally {
    delete (globalThis as { location?: unknown }).location;
  }
  assert.deepEqual(made, ["tools/call", "initialize", "notifications/initialized", "tools/call"]);
});

test("http: arguments that are no object never leave", async () => {
  let sent = 0;
  const backend = httpBackend("https://mcp.example/mcp", {
    async fetch() {
      sent++;
      return new Response();
    },
  });
  for (const args of [null, [], "a", 1]) await assert.rejects(async () => backend.callTool("a", args), BackendError);
  assert.equal(sent, 0);
});

test("http: misuse is told by the option's name", () => {
  assert.throws(() => httpBackend("file:///etc/passwd"), /TypeError.*"url"/);
  assert.throws(
    () => httpBackend("https://user:secret@mcp.example"),
    (error: Error) => {
      return error instanceof TypeError && !error.message.includes("secret");
    },
  );
  assert.throws(() => httpBackend("not a url"), TypeError);
  assert.throws(() => httpBackend("https://a.example", { maxBytes: 0 }), /RangeError.*"maxBytes"/);
  assert.throws(() => httpBackend("https://a.example", { protocolVersion: "draft" }), /RangeError.*"protocolVersion"/);
  assert.throws(() => httpBackend("https://a.example", { headers: { "bad name": "1" } }), TypeError);
});
