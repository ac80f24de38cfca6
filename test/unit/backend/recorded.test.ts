// recordedBackend and recordingBackend: the vectors, what is refused, and that a recording answers as the original did.
import assert from "node:assert/strict";
import { test } from "node:test";
import { functionBackend } from "../../../src/backend/function.ts";
import { type RecordedEntry, recordedBackend, recordingBackend } from "../../../src/backend/recorded.ts";
import { BackendError } from "../../../src/errors.ts";
import vectors from "../../vectors/backend/recorded.json" with { type: "json" };

interface Vector {
  readonly name: string;
  readonly entries: readonly RecordedEntry[];
  readonly ask: { readonly tool: string; readonly args?: unknown };
  readonly result?: unknown;
  readonly error?: string;
  readonly missing?: readonly unknown[];
}

for (const vector of vectors.cases as readonly Vector[]) {
  test(`recorded: ${vector.name}`, () => {
    for (const entries of [vector.entries, [...vector.entries].reverse()]) {
      const backend = recordedBackend(entries);
      const ask = () => backend.callTool(vector.ask.tool, vector.ask.args);
      if (vector.result !== undefined) assert.deepEqual(ask(), vector.result);
      else
        assert.throws(
          ask,
          (error) => error instanceof BackendError && error.message.includes(vector.error ?? "no entry"),
        );
      if (vector.missing) assert.throws(ask);
      assert.deepEqual(backend.missing, vector.missing ?? []);
    }
  });
}

test("recorded: what is missing can be pasted in", () => {
  const first = recordedBackend([]);
  assert.throws(() => first.callTool("t", { b: 1, a: 2 }));
  const second = recordedBackend(first.missing);
  assert.throws(() => second.callTool("t", { a: 2, b: 1 }), /No answer is recorded/);
  assert.deepEqual(second.missing, []);
});

test("recorded: a huge question is cut in the message", () => {
  const backend = recordedBackend([]);
  assert.throws(
    () => backend.callTool("t".repeat(5000), { text: "x".repeat(5000) }),
    (error: Error) => error.message.length < 1000,
  );
});

test("recorded: arguments that cannot be compared are a fault of the backend", () => {
  const deep = JSON.parse(`${"[".repeat(3000)}${"]".repeat(3000)}`);
  assert.throws(() => recordedBackend([]).callTool("t", deep), BackendError);
});

test("recorded: bad entries are refused", () => {
  const bad: [RecordedEntry[], RegExp][] = [
    [[{ result: 1 } as never], /entry 0.*"tool"/],
    [[null as never], /entry 0.*"tool"/],
    [[{ tool: "t" }], /entry 0.*one of "result" and "error"/],
    [[{ tool: "t", result: 1, error: "x" }], /entry 0/],
    [
      [
        { tool: "t", result: 1 },
        { tool: "t", args: {}, result: 2 },
      ],
      /entry 1.*differently/,
    ],
    [
      [
        { tool: "t", result: 1 },
        { tool: "t", error: "x" },
      ],
      /entry 1.*differently/,
    ],
  ];
  for (const [entries, message] of bad) assert.throws(() => recordedBackend(entries), { name: "TypeError", message });
  assert.throws(() => recordedBackend([], { delayMs: -1 }), /RangeError: Option "delayMs"/);
});

test("recorded: a delay makes it asynchronous, and can be aborted", async () => {
  const backend = recordedBackend([{ tool: "t", result: 1 }], { delayMs: 60_000 });
  assert.equal(backend.synchronous, false);
  const controller = new AbortController();
  const answer = backend.callTool("t", {}, controller) as Promise<unknown>;
  controller.abort();
  await assert.rejects(answer, { code: "aborted" });
  const quick = recordedBackend([{ tool: "t", result: 1 }], { delayMs: 20 });
  const started = performance.now();
  assert.equal(await quick.callTool("t", {}), 1);
  assert(performance.now() - started >= 15);
  await assert.rejects(async () => quick.callTool("u", {}));
  assert.equal(quick.missing.length, 1);
});

test("recording: entries answer as the original did, failures too, without aborted questions", async () => {
  const live = { n: 1 };
  const recorder = recordingBackend(
    functionBackend(async (tool, args) => {
      if (tool === "fail") throw new BackendError("rate limited", { transient: true });
      if (tool === "never") return new Promise(() => {});
      return tool === "live" ? live : { tool, args };
    }),
  );
  await recorder.callTool("get", { a: 1 });
  await recorder.callTool("get", { a: 1 });
  await recorder.callTool("live", undefined);
  live.n = 2;
  await assert.rejects(async () => recorder.callTool("fail", {}), /rate limited/);
  const controller = new AbortController();
  const never = recorder.callTool("never", {}, controller) as Promise<unknown>;
  controller.abort();
  await assert.rejects(never);
  const entries = recorder.entries();
  assert.deepEqual(entries, [
    { tool: "get", args: { a: 1 }, result: { tool: "get", args: { a: 1 } } },
    { tool: "live", result: { n: 1 } },
    { tool: "fail", error: "rate limited" },
  ]);
  const replayed = recordedBackend(entries);
  assert.deepEqual(replayed.callTool("get", { a: 1 }), { tool: "get", args: { a: 1 } });
  assert.throws(() => replayed.callTool("fail", {}), /rate limited/);
});

test("recording: an answer that JSON cannot hold still reaches the asker", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const recorder = recordingBackend(functionBackend(() => cycle, { synchronous: true }));
  assert.equal(recorder.callTool("t", {}), cycle);
  assert.deepEqual(recorder.entries(), []);
});
