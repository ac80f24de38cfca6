// demo/deno in Deno, over real HTTP: Deno KV, the sample guard, both SDKs. Uses dist/.
import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { serve } from "../backend/servers.ts";
import { bundleDemo, root } from "./bundle-demo.ts";
import { POLICY, runManyAgents, runScenario, TOKENS } from "./scenario.ts";
import { github } from "./servers.ts";

let folder: string;
const running: ChildProcess[] = [];

async function start(upstream: string, mode: string): Promise<string> {
  const environment = {
    ...process.env,
    UPSTREAM_URL: upstream,
    AGENT_TOKENS: JSON.stringify(TOKENS),
    POLICY: JSON.stringify(POLICY),
    MODE: mode,
    PORT: "0",
    KV_PATH: `${folder}/${mode}.db`,
    GUARD: "./repo-guard.wasm",
  };
  const parameters = [
    "run",
    "--quiet",
    "--no-config",
    "--unstable-kv",
    "--allow-net",
    "--allow-env",
    "--allow-read",
    "--allow-write",
  ];
  // The binary itself: ended through a wrapper it would stay.
  const child = spawn(`${root}node_modules/deno/deno`, [...parameters, `${folder}/main.js`], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`Deno ended with ${code}`)));
    let said = "";
    child.stdout!.on("data", (data) => {
      said = (said + data).slice(-10_000);
      const port = /Listening on port (\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}/mcp`);
    });
  });
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edge-guard-deno-"));
  await writeFile(`${folder}/main.js`, await bundleDemo("demo/deno/main.ts"));
  await cp(`${root}dist/guards/repo-guard.wasm`, `${folder}/repo-guard.wasm`);
});
after(async () => {
  for (const child of running) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

for (const generation of ["v1", "v2"] as const) {
  test(`before a ${generation} server`, async (context) => {
    const server = github(generation, "sse");
    const upstream = await serve(server.handle);
    const [filter, propagate] = await Promise.all([start(upstream.url, "filter"), start(upstream.url, "propagate")]);
    const urls = { filter: filter!, propagate: propagate! };
    for (const kind of ["v1", "v2", "v2 in its older form"] as const) {
      await context.test(`a client of ${kind}`, (inner) => runScenario(inner, kind, urls, server));
    }
    await context.test("50 agents at once", () => runManyAgents("v2", urls));
    for (const child of running.splice(0)) child.kill("SIGKILL");
    await upstream.close();
    await rm(`${folder}/propagate.db`, { force: true });
  });
}
