// Streams of servers that can be taken up again (2025-11-25, Resumability): what the proxy does with ids, empty events and breaks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { httpUpstream } from "../../../src/proxy/index.ts";

type Step = { readonly events: readonly string[]; readonly breaks?: boolean; readonly status?: number };

/** A server with a session whose streams are scripted: the first answers the request, the others each take up the one before. */
function server(steps: readonly Step[]) {
  const seen: { readonly method: string; readonly rpc?: string; readonly last: string | null }[] = [];
  let next = 0;
  const stream = ({ events, breaks, status = 200 }: Step): Response => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const event = events[sent++];
        if (event !== undefined)
          controller.enqueue(new TextEncoder().encode(event.endsWith("\n") ? event : `${event}\n\n`));
        else if (breaks) controller.error(new TypeError("connection reset"));
        else controller.close();
      },
    });
    return new Response(body, { status, headers: { "content-type": "text/event-stream" } });
  };
  const fetch = async (_url: string, init: RequestInit): Promise<Response> => {
    const message = init.body === undefined ? undefined : JSON.parse(String(init.body));
    const last = new Headers(init.headers).get("last-event-id");
    seen.push({ method: init.method!, ...(message && { rpc: message.method }), last });
    if (message?.method === "initialize") {
      const result = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: {} };
      return Response.json({ jsonrpc: "2.0", id: message.id, result }, { headers: { "mcp-session-id": "s" } });
    }
    if (message?.method === "notifications/initialized") return new Response(null, { status: 202 });
    const step = steps[next++];
    return step === undefined ? new Response(null, { status: 405 }) : stream(step);
  };
  const connection = httpUpstream("https://mcp.example/", { fetch, protocolVersion: "2025-11-25" }).connect({});
  const request = (signal = AbortSignal.timeout(5000)) => connection.request("tools/call", { name: "t" }, { signal });
  return { request, resumed: () => seen.filter(({ rpc }) => rpc === undefined || rpc === "tools/call").slice(1) };
}

const answer = (id: number, text: string): string =>
  `id: e${id}\ndata: {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"${text}"}]}}`;
const primed = "id: e0\nretry: 1\ndata: ";

test("an event without data only carries an id", async () => {
  const { request, resumed } = server([{ events: [primed, answer(1, "whole")] }]);
  assert.match(JSON.stringify(await request()), /whole/);
  assert.deepEqual(resumed(), []);
});

for (const breaks of [false, true]) {
  test(`a stream that ${breaks ? "breaks off" : "ends"} before the answer is taken up after the last id, and nothing is sent twice`, async () => {
    const { request, resumed } = server([
      { events: [primed, 'id: e1\ndata: {"jsonrpc":"2.0","method":"notifications/message"}', "id: cut\n"], breaks },
      { events: ["id: e2\ndata: "], breaks },
      { events: [answer(3, "late")] },
    ]);
    assert.match(JSON.stringify(await request()), /late/);
    assert.deepEqual(resumed(), [
      { method: "GET", last: "e1" },
      { method: "GET", last: "e2" },
    ]);
  });
}

test("a server that brings nothing new is given up after some attempts", async () => {
  const { request, resumed } = server([{ events: [primed] }, ...Array.from({ length: 20 }, () => ({ events: [] }))]);
  await assert.rejects(request(), { message: /ended without the answer/ });
  assert.ok(resumed().length <= 5);
});

test("a server that cannot take it up is believed, and without ids nothing is tried", async () => {
  const refusing = server([{ events: [primed], breaks: true }]);
  await assert.rejects(refusing.request(), { message: /ended without the answer/ });
  assert.equal(refusing.resumed().length, 1);
  const plain = server([{ events: ["data: "], breaks: true }]);
  await assert.rejects(plain.request(), { message: /connection was lost/ });
  assert.equal(plain.resumed().length, 0);
});

test("an abort ends the waiting between two attempts", async () => {
  const { request } = server([{ events: ["id: e0\nretry: 9000\ndata: "] }]);
  const started = performance.now();
  await assert.rejects(request(AbortSignal.timeout(50)));
  assert.ok(performance.now() - started < 5000);
});

test("many requests under one signal leave no listener on it", async () => {
  const steps = Array.from({ length: 40 }, (_, n) => ({
    events: [primed, answer(n, "page").replace('"id":2', `"id":${n + 2}`)],
  }));
  for (const failing of [false, true]) {
    const { request } = server(failing ? [{ events: [primed], breaks: true }] : steps);
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    const held = new Set<unknown>();
    signal.addEventListener = (type: string, listener: never, options?: never) => {
      held.add(listener);
      listeners = Math.max(listeners, held.size);
      addEventListener.call(signal, type, listener, options);
    };
    signal.removeEventListener = (type: string, listener: never, options?: never) => {
      held.delete(listener);
      removeEventListener.call(signal, type, listener, options);
    };
    for (let turn = 0; turn < (failing ? 1 : 40); turn++) await request(signal).catch(() => {});
    assert.ok(listeners > 0 && listeners < 5, `${listeners} at a time`);
    assert.equal(held.size, 0);
  }
});
