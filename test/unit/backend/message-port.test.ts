// messagePortBackend and serveBackend: hostile ends, ends that leave, and when a port keeps the process alive.
import assert from "node:assert/strict";
import { test } from "node:test";
import { functionBackend } from "../../../src/backend/function.ts";
import { messagePortBackend, serveBackend } from "../../../src/backend/message-port.ts";
import { BackendError, TimeoutError } from "../../../src/errors.ts";
import vectors from "../../vectors/backend/port-messages.json" with { type: "json" };

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function open() {
  const { port1: near, port2: far } = new MessageChannel();
  const heard: Record<string, unknown>[] = [];
  far.onmessage = ({ data }) => void heard.push(data);
  return { backend: messagePortBackend(near as never), far, heard, near };
}

for (const { name, messages } of vectors.cases) {
  test(`message port: ${name} from the other end`, async () => {
    const { backend, far, near } = open();
    const answer = backend.callTool("t", {}) as Promise<unknown>;
    for (const message of messages) far.postMessage(message);
    await pause(5);
    far.postMessage({ type: "edge-guard.answer", id: 1, result: "true" });
    far.postMessage({ type: "edge-guard.answer", id: 1, result: "second" });
    assert.equal(await answer, "true");
    near.close();
  });

  test(`message port: ${name} to the serving end`, async () => {
    const { port1: near, port2: far } = new MessageChannel();
    let asked = 0;
    const server = serveBackend(
      near as never,
      functionBackend(() => ++asked),
    );
    const heard: unknown[] = [];
    far.onmessage = ({ data }) => void heard.push(data);
    // The two that are proper questions and cancellations for this end are answered, or have nothing to cancel.
    const proper = messages.filter(
      (message) => (message as { type?: unknown } | null)?.type === "edge-guard.ask",
    ).length;
    for (const message of messages) far.postMessage(message);
    await pause(5);
    far.postMessage({ type: "edge-guard.ask", id: 7, tool: "t", args: {} });
    while (heard.length < proper + 1) await pause(1);
    assert.equal(asked, proper + 1);
    server.close();
    near.close();
  });
}

test("message port: malformed questions are not asked, an id in use is not taken twice", async () => {
  const { port1: near, port2: far } = new MessageChannel();
  const asked: unknown[] = [];
  const release: ((value: unknown) => void)[] = [];
  serveBackend(
    near as never,
    functionBackend((tool) => {
      asked.push(tool);
      return new Promise((resolve) => release.push(resolve));
    }),
  );
  const heard: unknown[] = [];
  far.onmessage = ({ data }) => void heard.push(data);
  const ask = { type: "edge-guard.ask", args: {} };
  for (const part of [
    { id: "1", tool: "a" },
    { tool: "b" },
    { id: 1, tool: 5 },
    { id: 2, tool: "c" },
    { id: 2, tool: "d" },
  ]) {
    far.postMessage({ ...ask, ...part });
  }
  await pause(10);
  assert.deepEqual(asked, ["c"]);
  release[0]?.("done");
  await pause(10);
  assert.deepEqual(heard, [{ type: "edge-guard.answer", id: 2, result: "done" }]);
  near.close();
});

test("message port: faults cross with their kind and nothing else is believed", async () => {
  const faults: [unknown, (error: Error) => void][] = [
    [{ name: "BackendError", message: "m", transient: true }, (error) => assert((error as BackendError).transient)],
    [{ name: "BackendError", message: "m", transient: "yes" }, (error) => assert(!(error as BackendError).transient)],
    [{ name: "TimeoutError", message: "late" }, (error) => assert(error instanceof TimeoutError)],
    [{ name: "AbortError", message: "m" }, (error) => assert(error instanceof BackendError)],
    [{ name: { a: 1 }, message: { b: 2 } }, (error) => assert(error instanceof BackendError)],
    [{ message: "x".repeat(100_000) }, (error) => assert(error.message.length <= 1000)],
    [null, (error) => assert(error instanceof BackendError)],
    ["text", (error) => assert(error instanceof BackendError)],
  ];
  for (const [fault, check] of faults) {
    const { backend, far, near } = open();
    const answer = backend.callTool("t", {}) as Promise<unknown>;
    far.postMessage({ type: "edge-guard.fault", id: 1, error: fault });
    await assert.rejects(answer, (error) => {
      check(error as Error);
      return true;
    });
    near.close();
  }
});

