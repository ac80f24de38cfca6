// functionBackend and mcpBackend's choice of signature: what the conformance kit cannot see.
import assert from "node:assert/strict";
import { test } from "node:test";
import { functionBackend } from "../../../src/backend/function.ts";
import { mcpBackend } from "../../../src/backend/mcp.ts";
import { BackendError, TimeoutError } from "../../../src/errors.ts";

test("a synchronous function backend refuses a promise, also one that rejects", async () => {
  const backend = functionBackend(() => Promise.reject(new Error("unhandled")), { synchronous: true });
  assert.throws(() => backend.callTool("t", {}), /"synchronous"/);
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test("nothing is no answer", async () => {
  assert.throws(() => functionBackend(() => {}, { synchronous: true }).callTool("t", {}), BackendError);
  await assert.rejects(async () => functionBackend(() => {}).callTool("t", {}), BackendError);
});

test("what a function throws stays the cause, its text stays out of the message", async () => {
  const cause = new Error("a secret");
  const fail = () => {
    throw cause;
  };
  const check = (error: unknown) =>
    error instanceof BackendError && error.cause === cause && !error.message.includes("secret") && !error.transient;
  await assert.rejects(async () => functionBackend(fail).callTool("t", {}), check);
  assert.throws(() => functionBackend(fail, { synchronous: true }).callTool("t", {}), check);
});

test("faults of the library pass as they are", async () => {
  for (const fault of [new BackendError("busy", { transient: true }), new TimeoutError("late")]) {
    const backend = functionBackend(() => {
      throw fault;
    });
    await assert.rejects(
      async () => backend.callTool("t", {}),
      (error) => error === fault,
    );
  }
});

test("a signal that timed out gives a TimeoutError", async () => {
  const backend = functionBackend(() => new Promise(() => {}));
  // The signal's own timer does not keep Node alive.
  const alive = setTimeout(() => {}, 5000);
  await assert.rejects(async () => backend.callTool("t", {}, { signal: AbortSignal.timeout(5) }), TimeoutError);
  clearTimeout(alive);
});

for (const [code, transient] of [
  [-32000, true],
  [-32001, true],
  [-32602, false],
  [503, true],
  [404, false],
  ["REQUEST_TIMEOUT", true],
  ["CONNECTION_CLOSED", true],
  ["INVALID_RESULT", false],
] as const) {
  test(`an MCP client's error with the code ${code} ${transient ? "is" : "is not"} transient`, async () => {
    const error = Object.assign(new Error("a secret"), { code });
    const backend = mcpBackend({ callTool: () => Promise.reject(error) });
    await assert.rejects(
      async () => backend.callTool("t", {}),
      (fault) =>
        fault instanceof BackendError &&
        fault.transient === transient &&
        fault.cause === error &&
        !fault.message.includes("secret"),
    );
  });
}

test("a client is asked in the way its shape asks for", async () => {
  const seen: unknown[][] = [];
  const note =
    (...names: string[]) =>
    async (...args: unknown[]) =>
      void seen.push([...names, ...args.map((arg) => typeof arg)]);
  const v1 = {
    callTool: async (params: unknown, schema = 1, options?: unknown) => note("v1")(params, schema, options),
  };
  const v2 = { callTool: async (params: unknown, options: unknown) => note("v2")(params, options) };
  const wrapped = { getProtocolEra() {}, callTool: (...args: unknown[]) => note("wrapped v2")(...args) };
  for (const client of [v1, v2, wrapped])
    await Promise.resolve(mcpBackend(client as never).callTool("t", {})).catch(() => {});
  assert.deepEqual(seen, [
    ["v1", "object", "number", "object"],
    ["v2", "object", "object"],
    ["wrapped v2", "object", "object"],
  ]);
});

test("mcpBackend refuses what is neither a client nor a URL", () => {
  for (const value of [null, undefined, {}, 5])
    assert.throws(() => mcpBackend(value as never), /TypeError.*"clientOrUrl"/);
});
