// The packed package in projects of its consumers: types under every resolution, imports in Node, bundles for pages and Workers, Deno.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { answer, createProject, manifest, type Project, root } from "./project.ts";

const tools = join(process.cwd(), "node_modules");

let project: Project;
before(async () => {
  project = await createProject();
});
after(() => project.remove());

test("the tarball holds what the exports name, and no source, test or tool", async () => {
  const { exports } = await manifest();
  const targets = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [entry] : [entry.types, entry.default],
  );
  assert.deepEqual(
    targets.filter((target) => !existsSync(join(project.package, target))),
    [],
  );
  assert.deepEqual(
    project.files.filter((file) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(file)),
    [],
  );
});

const resolutions = {
  NodeNext: { module: "NodeNext", moduleResolution: "NodeNext" },
  bundler: { module: "ESNext", moduleResolution: "bundler" },
};

/** A file that takes in the types of every subpath. */
async function writeEverySubpath(): Promise<void> {
  const { exports } = await manifest();
  const subpaths = Object.entries(exports)
    .filter(([, entry]) => typeof entry !== "string")
    .map(([subpath]) => `edge-guard${subpath.slice(1)}`);
  const lines = subpaths.map((subpath, index) => `import type * as part${index} from "${subpath}";`);
  const uses = subpaths.map((_, index) => `typeof part${index}`).join(" | ");
  await project.write("src/every-subpath.ts", `${lines.join("\n")}\nexport type Every = ${uses};\n`);
}

for (const [name, resolution] of Object.entries(resolutions)) {
  test(`types: consumers and every declaration, ${name} resolution, nothing skipped`, async () => {
    await writeEverySubpath();
    const compilerOptions = {
      ...resolution,
      target: "ES2022",
      lib: ["ES2022", "DOM", "DOM.Iterable"],
      types: ["node"],
      typeRoots: [join(tools, "@types")],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      allowImportingTsExtensions: true,
      skipLibCheck: false,
      noEmit: true,
    };
    const config = JSON.stringify({ compilerOptions, include: ["src"], exclude: ["src/deno.ts"] });
    await project.write(`tsconfig.${name}.json`, config);
    project.run(process.execPath, join(tools, "typescript/bin/tsc"), "-p", `tsconfig.${name}.json`);
  });
}

/** Subpaths that are not made for Node, by what they say there. */
const elsewhere: Readonly<Record<string, RegExp>> = {
  // Optional peers, which this project does without.
  "./access": /Cannot find package 'jose'/,
  "./opentelemetry": /Cannot find package '@opentelemetry\/api'/,
  "./worker": /addEventListener is not a function/,
  "./node-worker": /inside a worker thread only/,
  "./web": /HTMLElement is not defined/,
  "./web/element": /HTMLElement is not defined/,
  "./web/policy-preview.js": /HTMLElement is not defined/,
  "./web/preview-worker.js": /postMessage is not a function/,
  "./web/guard-worker.js": /addEventListener is not a function/,
  "./web/service-worker.js": /self is not defined/,
};

test("every subpath is imported in Node, or says where it belongs", async () => {
  const { exports } = await manifest();
  const subpaths = Object.keys(exports).filter((subpath) => !/\.(wasm|json)$/.test(subpath) && subpath !== "./cli");
  const program = `
    const said = {};
    for (const subpath of ${JSON.stringify(subpaths)}) {
      try {
        const part = await import("edge-guard" + subpath.slice(1));
        said[subpath] = Object.keys(part).length;
      } catch (error) {
        said[subpath] = String(error.message);
      }
    }
    console.log(JSON.stringify(said));
    process.exit(0);`;
  const script = await project.write("import-all.mjs", program);
  const said = JSON.parse(project.run(process.execPath, script)) as Record<string, number | string>;
  for (const [subpath, result] of Object.entries(said)) {
    const expected = elsewhere[subpath];
    if (typeof result === "number") assert.equal(expected, undefined, `${subpath} can be imported in Node by now`);
    else assert.ok(expected?.test(result), `${subpath} cannot be imported in Node: ${result}`);
  }
  assert.ok(typeof said["."] === "number" && said["."] > 50, `The root exports ${said["."]} names`);
});

async function bundle(entry: string, options: esbuild.BuildOptions): Promise<string> {
  const outdir = join(project.folder, `out-${entry}`);
  const { warnings } = await esbuild.build({
    absWorkingDir: project.folder,
    entryPoints: [join(project.folder, `src/${entry}.ts`)],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
    ...options,
  });
  assert.deepEqual(warnings, []);
  return join(outdir, `${entry}.mjs`);
}

test("Node runs a consumer's bundle with the package outside", async () => {
  const script = await bundle("node", { platform: "node", packages: "external" });
  assert.equal(project.run(process.execPath, script).trim(), answer);
});

test("esbuild for browsers: one bundle without Node's modules, and it runs", async () => {
  const script = await bundle("page", { platform: "browser" });
  assert.doesNotMatch(await readFile(script, "utf8"), /["']node:/);
  // A page's program is tried where it needs nothing of a page: the guard by an address.
  const bytes = await readFile(join(project.package, "dist/guards/repo-guard.wasm"));
  const { run } = (await import(pathToFileURL(script).href)) as { run(address: string): Promise<string> };
  assert.equal(await run(`data:application/wasm;base64,${bytes.toString("base64")}`), answer);
});

test("esbuild for Workers, with the plugin: the guard comes compiled, and workerd runs it", async () => {
  const plugin = join(project.package, "dist/adapters/esbuild-plugin.js");
  const { edgeGuard } = (await import(pathToFileURL(plugin).href)) as { edgeGuard(): esbuild.Plugin };
  const script = await bundle("edge", { conditions: ["workerd", "worker", "browser"], plugins: [edgeGuard()] });
  const { Miniflare } = await import("miniflare");
  const miniflare = new Miniflare({
    cf: false,
    compatibilityDate: "2026-04-01",
    modulesRoot: join(project.folder, "out-edge"),
    scriptPath: script,
    modules: true,
    modulesRules: [
      { type: "ESModule", include: ["**/*.mjs"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
  });
  try {
    const response = await miniflare.dispatchFetch("http://localhost/");
    assert.equal(await response.text(), answer);
  } finally {
    await miniflare.dispose();
  }
});

test("Deno checks the types and runs a consumer", async () => {
  // Without the page's own types, as in any Deno program, what a program uses is checked; with them, every subpath.
  const settings = { nodeModulesDir: "manual", lock: false };
  await project.write("deno.json", JSON.stringify(settings));
  const deno = [join(root, "node_modules/deno/bin.cjs")];
  project.run(process.execPath, ...deno, "check", "--quiet", "--cached-only", "src/deno.ts");
  await writeEverySubpath();
  const compilerOptions = { lib: ["dom", "dom.iterable", "dom.asynciterable", "deno.ns", "esnext"] };
  await project.write("deno.dom.json", JSON.stringify({ ...settings, compilerOptions }));
  const all = ["--config", "deno.dom.json", "src/every-subpath.ts"];
  project.run(process.execPath, ...deno, "check", "--quiet", "--cached-only", ...all);
  const said = project.run(process.execPath, ...deno, "run", "--quiet", "--cached-only", "--allow-read", "src/deno.ts");
  assert.equal(said.trim(), answer);
});
