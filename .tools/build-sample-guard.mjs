// Compiles the sample guard from demo/guards/repo-guard to one optimised .wasm; the same source gives the same bytes, so they are kept.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = "demo/guards/repo-guard/assembly";
// The stub runtime is enough: the guard brings its own allocator and has no managed objects.
const options = "--runtime stub --optimizeLevel 3 --shrinkLevel 1 --maximumMemory 512 --converge --noAssert".split(" ");

/**
 * Builds the guard. `outFile` defaults to dist/guards/repo-guard.wasm under the project's root. What was compiled from the same
 * source before is copied from .cache. Throws with the compiler's messages.
 */
export async function buildSampleGuard({ outFile = resolve(root, "dist/guards/repo-guard.wasm") } = {}) {
  const kept = `${root}.cache/sample-guard/${await digest()}.wasm`;
  if (!(await exists(kept))) await compile(kept);
  await mkdir(dirname(outFile), { recursive: true });
  await copyFile(kept, outFile);
  return { outFile, size: (await stat(outFile)).size };
}

async function digest() {
  const hash = createHash("sha256").update(options.join(" "));
  hash.update(await readFile(fileURLToPath(import.meta.resolve("assemblyscript/package.json"))));
  for (const name of (await readdir(root + folder)).sort()) {
    hash.update(`\n${name}\n`).update(await readFile(`${root}${folder}/${name}`));
  }
  return hash.digest("hex");
}

async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

// Several processes may compile at once: each writes a file of its own and the last rename wins, with the same bytes.
async function compile(target) {
  const { default: asc } = await import("assemblyscript/asc");
  await mkdir(dirname(target), { recursive: true });
  const fresh = `${target}.${process.pid}`;
  const stderr = asc.createMemoryStream();
  const args = [`${folder}/index.ts`, "--baseDir", root, "--outFile", relative(root, fresh), ...options];
  const { error } = await asc.main(args, { stderr });
  if (error) {
    throw new Error(`Cannot build the sample guard: the compiler failed with "${error.message}"\n${stderr.toString()}`);
  }
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(await readFile(fresh)));
  const strays = imports
    .map(({ module, name }) => `${module}.${name}`)
    .filter((name) => name !== "env.call_backend" && name !== "env.host_log");
  if (strays.length > 0) {
    throw new Error(`Cannot build the sample guard: it imports ${strays.join(", ")}, which no host offers`);
  }
  await rename(fresh, target);
}

/** The step of the normal build. */
export async function build() {
  await buildSampleGuard();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { outFile, size } = await buildSampleGuard();
  console.log(`${relative(process.cwd(), outFile)}: ${size} bytes`);
}
