// The proxy in Node, over real HTTP: clients of both SDK generations before it, servers of both behind it, the sample guard in between.
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { createMonitor, loadGuard } from "edge-guard";
import { bearerTokens, createGuardProxy } from "edge-guard/proxy";
import { type RunningServer, serve } from "../backend/servers.ts";
import type { ClientKind } from "./clients.ts";
import { POLICY, runManyAgents, runScenario, TOKENS } from "./scenario.ts";
import { github } from "./servers.ts";

const root = process.env["EDGE_GUARD_ROOT"];
const clients: readonly ClientKind[] = ["v1", "v2", "v2 in its older form"];

for (const generation of ["v1", "v2"] as const) {
  for (const form of ["json", "sse"] as const) {
    test(`a ${generation} server that answers as ${form}`, async (context) => {
      const server = github(generation, form);
      const upstream = await serve(server.handle);
      const guard = await loadGuard(await readFile(`${root}/dist/guards/repo-guard.wasm`), { name: "repo-guard" });
      const start = async (mode: "filter" | "propagate"): Promise<RunningServer> => {
        const monitor = createMonitor({ servers: { github: { guard, policy: POLICY } }, mode });
        const proxy = createGuardProxy({ upstream: upstream.url, monitor, identify: bearerTokens(TOKENS) });
        const running = await serve((request) => proxy.fetch(request));
        context.after(async () => {
          await running.close();
          await proxy.close();
          await monitor.close();
        });
        return running;
      };
      const [filter, propagate] = await Promise.all([start("filter"), start("propagate")]);
      context.after(() => upstream.close());
      const urls = { filter: filter.url, propagate: propagate.url };
      for (const kind of clients) {
        // A server that answers as JSON has no stream for its progress.
        await context.test(`a client of ${kind}`, (inner) => runScenario(inner, kind, urls, server, form === "sse"));
        if (form === "sse") await context.test(`${kind}: 50 agents at once`, () => runManyAgents(kind, urls));
      }
      await guard.close();
    });
  }
}
