// The proxy before the protocol's reference server over real HTTP: in Node, workerd and Deno, with clients of both SDKs. Uses dist/.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createMonitor } from "edge-guard";
import { serveHttp } from "edge-guard/node";
import { createGuardProxy } from "edge-guard/proxy";
import { Miniflare } from "miniflare";
import { bundle } from "../stores/bundle.ts";
import { startDeno } from "./deno-process.ts";
import { everythingGuard, identify } from "./everything-guard.ts";
import { runEverything } from "./everything-scenario.ts";
import { type Everything, everything } from "./everything-server.ts";

let server: Everything;
let folder: string;

before(async () => {
  [server, folder] = await Promise.all([everything(), mkdtemp(join(tmpdir(), "edge-guard-everything-"))]);
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test("in Node", { timeout: 180_000 }, async (context) => {
  const modes = ["filter", "propagate"] as const;
  const monitors = modes.map((mode) => createMonitor({ servers: { everything: { guard: everythingGuard(mode) } } }));
  const proxies = monitors.map((monitor) => createGuardProxy({ upstream: server.url, monitor, identify }));
  const running = await serveHttp((request) => {
    const index = modes.findIndex((mode) => new URL(request.url).pathname === `/${mode}`);
    return proxies[index]!.fetch(request);
  });
  await runEverything(context, `http://127.0.0.1:${running.port}`, server);
  await running.close();
  await Promise.all([...proxies, ...monitors].map((one) => one.close()));
});

test("in workerd", { timeout: 180_000 }, async (context) => {
  const worker = new Miniflare({
    host: "127.0.0.1",
    modules: [{ type: "ESModule", path: "worker.mjs", contents: await bundle("test/e2e/proxy/everything-worker.ts") }],
    compatibilityDate: "2026-04-01",
    compatibilityFlags: ["enable_request_signal"],
    bindings: { UPSTREAM_URL: server.url },
    durableObjects: { AGENTS: { className: "AgentLabelsObject", useSQLite: true } },
    handleRuntimeStdio: () => {},
    cf: false,
  });
  try {
    await runEverything(context, (await worker.ready).href.replace(/\/$/, ""), server);
  } finally {
    await worker.dispose();
  }
});

test("in Deno", { timeout: 180_000 }, async (context) => {
  await writeFile(`${folder}/main.js`, await bundle("test/e2e/proxy/everything-deno.ts"));
  const deno = await startDeno(`${folder}/main.js`, { args: [server.url] });
  try {
    await runEverything(context, `http://127.0.0.1:${deno.port}`, server);
  } finally {
    deno.kill();
  }
  assert.ok(deno.port > 0);
});
