// Builds dist/playground/: static files that work from any path, with no request to anywhere else.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { options } from "../../web/build.mjs";

/** Copies the scenarios and writes their index in the order of gallery.json; what is not listed there comes last. */
async function copyScenarios(root, out) {
  const folder = `${root}demo/scenarios`;
  const files = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith(".json")).sort() : [];
  const titles = new Map();
  await mkdir(`${out}/scenarios`, { recursive: true });
  for (const file of files) {
    const scenario = JSON.parse(await readFile(`${folder}/${file}`, "utf8"));
    await writeFile(`${out}/scenarios/${file}`, JSON.stringify(scenario));
    const name = basename(file, ".json");
    titles.set(name, scenario.title ?? name);
  }
  const groups = JSON.parse(await readFile(`${root}demo/playground/gallery.json`, "utf8"));
  const listed = new Set(Object.values(groups).flat());
  groups["More"] = [...titles.keys()].filter((name) => !listed.has(name));
  const index = Object.entries(groups).flatMap(([group, names]) =>
    names.filter((name) => titles.has(name)).map((name) => ({ name, title: titles.get(name), group })),
  );
  await writeFile(`${out}/scenarios/index.json`, JSON.stringify(index));
}

/** The service worker knows every file of this build, and the build's name follows from what is in them. */
async function buildServiceWorker(esbuild, root, out) {
  const files = (await readdir(out, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".map"))
    .map((entry) => relative(out, join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/"))
    .sort();
  const digest = createHash("sha256");
  for (const file of files) digest.update(`${file}\n`).update(await readFile(`${out}/${file}`));
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: { offline: "demo/playground/offline/worker.ts" },
    outdir: "dist/playground",
    bundle: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    define: { BUILD: JSON.stringify(digest.digest("hex").slice(0, 16)), FILES: JSON.stringify(files) },
  });
}

export async function build({ root }) {
  const esbuild = await import("esbuild");
  const out = `${root}dist/playground`;
  const source = `${root}demo/playground`;
  await rm(out, { recursive: true, force: true });
  const guard = await readFile(`${root}dist/guards/repo-guard.wasm`);
  const digest = createHash("sha256").update(guard).digest("hex");
  await esbuild.build({
    ...options,
    absWorkingDir: root,
    entryPoints: {
      main: "demo/playground/main.tsx",
      "preview-worker": "web/preview-worker.ts",
      "policy-preview": "web/policy-preview.ts",
      embed: "demo/playground/embed/embed.ts",
      live: "demo/playground/live/live.ts",
      docs: "demo/playground/docs/docs.ts",
      styles: "demo/playground/styles.css",
    },
    entryNames: "[name]",
    // Beside the pages: the element looks for its worker next to the file that it came in.
    chunkNames: "[name]-[hash]",
    outdir: "dist/playground",
    // From source, so that the element and the page around it share one copy of Preact.
    define: { SAMPLE_GUARD_SHA256: JSON.stringify(digest) },
    alias: { "edge-guard/web": `${root}web/policy-preview.ts` },
  });
  for (const file of ["index.html", "icon.svg", "embed/embed.html", "embed/embed.css", "docs/docs.html", "docs/docs.css", "live/live.html"])
    await copyFile(`${source}/${file}`, `${out}/${basename(file)}`);
  await mkdir(`${out}/guards`, { recursive: true });
  await writeFile(`${out}/guards/repo-guard.wasm`, guard);
  await copyScenarios(root, out);
  await buildServiceWorker(esbuild, root, out);
}
