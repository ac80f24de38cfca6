// Runs the suites in workerd: records which guards they load, deploys those compiled, asks the Worker to run. Arguments: folder, settings.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Miniflare } from "miniflare";

const [folder, settings] = process.argv.slice(2);
const record = spawnSync(
  process.execPath,
  [`${folder}/test/run/entries/record.mjs`, `${folder}/modules`, JSON.stringify(JSON.parse(settings).only)],
  { stdio: ["ignore", "ignore", "inherit"] },
);
if (record.status !== 0) throw new Error("The suites' guards could not be recorded in Node");

const listed = (name) => readdirSync(`${folder}/${name}`).filter((file) => file.endsWith(".wasm"));
const imports = [];
const modules = [];
const table = (name, type) => {
  const entries = listed(name).map((file, index) => {
    const variable = `${name}${index}`;
    imports.push(`import ${variable} from "./${name}/${file}";`);
    modules.push({
      type,
      path: `${folder}/${name}/${file}`,
      contents: readFileSync(`${folder}/${name}/${file}`),
    });
    return `${JSON.stringify(file.slice(0, -5))}: ${variable}`;
  });
  return `{ ${entries.join(", ")} }`;
};
const main = [
  `const deployed = { modules: ${table("modules", "CompiledWasm")}, guards: ${table("guards", "Data")} };`,
  'import { createHandler } from "./workerd.mjs";',
  "export default createHandler(deployed);",
];

const miniflare = new Miniflare({
  cf: false,
  compatibilityDate: "2026-04-01",
  modulesRoot: folder,
  modules: [
    {
      type: "ESModule",
      path: `${folder}/main.mjs`,
      contents: [...imports, ...main].join("\n"),
    },
    {
      type: "ESModule",
      path: `${folder}/workerd.mjs`,
      contents: readFileSync(`${folder}/workerd.mjs`, "utf8"),
    },
    ...modules,
  ],
});
const require = createRequire(import.meta.url);
const { version } = createRequire(require.resolve("miniflare"))("workerd/package.json");
const response = await miniflare.dispatchFetch("http://localhost/", {
  method: "POST",
  body: settings,
});
const decoder = new TextDecoder();
let rest = "";
for await (const chunk of response.body) {
  const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
  rest = lines.pop();
  for (const line of lines)
    process.stdout.write(`@@${line.replace('"runtime":"workerd"', `"runtime":"workerd ${version}"`)}\n`);
}
await miniflare.dispose();
