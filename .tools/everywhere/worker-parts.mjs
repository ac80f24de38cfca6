// What the runs in workerd share: the modules that a Worker deploys, its main module, and its answer as the lines that a run is heard by.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";

/** Finds what Miniflare brings: every run is in the workerd that it would start. */
export const requireOfMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
const { version } = requireOfMiniflare("workerd/package.json");

/** The modules in `<folder>/<name>`: their paths, what imports them, and the source of an object that has them by name. */
export function modulesIn(folder, name) {
  const files = readdirSync(`${folder}/${name}`).filter((file) => file.endsWith(".wasm"));
  return {
    paths: files.map((file) => `${name}/${file}`),
    imports: files.map((file, index) => `import ${name}${index} from "./${name}/${file}";`),
    object: `{ ${files.map((file, index) => `${JSON.stringify(file.slice(0, -5))}: ${name}${index}`).join(", ")} }`,
  };
}

/** The source of a Worker around an entry's handler; `parameter` is source too. */
export const mainOf = (entry, imports, parameter) =>
  [...imports, `import { createHandler } from "./${entry}.mjs";`, `export default createHandler(${parameter});`].join(
    "\n",
  );

/** Prints a Worker's answer as it comes, each line with "@@" before it, the runtime with its version. */
export async function printLines(response) {
  if (!response.ok) throw new Error(`The Worker answered ${response.status}: ${await response.text()}`);
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines)
      process.stdout.write(`@@${line.replace('"runtime":"workerd"', `"runtime":"workerd ${version}"`)}\n`);
  }
}
