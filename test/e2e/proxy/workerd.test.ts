// demo/cloudflare in workerd (Miniflare), over real HTTP: Durable Objects, the sample guard as a compiled module, both SDKs. Uses dist/.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";
import { type RunningServer, serve } from "../backend/servers.ts";
import { bundleDemo, root } from "./bundle-demo.ts";
import { connect } from "./clients.ts";
import { POLICY, type Proxies, runManyAgents, runScenario, TOKENS, tokenOf, until } from "./scenario.ts";
import { type Github, github } from "./servers.ts";

let script: string;
let folder: string;
const servers: { v1?: { server: Github; running: RunningServer }; v2?: { server: Github; running: RunningServer } } =
  {};

async function start(upstream: string, mode: "filter" | "propagate", persist: string): Promise<Miniflare> {
  return new Miniflare({
    host: "127.0.0.1",
    modules: [
      { type: "ESModule", path: "worker.mjs", contents: script },
      { type: "CompiledWasm", path: "repo-guard.wasm", contents: await readFile(`${root}dist/guards/repo-guard.wasm`) },
    ],
    compatibilityDate: "2026-04-01",
    compatibilityFlags: ["enable_request_signal"],
    bindings: {
      UPSTREAM_URL: upstream,
      AGENT_TOKENS: JSON.stringify(TOKENS),
      POLICY: JSON.stringify(POLICY),
      MODE: mode,
    },
    durableObjects: { AGENTS: { className: "AgentLabelsObject", useSQLite: true } },
    durableObjectsPersist: persist,
    handleRuntimeStdio: () => {},
    cf: false,
  });
}

before(async () => {
  [script, folder] = await Promise.all([
    bundleDemo("demo/cloudflare/worker.ts"),
    mkdtemp(join(tmpdir(), "edge-guard-demo-")),
  ]);
  for (const generation of ["v1", "v2"] as const) {
    const server = github(generation, "sse");
    servers[generation] = { server, running: await serve(server.handle) };
  }
});
after(async () => {
  for (const { running } of Object.values(servers)) await running.close();
  await rm(folder, { recursive: true, force: true });
});

for (const generation of ["v1", "v2"] as const) {
  test(`before a ${generation} server`, async (context) => {
    const { server, running } = servers[generation]!;
    const workers = await Promise.all([
      start(running.url, "filter", `${folder}/${generation}f`),
      start(running.url, "propagate", `${folder}/${generation}p`),
    ]);
    try {
      const [filter, propagate] = await Promise.all(workers.map(async (worker) => `${(await worker.ready).href}mcp`));
      const urls: Proxies = { filter: filter!, propagate: propagate! };
      for (const kind of ["v1", "v2", "v2 in its older form"] as const) {
        await context.test(`a client of ${kind}`, (inner) => runScenario(inner, kind, urls, server));
      }
      await context.test("50 agents at once", () => runManyAgents("v2", urls));
      await context.test("clients that leave in the middle leave nothing behind that others wait for", async () => {
        const args = { owner: "acme", repo: "site" };
        const leaving = Array.from({ length: 5 }, async () => {
          const client = await connect("v2", urls.filter, tokenOf("events.0"));
          const controller = new AbortController();
          setTimeout(() => controller.abort(), 30);
          await assert.rejects(client.call("list_issues", { ...args, hang: true }, { signal: controller.signal }));
          await client.close();
        });
        await Promise.all(leaving);
        const started = Date.now();
        const client = await connect("v2", urls.filter, tokenOf("events.0"));
        assert.equal((await client.call("list_issues", args)).structuredContent?.items?.length, 4);
        assert.ok(Date.now() - started < 5000);
        await client.close();
      });
      await context.test("clients that leave while the guard waits for its answer hold up nobody", async () => {
        for (const kind of ["v2", "v1"] as const) {
          const hung = server.hung;
          const leaving = [0, 1].map(async (n) => {
            const client = await connect(kind, urls.filter, tokenOf("events.1"));
            const call = client.call("list_issues", { owner: "acme", repo: `stuck-${kind}-${n}` });
            call.catch(() => {});
            await until(() => server.hung > hung + n);
            await client.close();
          });
          await Promise.all(leaving);
          const started = Date.now();
          const answered = Array.from({ length: 20 }, async (_, n) => {
            const client = await connect(kind, urls.filter, tokenOf(`${n}.1`));
            const { structuredContent } = await client.call("list_issues", { owner: "acme", repo: "site" });
            await client.close();
            return structuredContent?.items?.length;
          });
          assert.deepEqual(
            await Promise.all(answered),
            Array.from({ length: 20 }, () => 4),
          );
          assert.ok(Date.now() - started < 20_000, `They waited ${Date.now() - started} ms`);
        }
      });
    } finally {
      await Promise.allSettled(workers.map((worker) => worker.dispose()));
    }
  });
}
