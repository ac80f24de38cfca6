// Runs the suites in workerd, with guards that come compiled with the deployment. Arguments: folder, settings.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";
import { mainOf, modulesIn, printLines } from "./worker-parts.mjs";

const [folder, settings] = process.argv.slice(2);

// Node says which guards the suites load; those are prepared and deployed compiled.
const parameters = [`${folder}/modules`, JSON.stringify(JSON.parse(settings).only)];
const record = spawnSync(process.execPath, [`${folder}/test/run/entries/record.mjs`, ...parameters], {
  stdio: ["ignore", "ignore", "inherit"],
});
if (record.status !== 0) throw new Error("The suites' guards could not be recorded in Node");

const compiled = modulesIn(folder, "modules");
const guards = modulesIn(folder, "guards");
const main = mainOf(
  "workerd",
  [...compiled.imports, ...guards.imports],
  `{ modules: ${compiled.object}, guards: ${guards.object} }`,
);
const file = (type, name, contents = readFileSync(`${folder}/${name}`)) => ({
  type,
  path: `${folder}/${name}`,
  contents,
});

const miniflare = new Miniflare({
  cf: false,
  compatibilityDate: "2026-04-01",
  modulesRoot: folder,
  modules: [
    file("ESModule", "main.mjs", main),
    file("ESModule", "workerd.mjs", readFileSync(`${folder}/workerd.mjs`, "utf8")),
    ...compiled.paths.map((path) => file("CompiledWasm", path)),
    ...guards.paths.map((path) => file("Data", path)),
  ],
});
await printLines(await miniflare.dispatchFetch("http://localhost/", { method: "POST", body: settings }));
await miniflare.dispose();
