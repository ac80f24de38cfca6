// Compiles test/guards/**/*.wat to .cache/guards/*.wasm (flat, by file name), only what is newer than its output. The binaries of other
// toolchains, test/guards/<folder>/guard.wasm, become <folder>-guard.wasm there.
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { root } from "./ensure.mjs";

const features = {
  mutable_globals: true,
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
  sign_extension: true,
  simd: true,
  exceptions: true,
  tail_call: true,
};

export async function compileGuards() {
  const folder = `${root}test/guards`;
  if (!existsSync(folder)) return;
  const out = `${root}.cache/guards`;
  await mkdir(out, { recursive: true });
  const files = await readdir(folder, { recursive: true });
  for (const name of files.filter((name) => basename(name) === "guard.wasm")) {
    const target = `${out}/${basename(dirname(name))}-guard.wasm`;
    await copyFile(`${folder}/${name}`, `${target}.${process.pid}`);
    await rename(`${target}.${process.pid}`, target);
  }
  const names = files.filter((name) => name.endsWith(".wat"));
  let wabt;
  for (const name of names) {
    const target = `${out}/${basename(name, ".wat")}.wasm`;
    const source = await stat(`${folder}/${name}`);
    if (existsSync(target) && (await stat(target)).mtimeMs > source.mtimeMs) continue;
    wabt ??= await (await import("wabt")).default();
    const module = wabt.parseWat(name, await readFile(`${folder}/${name}`, "utf8"), features);
    const { buffer } = module.toBinary({ write_debug_names: true });
    module.destroy();
    await writeFile(`${target}.${process.pid}`, buffer);
    await rename(`${target}.${process.pid}`, target);
  }
}
