// npm run build: dist/ from sources. Bundles with esbuild, declarations with tsc, then the guards, the web parts and the playground.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { ensureDependencies, root } from "./ensure.mjs";

/** Every entry of the package, by its path below src/ without ending; an entry that does not exist yet is left out. */
const entries = [
  "index",
  "cli/main",
  "testing/index",
  "worker",
  "adapters/access",
  "adapters/node",
  "adapters/node-worker",
  "adapters/browser",
  "adapters/cloudflare",
  "adapters/deno",
  "adapters/esbuild-plugin",
  "adapters/opentelemetry",
  "analysis/index",
  "proxy/index",
];

/** The program of the dynamic Workers that host guards, which edge-guard/cloudflare holds as text. */
export async function loaderHost(esbuild) {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ["src/adapters/loader-host.ts"],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

async function bundlePackage(esbuild) {
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: entries
      .filter((entry) => existsSync(`${root}src/${entry}.ts`))
      .map((entry) => ({ in: `src/${entry}.ts`, out: entry })),
    outdir: "dist",
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    format: "esm",
    platform: "neutral",
    target: "es2022",
    packages: "external",
    external: ["node:*", "cloudflare:*"],
    define: { edgeGuardLoaderHost: JSON.stringify(await loaderHost(esbuild)) },
    sourcemap: true,
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
  });
  await removeStaleChunks(Object.keys(metafile.outputs));
  await removeBareImports(Object.keys(metafile.outputs));
  // A worker's script as one file, for pages without a bundler: new Worker("…/guard-worker.js", { type: "module" }).
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: { "guard-worker": "src/worker.ts" },
    outdir: "dist/web",
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    sourcemap: true,
    legalComments: "none",
    logLevel: "warning",
  });
}

/**
 * esbuild keeps chunks in order by imports without names. Importing this package has no side effects, so there is no order to keep, and a
 * consumer's bundler would take each such chunk for something that is needed at once. Lines stay, for the source maps.
 */
async function removeBareImports(outputs) {
  for (const name of outputs.filter((path) => path.endsWith(".js"))) {
    const text = await readFile(root + name, "utf8");
    const without = text.replace(/^import "\.{1,2}\/(chunks\/)?chunk-[\w-]+\.js";$/gm, "");
    if (without !== text) await writeFile(root + name, without);
  }
}

/** Chunks of earlier builds would go into the package too. */
async function removeStaleChunks(outputs) {
  const folder = `${root}dist/chunks`;
  if (!existsSync(folder)) return;
  const current = new Set(outputs.map((name) => name.split("/").at(-1)));
  for (const name of await readdir(folder)) if (!current.has(name)) await rm(`${folder}/${name}`);
}

function declarations(force) {
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const done = spawnSync(process.execPath, [tsc, "-p", "src/tsconfig.json"], { cwd: root, stdio: "inherit" });
  // Tests may run on code that does not type-check yet; `npm run check` and a build of its own insist.
  if (done.status !== 0 && force) throw new Error("tsc: the declarations could not be made");
}

/** Later steps; each file exports `build({ root })`. The order matters: the later ones import the package by its name. */
const steps = [
  ".tools/build-sample-guard.mjs",
  "web/build.mjs",
  "web/build-service-worker.mjs",
  "demo/playground/build.mjs",
];

/** Scripts that are exported to be run, not to be imported for a name: TypeScript finds an empty module behind them. */
async function declareScripts() {
  const { exports } = JSON.parse(await readFile(`${root}package.json`, "utf8"));
  const scripts = Object.values(exports).filter((entry) => typeof entry === "string" && entry.endsWith(".js"));
  for (const script of scripts) {
    const declared = root + script.replace(/\.js$/, ".d.ts");
    if (!existsSync(declared)) await writeFile(declared, "export {};\n");
  }
}

/** When anything that the build reads was last changed, in milliseconds. */
async function newestSource() {
  let newest = 0;
  for (const folder of ["src", "web", "demo", ".tools"]) {
    for (const name of await readdir(root + folder, { recursive: true })) {
      const found = await stat(`${root}${folder}/${name}`).catch(() => undefined);
      if (found?.isFile()) newest = Math.max(newest, found.mtimeMs);
    }
  }
  return Math.max(newest, statSync(`${root}package-lock.json`).mtimeMs);
}

/** Two builds at the same time would write over each other: the second waits for the first. */
async function withLock(action) {
  const lock = `${root}.cache/build.lock`;
  await mkdir(`${root}.cache`, { recursive: true });
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const age = Date.now() - (await stat(lock).then(({ mtimeMs }) => mtimeMs, Date.now));
      if (age > 300_000) await rm(lock, { recursive: true, force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    await action();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** Builds dist/ unless it is newer than all it is made from. */
export async function build({ force = false } = {}) {
  ensureDependencies();
  const esbuild = await import("esbuild");
  await withLock(async () => {
    const stamp = `${root}dist/.built`;
    const newest = await newestSource();
    const built = await readFile(stamp, "utf8").catch(() => "0");
    if (!force && Number(built) >= newest) return;
    await mkdir(`${root}dist`, { recursive: true });
    await rm(stamp, { force: true });
    await bundlePackage(esbuild);
    declarations(force);
    for (const name of ["src/monitor/scenario.schema.json", "src/policy/policy.schema.json"]) {
      await cp(root + name, `${root}dist/${name.split("/").at(-1)}`);
    }
    for (const step of steps) {
      if (!existsSync(root + step)) continue;
      const { build: buildStep } = await import(pathToFileURL(root + step).href);
      await buildStep({ root });
    }
    await declareScripts();
    await writeFile(stamp, String(newest));
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const started = Date.now();
  await build({ force: true });
  console.log(`Built dist/ in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