test("message port: what the serving end sends names no secret of its error", async () => {
  const { port1: near, port2: far } = new MessageChannel();
  const fail = (tool: string) => {
    if (tool === "own") throw new BackendError("rate limited", { transient: true });
    if (tool === "late") throw new TimeoutError("too late");
    if (tool === "odd") throw "a secret string";
    return tool === "uncloneable" ? { f() {} } : Promise.reject(new Error("a secret"));
  };
  serveBackend(near as never, functionBackend(fail));
  const backend = messagePortBackend(far as never);
  const ask = (tool: string) => backend.callTool(tool, {}) as Promise<unknown>;
  await assert.rejects(ask("own"), { message: "rate limited", transient: true });
  await assert.rejects(ask("late"), { code: "timeout" });
  for (const tool of ["odd", "any", "uncloneable"]) {
    await assert.rejects(
      ask(tool),
      (error: Error) => error instanceof BackendError && !error.message.includes("secret"),
    );
  }
  await backend.close?.();
});

test("message port: an abort crosses and the id is not answered any more", async () => {
  const { backend, far, heard, near } = open();
  const controller = new AbortController();
  const answer = backend.callTool("t", { a: 1 }, controller) as Promise<unknown>;
  controller.abort();
  await assert.rejects(answer, { code: "aborted" });
  while (heard.length < 2) await pause(1);
  assert.deepEqual(heard, [
    { type: "edge-guard.ask", id: 1, tool: "t", args: { a: 1 } },
    { type: "edge-guard.cancel", id: 1 },
  ]);
  far.postMessage({ type: "edge-guard.answer", id: 1, result: "late" });
  await pause(5);
  near.close();
});

for (const [name, leave] of [
  ["says that it leaves", (far: MessagePort) => far.postMessage({ type: "edge-guard.leave" })],
  ["closes its port", (far: MessagePort) => far.close()],
] as const) {
  test(`message port: all questions fail when the other end ${name}`, async () => {
    const { backend, far } = open();
    const answers = ["a", "b"].map((tool) => backend.callTool(tool, {}) as Promise<unknown>);
    leave(far);
    for (const answer of answers) await assert.rejects(answer, BackendError);
    await assert.rejects(async () => backend.callTool("c", {}), BackendError);
    far.close();
  });
}

test("message port: closing the serving end fails what waits and aborts its backend's work", async () => {
  const { port1: near, port2: far } = new MessageChannel();
  let signal: AbortSignal | undefined;
  const work = functionBackend((_tool, _args, options) => {
    signal = options.signal;
    return new Promise(() => {});
  });
  const server = serveBackend(near as never, work);
  const backend = messagePortBackend(far as never);
  const answer = backend.callTool("t", {}) as Promise<unknown>;
  while (!signal) await pause(1);
  server.close();
  await assert.rejects(answer, BackendError);
  assert(signal.aborted);
  near.close();
  far.close();
});

test("message port: arguments that cannot be cloned are a fault, and the next question works", async () => {
  const { port1: near, port2: far } = new MessageChannel();
  serveBackend(
    near as never,
    functionBackend(() => "fine"),
  );
  const backend = messagePortBackend(far as never);
  await assert.rejects(async () => backend.callTool("t", { f() {} }), BackendError);
  assert.equal(await backend.callTool("t", {}), "fine");
  await backend.close?.();
});

test("message port: keeps the process alive exactly while a question waits", async () => {
  const { port1, port2 } = new MessageChannel();
  let kept: boolean | undefined;
  // Node itself calls ref when the first listener comes.
  const port = Object.assign(port1, {
    ref() {
      kept = true;
    },
    unref() {
      kept = false;
    },
  });
  const backend = messagePortBackend(port as never);
  assert.equal(kept, false);
  const server = serveBackend(
    port2 as never,
    functionBackend(() => pause(5).then(() => 1)),
  );
  const answers = ["a", "b"].map((tool) => backend.callTool(tool, {}));
  assert.equal(kept, true);
  await pause(20);
  await Promise.all(answers);
  assert.equal(kept, false);
  const controller = new AbortController();
  const answer = backend.callTool("c", {}, controller) as Promise<unknown>;
  assert.equal(kept, true);
  controller.abort();
  await assert.rejects(answer);
  assert.equal(kept, false);
  server.close();
  port1.close();
  port2.close();
});
