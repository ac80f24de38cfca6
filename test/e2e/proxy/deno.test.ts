// demo/deno in Deno, over real HTTP: Deno KV, the sample guard, both SDKs. Uses dist/.
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { serve } from "../backend/servers.ts";
import { bundleDemo, root } from "./bundle-demo.ts";
import { type DenoProcess, startDeno } from "./deno-process.ts";
import { POLICY, runManyAgents, runScenario, TOKENS } from "./scenario.ts";
import { github } from "./servers.ts";

let folder: string;
const running: DenoProcess[] = [];

async function start(upstream: string, mode: string): Promise<string> {
  const process = await startDeno(`${folder}/main.js`, {
    env: {
      UPSTREAM_URL: upstream,
      AGENT_TOKENS: JSON.stringify(TOKENS),
      POLICY: JSON.stringify(POLICY),
      MODE: mode,
      PORT: "0",
      KV_PATH: `${folder}/${mode}.db`,
      GUARD: "./repo-guard.wasm",
    },
  });
  running.push(process);
  return `http://127.0.0.1:${process.port}/mcp`;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edge-guard-deno-"));
  await writeFile(`${folder}/main.js`, await bundleDemo("demo/deno/main.ts"));
  await cp(`${root}dist/guards/repo-guard.wasm`, `${folder}/repo-guard.wasm`);
});
after(async () => {
  for (const child of running) child.kill();
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
    for (const child of running.splice(0)) child.kill();
    await upstream.close();
    await rm(`${folder}/propagate.db`, { force: true });
  });
}
