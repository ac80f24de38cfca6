// What is told of calls: spans through the real OpenTelemetry SDK, lines of JSON, and how much of tags either shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HrTime, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { type OpenTelemetryOptions, openTelemetry } from "../../../src/adapters/opentelemetry.ts";
import * as library from "../../../src/index.ts";
import * as proxies from "../../../src/proxy/index.ts";
import { answerOf, clientRequest, testProxy } from "../../suites/proxy.ts";
import { scriptedGuard } from "../../suites/scripted-guard.ts";
import setup from "../../vectors/proxy/setup.json" with { type: "json" };

const KEY = "a key of enough characters";
const call = (name: string, more: object = {}) =>
  clientRequest({ method: "tools/call", params: { name, arguments: {}, ...more } }, "modern");

/** The spans of these calls, parents last as they end. */
async function spansOf(
  requests: readonly Request[],
  options: OpenTelemetryOptions = {},
  proxyOptions: Partial<proxies.GuardProxyOptions> = {},
  server = {},
): Promise<ReadableSpan[]> {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const listener = openTelemetry({ tracer: provider.getTracer("test"), ...options });
  const { proxy } = testProxy(library as never, proxies as never, server, { onEvent: listener, ...proxyOptions });
  for (const request of requests) await answerOf(proxy, request);
  await listener.flush();
  return exporter.getFinishedSpans();
}

const rootOf = (spans: readonly ReadableSpan[]): ReadableSpan =>
  spans.find(({ name }) => name === "mcp.tool_call") ?? assert.fail("no span of the call");
const at = ([seconds, nanoseconds]: HrTime): number => seconds * 1e9 + nanoseconds;

test("a filtered call: one span, one below it per phase, named and timed", async () => {
  const spans = await spansOf([call("list_notes")], { guardDigests: { notes: "ab".repeat(32) } });
  const root = rootOf(spans);
  const { "difc.secrecy_tags.count": secret, "difc.integrity_tags.count": sound, ...attributes } = root.attributes;
  assert.deepEqual(attributes, {
    "gen_ai.system": "mcp",
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.agent.name": "edge-guard",
    "gen_ai.agent.id": "notes",
    "gen_ai.tool.name": "list_notes",
    "mcp.method": "tools/call",
    "mcp.response.status": 200,
    "difc.decision": "filtered",
    "difc.mode": "filter",
    "difc.operation": "read",
    "difc.items.total": 3,
    "difc.items.filtered": root.attributes["difc.items.filtered"],
    "difc.guard.sha256": "ab".repeat(32),
  });
  assert.deepEqual([typeof secret, typeof sound], ["number", "number"]);
  assert.ok((root.attributes["difc.items.filtered"] as number) > 0);
  assert.equal(root.kind, SpanKind.INTERNAL);
  const children = spans.filter((span) => span !== root);
  assert.deepEqual(
    children.map(({ name, kind }) => [name, kind]),
    [
      ["difc.agent", SpanKind.INTERNAL],
      ["difc.resource", SpanKind.INTERNAL],
      ["difc.coarse-check", SpanKind.INTERNAL],
      ["gateway.backend.execute", SpanKind.CLIENT],
      ["difc.response", SpanKind.INTERNAL],
      ["difc.items", SpanKind.INTERNAL],
    ],
  );
  for (const child of children) {
    assert.equal(child.parentSpanContext?.spanId, root.spanContext().spanId);
    assert.ok(at(child.startTime) >= at(root.startTime) - 1e6 && at(child.endTime) <= at(root.endTime) + 1e6);
  }
  assert.deepEqual(
    root.events.map(({ name }) => name),
    ["difc.pre_phases_complete"],
  );
});

test("the caller's trace goes on: from _meta, else from the header; another one begins a trace of its own", async () => {
  const traceparent = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
  const inHeader = call("get_open");
  inHeader.headers.set("traceparent", traceparent);
  for (const request of [call("get_open", { _meta: { traceparent } }), inHeader]) {
    const root = rootOf(await spansOf([request]));
    assert.equal(root.spanContext().traceId, "ab".repeat(16));
    assert.equal(root.parentSpanContext?.spanId, "cd".repeat(8));
    assert.equal(root.parentSpanContext?.isRemote, true);
  }
  const alone = rootOf(await spansOf([call("get_open", { _meta: { traceparent: "nonsense" } })]));
  assert.equal(alone.parentSpanContext, undefined);
});

test("denials, limits and faults: status, event, and none of the server's words", async () => {
  const denied = rootOf(await spansOf([call("post_public")]));
  assert.equal(denied.attributes["difc.decision"], "denied");
  assert.equal(denied.attributes["mcp.response.status"], 403);
  const [event] = denied.events.filter(({ name }) => name === "difc.access_denied");
  assert.match(String(event?.attributes?.["reason"]), /^(secrecy|integrity)$/);
  assert.equal(event?.attributes?.["reason"], denied.attributes["difc.rule"]);

  const policy = { "allow-only": { repos: "all", "min-integrity": "none", "tool-call-limits": { get_open: 1 } } };
  const guard = scriptedGuard("notes", setup.guard as never);
  const monitor = library.createMonitor({ servers: { notes: { guard, policy } } });
  const limited = await spansOf([call("get_open"), call("get_open")], {}, { monitor });
  const second = limited.filter(({ name }) => name === "mcp.tool_call")[1]!;
  assert.equal(second.attributes["mcp.response.status"], 429);
  assert.deepEqual(
    second.events.map(({ name }) => name),
    ["rate_limit.detected"],
  );

  const failed = rootOf(await spansOf([call("get_open")], {}, {}, { replyBody: "FORBIDDEN", replyStatus: 500 }));
  assert.equal(failed.attributes["mcp.response.status"], 500);
  assert.deepEqual(failed.status, { code: SpanStatusCode.ERROR, message: "backend" });
});

