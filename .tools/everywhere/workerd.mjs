// Runs the suites in workerd, with guards that come compiled with the deployment. Arguments: folder, settings.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Miniflare } from "miniflare";
import { printLines } from "./worker-lines.mjs";

const [folder, settings] = process.argv.slice(2);
const imports = [];
const modules = [];

/** Deploys a folder's modules; gives the source of an object that has them by name. */
function deploy(name, type) {
  const files = readdirSync(`${folder}/${name}`).filter((file) => file.endsWith(".wasm"));
  const entries = files.map((file, index) => {
    const variable = `${name}${index}`;
    const path = `${folder}/${name}/${file}`;
    imports.push(`import ${variable} from "./${name}/${file}";`);
    modules.push({ type, path, contents: readFileSync(path) });
    return `${JSON.stringify(file.slice(0, -5))}: ${variable}`;
  });
  return `{ ${entries.join(", ")} }`;
}

// Node says which guards the suites load; those are prepared and deployed compiled.
const parameters = [`${folder}/modules`, JSON.stringify(JSON.parse(settings).only)];
const record = spawnSync(process.execPath, [`${folder}/test/run/entries/record.mjs`, ...parameters], {
  stdio: ["ignore", "ignore", "inherit"],
});
if (record.status !== 0) throw new Error("The suites' guards could not be recorded in Node");
const deployed = `{ modules: ${deploy("modules", "CompiledWasm")}, guards: ${deploy("guards", "Data")} }`;
const main = [
  ...imports,
  'import { createHandler } from "./workerd.mjs";',
  `export default createHandler(${deployed});`,
].join("\n");
const script = (name, contents) => ({ type: "ESModule", path: `${folder}/${name}.mjs`, contents });

const miniflare = new Miniflare({
  cf: false,
  compatibilityDate: "2026-04-01",
  modulesRoot: folder,
  modules: [script("main", main), script("workerd", readFileSync(`${folder}/workerd.mjs`, "utf8")), ...modules],
});
const require = createRequire(import.meta.url);
const { version } = createRequire(require.resolve("miniflare"))("workerd/package.json");
await printLines(await miniflare.dispatchFetch("http://localhost/", { method: "POST", body: settings }), version);
await miniflare.dispose();
