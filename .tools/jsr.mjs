// Lays the package out for JSR, below .cache/jsr: the sources themselves. To publish: node .tools/jsr.mjs && cd .cache/jsr && npx jsr publish
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { loaderHost } from "./build.mjs";
import { ensureDependencies, root } from "./ensure.mjs";

/**
 * What JSR gets. Not there: what is for Node alone (npm has it), the command line, and the page's parts, which are bundles.
 */
const exported = {
  ".": "index",
  "./analysis": "analysis/index",
  "./browser": "adapters/browser",
  "./cloudflare": "adapters/cloudflare",
  "./deno": "adapters/deno",
  "./proxy": "proxy/index",
  "./testing": "testing/index",
  "./worker": "worker",
};
const rooms = [
  "adapters",
  "analysis",
  "backend",
  "cache",
  "difc",
  "guard",
  "monitor",
  "policy",
  "proxy",
  "testing",
  "wasm",
];

/** Fills `folder`, which must not exist, with a package that `deno publish` takes. */
export async function stageJsr(folder) {
  const { version, license, dependencies } = JSON.parse(await readFile(`${root}package.json`, "utf8"));
  await mkdir(`${folder}/src`, { recursive: true });
  for (const name of [...rooms, "capabilities.ts", "errors.ts", "index.ts", "worker.ts"]) {
    await cp(`${root}src/${name}`, `${folder}/src/${name}`, { recursive: true });
  }
  for (const name of ["README.md", "LICENSE", "CHANGELOG.md"]) await cp(root + name, `${folder}/${name}`);
  // npm's package gets this text from esbuild; here it stands in the source.
  const script = `${folder}/src/adapters/loader-script.ts`;
  const source = await readFile(script, "utf8");
  const declared = "declare const edgeGuardLoaderHost: string;";
  if (!source.includes(declared)) throw new Error(`${script} does not declare edgeGuardLoaderHost any more`);
  const text = JSON.stringify(await loaderHost(await import("esbuild")));
  await writeFile(
    script,
    source.replace(declared, () => `const edgeGuardLoaderHost: string = ${text};`),
  );
  const manifest = {
    name: "@edge-guard/edge-guard",
    version,
    license,
    exports: Object.fromEntries(Object.entries(exported).map(([name, file]) => [name, `./src/${file}.ts`])),
    imports: Object.fromEntries(Object.entries(dependencies).map(([name, range]) => [name, `npm:${name}@${range}`])),
    // The drivers for pages are written against the page's own types; who checks remote modules needs them too.
    compilerOptions: {
      lib: ["dom", "dom.iterable", "dom.asynciterable", "deno.ns", "esnext"],
      // As in tsconfig.json: what an index gives may be undefined.
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
    },
    publish: { include: ["src", "README.md", "LICENSE", "CHANGELOG.md"] },
  };
  await writeFile(`${folder}/deno.json`, `${JSON.stringify(manifest, null, 2)}\n`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensureDependencies();
  await rm(`${root}.cache/jsr`, { recursive: true, force: true });
  await stageJsr(`${root}.cache/jsr`);
  console.log("Laid out in .cache/jsr");
}