const told = (spans: readonly ReadableSpan[]): string =>
  JSON.stringify(spans.map(({ name, attributes, events, status }) => ({ name, attributes, events, status })));

test("tags are counted by default, hashed with a key, shown in full on request; descriptions never", async () => {
  const calls = () => [call("list_notes"), call("get_closed"), call("post_public")];
  const names = /private:|theirs|FORBIDDEN|alice/;
  const counted = await spansOf(calls());
  assert.doesNotMatch(told(counted), names);
  const hashed = await spansOf(calls(), { tags: "hashed", key: KEY });
  assert.doesNotMatch(told(hashed), names);
  const tagsOf = (spans: readonly ReadableSpan[]): unknown[] =>
    spans.flatMap(({ attributes }) => attributes["difc.secrecy_tags"] ?? []);
  assert.ok(tagsOf(hashed).length > 0);
  for (const tag of tagsOf(hashed)) assert.match(String(tag), /^[0-9a-f]{16}$/);
  assert.match(String(rootOf(hashed).attributes["gen_ai.conversation.id"]), /^[0-9a-f]{16}$/);
  assert.deepEqual(tagsOf(hashed), tagsOf(await spansOf(calls(), { tags: "hashed", key: KEY })), "Equal under one key");
  const other = await spansOf(calls(), { tags: "hashed", key: `another ${KEY}` });
  assert.notDeepEqual(tagsOf(hashed), tagsOf(other), "Another key gives others");
  const full = await spansOf(calls(), { tags: "full" });
  assert.match(told(full), /private:theirs/);
  assert.equal(rootOf(full).attributes["gen_ai.conversation.id"], '["alice","triage"]');
});

async function linesOf(options: proxies.JsonLinesOptions): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const log = proxies.jsonLines((line) => lines.push(line), { now: () => 0, ...options });
  const { proxy } = testProxy(library as never, proxies as never, {}, { onEvent: log });
  for (const request of [call("list_notes"), call("post_public")]) await answerOf(proxy, request);
  await answerOf(proxy, clientRequest({ method: "resources/read", params: { uri: "x://FORBIDDEN" } }, "modern"));
  await log.flush();
  return lines.map((line) => {
    const { milliseconds, ...fields } = JSON.parse(line) as Record<string, unknown>;
    assert.ok(milliseconds === undefined || typeof milliseconds === "number");
    return fields;
  });
}

test("lines of JSON: calls, refusals and withheld items in the reference host's fields", async () => {
  const lines = await linesOf({});
  assert.doesNotMatch(JSON.stringify(lines), /FORBIDDEN|private:/);
  const [first] = lines;
  assert.deepEqual(
    [first?.["time"], first?.["type"], first?.["server_id"], first?.["tool_name"], first?.["status"]],
    ["1970-01-01T00:00:00.000Z", "call", "notes", "list_notes", "filtered"],
  );
  const items = lines.filter(({ type }) => type === "difc_filtered");
  assert.equal(items.length, first?.["filtered"]);
  for (const item of items) {
    assert.deepEqual(
      ["server_id", "tool_name", "index", "violations", "secrecy_count", "integrity_count"].filter(
        (key) => !(key in item),
      ),
      [],
    );
  }
  assert.ok(
    lines.some(({ type, method, status }) => type === "refusal" && method === "resources/read" && status === 404),
  );
});

test("lines of JSON: hashed tags are equal for equal tags and say nothing, full ones say all", async () => {
  const hashed = await linesOf({ tags: "hashed", key: KEY });
  assert.doesNotMatch(JSON.stringify(hashed), /FORBIDDEN|private:/);
  const tags = hashed.flatMap(({ secrecy_tags = [], integrity_tags = [] }) => [
    ...(secrecy_tags as string[]),
    ...(integrity_tags as string[]),
  ]);
  assert.ok(tags.length > 0);
  for (const tag of tags) assert.match(tag, /^[0-9a-f]{16}$/);
  assert.deepEqual(hashed, await linesOf({ tags: "hashed", key: KEY }));
  assert.notDeepEqual(hashed, await linesOf({ tags: "hashed", key: `another ${KEY}` }));
  const full = await linesOf({ tags: "full" });
  const [item] = full.filter(({ type }) => type === "difc_filtered");
  for (const key of ["description", "reason", "secrecy_tags", "integrity_tags"]) assert.ok(key in item!, key);
});

test("hashing asks for a key", () => {
  for (const key of [undefined, "short", 7 as never]) {
    assert.throws(() => proxies.jsonLines(() => {}, { tags: "hashed", key }), { name: "TypeError", message: /"key"/ });
    assert.throws(() => openTelemetry({ tags: "hashed", key }), { name: "TypeError", message: /"key"/ });
  }
});
