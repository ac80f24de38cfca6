// Lays out what every runtime runs: the package as npm would install it, the suites bundled around it, the guards.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { bundleTests } from "../bundle-tests.mjs";
import { root } from "../ensure.mjs";

/** Packs the package as `npm publish` would and unpacks it into `<folder>/node_modules/edge-guard`. */
export function installPacked(folder) {
  const target = `${folder}/node_modules/edge-guard`;
  mkdirSync(target, { recursive: true });
  const npm = spawnSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  if (npm.status !== 0) throw new Error(`npm pack failed:\n${npm.stderr}`);
  const [{ filename, files, size }] = JSON.parse(npm.stdout);
  const tar = spawnSync("tar", ["-xzf", `${folder}/${filename}`, "-C", target, "--strip-components=1"], {
    encoding: "utf8",
  });
  if (tar.status !== 0) throw new Error(`tar failed:\n${tar.stderr}`);
  return {
    target,
    tarball: `${folder}/${filename}`,
    files: files.map(({ path }) => path),
    size,
  };
}

/**
 * Fills `folder` for a run: `node_modules/edge-guard`, `guards/*.wasm`, and the entries: process.mjs and record.mjs for runtimes that
 * find packages themselves, page.mjs, workerd.mjs and loader.mjs as one file each.
 */
export async function prepareRun(folder) {
  // A package of its own: "edge-guard" is then the packed one, not the tree around it.
  writeFileSync(`${folder}/package.json`, JSON.stringify({ name: "everywhere", private: true, type: "module" }));
  installPacked(folder);
  mkdirSync(`${folder}/guards`);
  for (const name of readdirSync(`${root}.cache/guards`)) {
    if (name.endsWith(".wasm")) cpSync(`${root}.cache/guards/${name}`, `${folder}/guards/${name}`);
  }
  // No part of the package: the site as it is built.
  cpSync(`${root}dist/playground`, `${folder}/playground`, { recursive: true });
  cpSync(`${root}dist/guards/repo-guard.wasm`, `${folder}/guards/repo-guard.wasm`);

  const entries = (...names) => names.map((name) => `test/run/entries/${name}.ts`);
  await bundleTests(entries("process", "page"), folder);
  // Suites that compile a module themselves get one that was deployed; what the package itself does stays as it is.
  await bundleTests(entries("record", "workerd", "loader"), folder, {
    define: { "WebAssembly.compile": "compileForSuite" },
  });
  const esbuild = await import("esbuild");
  const whole = (name, conditions) =>
    esbuild.build({
      absWorkingDir: folder,
      entryPoints: [`${folder}/test/run/entries/${name}.mjs`],
      outfile: `${folder}/${name}.mjs`,
      bundle: true,
      format: "esm",
      platform: "browser",
      conditions,
      target: "es2022",
      logLevel: "warning",
    });
  await whole("page", ["browser"]);
  for (const way of ["workerd", "loader"]) await whole(way, ["workerd", "worker", "browser"]);
  writeFileSync(
    `${folder}/index.html`,
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>edge-guard</title><script type="module" src="page.mjs"></script>\n',
  );
}
