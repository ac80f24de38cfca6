// npm run build: dist/ from sources. Bundles with esbuild, declarations with tsc, then the guards, the web parts and the playground.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { ensureDependencies, root } from "./ensure.mjs";

/** Every entry of the package, by its path below src/ without ending; an entry that does not exist yet is left out. */
const entries = [
  "index",
  "cli/main",
  "testing/index",
  "worker",
  "adapters/node",
  "adapters/node-worker",
  "adapters/browser",
  "adapters/cloudflare",
  "adapters/deno",
  "proxy/index",
];

async function bundlePackage(esbuild) {
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: entries.filter((entry) => existsSync(`${root}src/${entry}.ts`)).map((entry) => ({ in: `src/${entry}.ts`, out: entry })),
    outdir: "dist",
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    format: "esm",
    platform: "neutral",
    target: "es2022",
    packages: "external",
    external: ["node:*", "cloudflare:*"],
    sourcemap: true,
    legalComments: "none",
    logLevel: "warning",
  });
}

function declarations() {
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const done = spawnSync(process.execPath, [tsc, "-p", "src/tsconfig.json"], { cwd: root, stdio: "inherit" });
  if (done.status !== 0) throw new Error("tsc: the declarations could not be made");
}

/** Optional steps: each file exports `build({ root })`; the order matters, later ones import the package by its name. */
const steps = [".tools/build-sample-guard.mjs", "web/build.mjs", "demo/playground/build.mjs"];

export async function build({ types = true } = {}) {
  ensureDependencies();
  const esbuild = await import("esbuild");
  await rm(`${root}dist`, { recursive: true, force: true });
  await mkdir(`${root}dist`, { recursive: true });
  await bundlePackage(esbuild);
  if (types) declarations();
  for (const name of ["src/monitor/scenario.schema.json", "src/policy/policy.schema.json"]) {
    if (existsSync(root + name)) await cp(root + name, `${root}dist/${name.split("/").at(-1)}`);
  }
  for (const step of steps) {
    if (!existsSync(root + step)) continue;
    const { build: buildStep } = await import(pathToFileURL(root + step).href);
    await buildStep({ root });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const started = Date.now();
  await build();
  console.log(`Built dist/ in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
