// Guards that arrive at run time on Workers (edge-guard/cloudflare, loaderGuard), in workerd with a real Worker Loader. Uses dist/.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { cases } from "./cases.ts";

const root = process.env["EDGE_GUARD_ROOT"]!;
const guards = ["asker", "echo", "policy-keeper", "repo-guard", "script", "stubborn", "table-state"];

let worker: Miniflare;
let server: Server;
let upstream: string;

const guardFile = (name: string): Promise<Buffer> =>
  readFile(name === "repo-guard" ? `${root}dist/guards/${name}.wasm` : `${root}.cache/guards/${name}.wasm`);

before(async () => {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["test/e2e/loader/worker.ts"],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
  });
  const lines = guards.map((name, index) => `import guard${index} from "./${name}.wasm";`);
  const table = guards.map((name, index) => `${JSON.stringify(name)}: guard${index}`).join(", ");
  const main = `${lines.join("\n")}\nimport { createHandler } from "./worker.mjs";\nexport default createHandler({ ${table} });`;
  server = createServer(async (request, response) => {
    const name = /^\/([a-z]+)\.wasm$/.exec(request.url ?? "")?.[1];
    response.end(name === undefined ? "here" : await guardFile(name));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  worker = new Miniflare({
    cf: false,
    compatibilityDate: "2026-04-01",
    workerLoaders: { LOADER: {} },
    modules: [
      { type: "ESModule", path: "main.mjs", contents: main },
      { type: "ESModule", path: "worker.mjs", contents: outputFiles[0]!.text },
      ...(await Promise.all(
        guards.map(async (name) => ({ type: "Data" as const, path: `${name}.wasm`, contents: await guardFile(name) })),
      )),
    ],
  });
});
after(async () => {
  await worker.dispose();
  server.closeAllConnections();
  server.close();
});

async function ask(name: string): Promise<string> {
  const query = new URLSearchParams({ upstream, ...(name === "one request loads a guard" ? { keep: "" } : {}) });
  return (await worker.dispatchFetch(`http://worker/${encodeURIComponent(name)}?${query}`)).text();
}

for (const name of Object.keys(cases)) {
  test(name, async () => {
    const times = name.startsWith("ten ") ? 10 : name.startsWith("and another") ? 3 : 1;
    const said = times === 10 ? await Promise.all(Array.from({ length: times }, () => ask(name))) : [];
    for (let time = said.length; time < times; time++) said.push(await ask(name));
    for (const text of said) assert.equal(text, "");
  });
}
