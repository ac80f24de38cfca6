// Lays out what the bench runs: bundles for processes, for a page and for a Worker, the guards and the rivals' guests beside them.
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { bundleTests } from "../bundle-tests.mjs";
import { root } from "../ensure.mjs";
import { ensureRivals, rivalsFolder } from "./rivals.mjs";

const scenarios = ["injected-issue-propagate", "author-associations"];
/** What contenders in a Worker need: modules are part of a deployment, and each costs a second of its start. */
const deployed = {
  guards: ["echo", "constant", "asker", "questions", "repo-guard"],
  guests: [
    "asker-asyncify",
    "questions-asyncify",
    "extism-echo",
    "extism-ask",
    "wapc-echo",
    "component.core",
    "policy",
    "repo-guard-fuel",
  ],
};

/** The sample guard that counts: a guest like the rivals', since a Worker cannot make it. */
async function makeCounting(folder) {
  const out = `${folder}/tools`;
  await bundleTests(["test/bench/entries/tools.ts"], out);
  const { addFuel, prepareGuard } = await import(`${out}/test/bench/entries/tools.mjs`);
  const bytes = new Uint8Array(await readFile(`${root}dist/guards/repo-guard.wasm`));
  return { counting: addFuel(bytes), prepareGuard };
}

async function bundleRivals(guests, folder) {
  const esbuild = await import("esbuild");
  await esbuild.build({
    stdin: {
      contents: [
        'import * as all from "./index.mjs";',
        `import { instantiate } from ${JSON.stringify(`${guests}/component.js`)};`,
        "export const rivals = { ...all, component: (module) => all.component(instantiate, module) };",
      ].join("\n"),
      resolveDir: rivalsFolder,
    },
    outfile: `${folder}/rivals.js`,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["node:*"],
    logLevel: "error",
  });
}

async function whole(entry, outfile, conditions) {
  const esbuild = await import("esbuild");
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [`test/bench/entries/${entry}.ts`],
    outfile,
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions,
    target: "es2022",
    external: ["node:*", "edge-guard/node"],
    logLevel: "error",
  });
}

/** Fills `folder`; resolves to the folder with the rivals' guests. */
export async function prepareBench(folder) {
  const rivalsGuests = await ensureRivals();
  const { counting, prepareGuard } = await makeCounting(folder);
  const guests = `${folder}/guests`;
  await mkdir(guests);
  for (const name of await readdir(rivalsGuests)) await copyFile(`${rivalsGuests}/${name}`, `${guests}/${name}`);
  await writeFile(`${guests}/repo-guard-fuel.wasm`, counting);
  await bundleTests(["test/bench/entries/process.ts", "test/bench/entries/workerd-host.ts"], folder);
  await bundleRivals(guests, folder);

  // The page's folder: everything below one address.
  const page = `${folder}/page`;
  await mkdir(`${page}/scenarios`, { recursive: true });
  await symlink(guests, `${page}/guests`);
  for (const name of await readdir(`${root}.cache/guards`)) {
    if (name.endsWith(".wasm")) await copyFile(`${root}.cache/guards/${name}`, `${guests}/${name}`);
  }
  await copyFile(`${root}dist/guards/repo-guard.wasm`, `${guests}/repo-guard.wasm`);
  await copyFile(`${folder}/rivals.js`, `${page}/rivals.js`);
  await whole("page", `${page}/page.js`, ["browser"]);
  await writeFile(
    `${page}/index.html`,
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>bench</title><script type="module" src="page.js"></script>\n',
  );

  // The Worker's.
  const worker = `${folder}/worker`;
  for (const kind of ["modules", "prepared", "scenarios"]) await mkdir(`${worker}/${kind}`, { recursive: true });
  for (const name of [...deployed.guards, ...deployed.guests]) {
    await copyFile(`${guests}/${name}.wasm`, `${worker}/modules/${name}.wasm`);
  }
  for (const name of deployed.guards) {
    const bytes = new Uint8Array(await readFile(`${guests}/${name}.wasm`));
    await writeFile(`${worker}/prepared/${name}.wasm`, prepareGuard(bytes));
  }
  await copyFile(`${folder}/rivals.js`, `${worker}/rivals.js`);
  await whole("workerd", `${worker}/worker.mjs`, ["workerd", "worker", "browser"]);
  for (const name of scenarios) {
    for (const target of [page, worker]) {
      await copyFile(`${root}demo/scenarios/${name}.json`, `${target}/scenarios/${name}.json`);
    }
  }
  return guests;
}
