// The demos as they are deployed: demo/cloudflare by Wrangler's own dry run in workerd, demo/deno by its own task in Deno; both with the
// packed package, before a real MCP server, with real clients.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { serve } from "../../e2e/backend/servers.ts";
import { POLICY, runScenario, TOKENS } from "../../e2e/proxy/scenario.ts";
import { github } from "../../e2e/proxy/servers.ts";
import { createProject, type Project, root } from "../project.ts";
import { gatesFolder } from "./tools.ts";
import { runWorker } from "./worker.ts";

let project: Project;
const running: ChildProcess[] = [];
/** A task's program is a process of its own: it ends with its whole group. */
function endAll(): void {
  for (const { pid, exitCode } of running) if (pid !== undefined && exitCode === null) process.kill(-pid, "SIGKILL");
}
before(async () => {
  project = await createProject();
});
after(async () => {
  await project.remove();
});

/** What both demos are told. */
const told = (upstream: string, mode: string) => ({
  UPSTREAM_URL: upstream,
  AGENT_TOKENS: JSON.stringify(TOKENS),
  POLICY: JSON.stringify(POLICY),
  MODE: mode,
});

test("demo/cloudflare: Wrangler bundles it, workerd runs the bundle, agents see what the policy lets them see", async (context) => {
  await cp(join(root, "demo/cloudflare"), join(project.folder, "cloudflare"), { recursive: true });
  // The optional peer behind edge-guard/access, which this demo imports.
  await cp(join(root, "node_modules/jose"), join(project.folder, "node_modules/jose"), { recursive: true });
  const wrangler = join(await gatesFolder(), "node_modules/wrangler/bin/wrangler.js");
  const out = join(project.folder, "out-cloudflare");
  const config = join(project.folder, "cloudflare/wrangler.jsonc");
  project.run(process.execPath, wrangler, "deploy", "--dry-run", "--outdir", out, "--config", config);
  const server = github("v2", "sse");
  const upstream = await serve(server.handle);
  const start = (mode: string) =>
    runWorker(out, "worker.js", {
      host: "127.0.0.1",
      compatibilityFlags: ["enable_request_signal"],
      bindings: told(upstream.url, mode),
      durableObjects: { AGENTS: { className: "AgentLabelsObject", useSQLite: true } },
      handleRuntimeStdio: () => {},
    });
  const workers = await Promise.all(["filter", "propagate"].map(start));
  try {
    const [filter, propagate] = await Promise.all(workers.map(async (worker) => `${(await worker.ready).href}mcp`));
    await runScenario(context, "v2", { filter: filter!, propagate: propagate! }, server);
  } finally {
    await Promise.allSettled(workers.map((worker) => worker.dispose()));
    await upstream.close();
  }
});

/** `deno task start` in the demo's own folder; gives the proxy's address. */
async function startDeno(folder: string, upstream: string, mode: string): Promise<string> {
  const child = spawn(join(root, "node_modules/deno/deno"), ["task", "start"], {
    cwd: folder,
    env: {
      ...process.env,
      ...told(upstream, mode),
      PORT: "0",
      NO_COLOR: "1",
      DENO_DIR: join(project.folder, `.deno-${mode}`),
      DENO_NO_UPDATE_CHECK: "1",
    },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (text: unknown): void => {
      said = (said + String(text)).slice(-10_000);
      const port = /Listening on port (\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}/mcp`);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`Deno ended with ${code}:\n${said}`)));
  });
}

test("demo/deno: its own task and configuration, with the package that a registry would give it", async (context) => {
  const folder = join(project.folder, "deno");
  await cp(join(root, "demo/deno"), folder, { recursive: true });
  // Installed beforehand, for the version that the demo asks for is not in any registry: Deno then takes what is in node_modules.
  await cp(join(project.folder, "node_modules"), join(folder, "node_modules"), { recursive: true });
  await project.write("deno/package.json", '{ "private": true }\n');
  const server = github("v2", "sse");
  const upstream = await serve(server.handle);
  try {
    const [filter, propagate] = await Promise.all(
      ["filter", "propagate"].map((mode) => startDeno(folder, upstream.url, mode)),
    );
    await runScenario(context, "v2", { filter: filter!, propagate: propagate! }, server);
  } finally {
    endAll();
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  }
  assert.equal(running.length, 2);
});
