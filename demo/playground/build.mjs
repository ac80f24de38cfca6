// Builds dist/playground/: static files that work from any path, with no request to anywhere else.
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { options } from "../../web/build.mjs";

/** What the gallery calls a group: the part of a file's name before its first double dash or its folder; see groupOf. */
const groups = new Map();

async function copyScenarios(root, out) {
  const folder = `${root}demo/scenarios`;
  const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith(".json")).sort() : [];
  const index = [];
  await mkdir(`${out}/scenarios`, { recursive: true });
  for (const file of names) {
    const scenario = JSON.parse(await readFile(`${folder}/${file}`, "utf8"));
    await writeFile(`${out}/scenarios/${file}`, JSON.stringify(scenario));
    const name = basename(file, ".json");
    index.push({ name, title: scenario.title ?? name, group: groupOf(name, scenario) });
  }
  await writeFile(`${out}/scenarios/index.json`, JSON.stringify(index));
}

function groupOf(name) {
  return groups.get(name) ?? "Scenarios";
}

export async function build({ root }) {
  const esbuild = await import("esbuild");
  const out = `${root}dist/playground`;
  const source = `${root}demo/playground`;
  await esbuild.build({
    ...options,
    absWorkingDir: root,
    entryPoints: {
      main: "demo/playground/main.tsx",
      "preview-worker": "web/preview-worker.ts",
      styles: "demo/playground/styles.css",
    },
    entryNames: "[name]",
    outdir: "dist/playground",
    // From source, so that the element and the page around it share one copy of Preact.
    alias: { "edge-guard/web": `${root}web/policy-preview.ts` },
  });
  for (const file of ["index.html", "icon.svg"]) await copyFile(`${source}/${file}`, `${out}/${file}`);
  await mkdir(`${out}/guards`, { recursive: true });
  const guard = `${root}dist/guards/repo-guard.wasm`;
  if (existsSync(guard)) await copyFile(guard, `${out}/guards/repo-guard.wasm`);
  await copyScenarios(root, out);
}
