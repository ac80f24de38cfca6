// Consumers built with Vite, webpack and Wrangler, from the packed package, and run.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { answer, createProject, type Project } from "../project.ts";
import { gatesFolder, load, type Vite, type Webpack } from "./tools.ts";
import { runWorker } from "./worker.ts";

let project: Project;
before(async () => {
  project = await createProject();
  await mkdir(join(project.folder, "plain"));
  // TypeScript is not what is tested here.
  for (const name of ["page", "triage"]) {
    const source = await readFile(join(project.folder, `src/${name}.ts`), "utf8");
    const { code } = await esbuild.transform(source.replaceAll('.ts"', '.js"'), { loader: "ts", target: "es2022" });
    await project.write(`plain/${name}.js`, code);
  }
});
after(() => project.remove());

/** A page's program is tried where it needs nothing of a page: the guard by an address. */
async function check(folder: string, entry: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.m?js$/.test(name));
  assert.ok(names.length > 1, "What is needed on demand only is in files of its own");
  for (const name of names) assert.doesNotMatch(await readFile(join(folder, name), "utf8"), /["']node:/, name);
  const bytes = await readFile(join(project.package, "dist/guards/repo-guard.wasm"));
  const { run } = (await import(pathToFileURL(join(folder, entry)).href)) as { run(address: string): Promise<string> };
  assert.equal(await run(`data:application/wasm;base64,${bytes.toString("base64")}`), answer);
}

test("Vite", async () => {
  const { build } = await load<Vite>("vite");
  const outDir = join(project.folder, "out-vite");
  const warnings: string[] = [];
  await build({
    root: project.folder,
    configFile: false,
    logLevel: "silent",
    customLogger: {
      info() {},
      warn: (text: string) => warnings.push(text),
      warnOnce: (text: string) => warnings.push(text),
      error: (text: string) => warnings.push(text),
      clearScreen() {},
      hasErrorLogged: () => false,
      hasWarned: false,
    },
    build: {
      outDir,
      target: "es2022",
      lib: { entry: join(project.folder, "plain/page.js"), formats: ["es"], fileName: "page" },
    },
  });
  assert.deepEqual(warnings, []);
  const entry = (await readdir(outDir)).find((name) => /^page\.m?js$/.test(name));
  await check(outDir, entry ?? "page.js");
});

test("webpack", async () => {
  const webpack = await load<Webpack>("webpack");
  const path = join(project.folder, "out-webpack");
  const options = {
    mode: "production",
    context: project.folder,
    entry: { page: "./plain/page.js" },
    target: ["web", "es2022"],
    experiments: { outputModule: true },
    output: {
      path,
      filename: "[name].mjs",
      chunkFilename: "[id].mjs",
      library: { type: "module" },
      publicPath: "auto",
    },
    performance: false,
  };
  await new Promise<void>((resolve, reject) => {
    webpack(options, (error, stats) => {
      if (error) reject(error);
      else if (stats?.hasErrors() || stats?.hasWarnings()) reject(new Error(stats.toString("errors-warnings")));
      else resolve();
    });
  });
  await check(path, "page.mjs");
});

test("Wrangler, dry run: workerd runs what it would deploy", async () => {
  const config = {
    name: "consumer",
    main: "src/edge.ts",
    compatibility_date: "2026-04-01",
    rules: [{ type: "CompiledWasm", globs: ["**/*.wasm"], fallthrough: true }],
  };
  await project.write("wrangler.json", JSON.stringify(config));
  const wrangler = join(await gatesFolder(), "node_modules/wrangler/bin/wrangler.js");
  project.run(process.execPath, wrangler, "deploy", "--dry-run", "--outdir", "out-wrangler");
  const worker = await runWorker(join(project.folder, "out-wrangler"), "edge.js");
  try {
    const response = await worker.dispatchFetch("http://localhost/");
    // Nothing prepared the guard: it works, without checkpoints, by JSPI.
    assert.equal(await response.text(), answer.replace("checkpoints true", "checkpoints false"));
  } finally {
    await worker.dispose();
  }
});
