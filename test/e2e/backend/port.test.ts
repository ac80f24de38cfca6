// A worker thread asks and the main thread answers, over a real port; and a process with idle ports ends by itself.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { functionBackend, messagePortBackend, serveBackend } from "edge-guard";

const file = fileURLToPath(import.meta.url);
const role = process.env["EDGE_GUARD_PORT_TEST"];

async function askFromWorker(): Promise<void> {
  const { asking, reporting } = workerData as { asking: MessagePort; reporting: MessagePort };
  const backend = messagePortBackend(asking as never);
  const answers = await Promise.all([1, 2, 3].map((n) => backend.callTool("double", { n })));
  const fault = await Promise.resolve(backend.callTool("fail", {})).catch((error: Error) => error.message);
  reporting.postMessage({ answers, fault });
}

/** Ends by itself, or hangs and fails the test below. */
async function ownProcess(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  serveBackend(
    port1 as never,
    functionBackend(() => new Promise((done) => setTimeout(done, 50, "answered"))),
  );
  const backend = messagePortBackend(port2 as never);
  if (role === "ask") console.log(await backend.callTool("t", {}));
}

if (!isMainThread) {
  await askFromWorker();
} else if (role) {
  await ownProcess();
} else {
  test("a worker thread's questions are answered by the main thread, and the worker ends by itself", async () => {
    const asking = new MessageChannel();
    const reporting = new MessageChannel();
    serveBackend(
      asking.port1 as never,
      functionBackend((tool, { n }) => {
        if (tool === "fail") throw new Error("a secret");
        return n * 2;
      }),
    );
    const transferList = [asking.port2, reporting.port2] as never[];
    const worker = new Worker(file, { workerData: { asking: asking.port2, reporting: reporting.port2 }, transferList });
    const report = once(reporting.port1 as never, "message") as Promise<[{ answers: unknown; fault: string }]>;
    const [exit] = await once(worker, "exit");
    const [message] = await report;
    const { answers, fault } = "data" in message ? (message.data as typeof message) : message;
    assert.deepEqual(answers, [2, 4, 6]);
    assert.match(fault, /Cannot ask "fail"/);
    assert(!fault.includes("secret"));
    assert.equal(exit, 0);
    reporting.port1.close();
  });

  for (const [way, output] of [
    ["idle", ""],
    ["ask", "answered\n"],
  ] as const) {
    test(`a process ends by itself, ports: ${way}`, () => {
      const env = { ...process.env, EDGE_GUARD_PORT_TEST: way, NODE_TEST_CONTEXT: undefined };
      const { status, stdout } = spawnSync(process.execPath, [file], { timeout: 10_000, encoding: "utf8", env });
      assert.deepEqual({ status, stdout }, { status: 0, stdout: output });
    });
  }
}
