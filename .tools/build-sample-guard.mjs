// Compiles the sample guard from demo/guards/repo-guard to one optimised .wasm; the same source gives the same bytes.
import { mkdir, readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
const entry = "demo/guards/repo-guard/assembly/index.ts";

/**
 * Builds the guard. The stub runtime without its allocator is enough: the guard brings its own and uses no managed objects.
 * `outFile` defaults to dist/guards/repo-guard.wasm under the project's root. Throws with the compiler's messages.
 */
export async function buildSampleGuard({ outFile = resolve(root, "dist/guards/repo-guard.wasm"), flags = [] } = {}) {
  await mkdir(dirname(outFile), { recursive: true });
  const target = relative(root, outFile);
  const stderr = asc.createMemoryStream();
  const options = [
    "--runtime",
    "stub",
    "--optimizeLevel",
    "3",
    "--shrinkLevel",
    "1",
    "--maximumMemory",
    "512",
    "--converge",
    "--noAssert",
  ];
  const { error } = await asc.main([entry, "--baseDir", root, "--outFile", target, ...options, ...flags], { stderr });
  if (error)
    throw new Error(`Cannot build the sample guard: the compiler failed with "${error.message}"\n${stderr.toString()}`);
  const bytes = await readFile(outFile);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(
    ({ module, name }) => `${module}.${name}`,
  );
  const strays = imports.filter((name) => name !== "env.call_backend" && name !== "env.host_log");
  if (strays.length > 0)
    throw new Error(`Cannot build the sample guard: it imports ${strays.join(", ")}, which no host offers`);
  return { outFile, size: bytes.length };
}

/** The step of the normal build. */
export async function build() {
  await buildSampleGuard();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { outFile, size } = await buildSampleGuard();
  console.log(`${relative(process.cwd(), outFile)}: ${size} bytes`);
}
