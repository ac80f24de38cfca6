// Modules that others built: found in installed packages and in what this project builds, whatever is there.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NamedModule } from "./opcodes.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? process.cwd();

const files = ["node_modules/playwright-core/lib/webp_codec.wasm"];
const folders = ["dist/guards", ".cache/guards"];
// Scripts that carry a module in base64.
const carriers = [
  "node_modules/undici/lib/llhttp/llhttp-wasm.js",
  "node_modules/undici/lib/llhttp/llhttp_simd-wasm.js",
  "node_modules/miniflare/dist/src/index.js",
  "node_modules/assemblyscript/dist/assemblyscript.js",
];

export function realModules(): NamedModule[] {
  const found: NamedModule[] = [];
  const paths = [
    ...files,
    ...folders.flatMap((folder) => {
      const names = existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
      return names.filter((name) => name.endsWith(".wasm")).map((name) => `${folder}/${name}`);
    }),
  ];
  for (const path of paths) {
    if (existsSync(join(root, path)))
      found.push({ name: path, bytes: Uint8Array.from(readFileSync(join(root, path))) });
  }
  for (const path of carriers) {
    if (!existsSync(join(root, path))) continue;
    for (const [encoded] of readFileSync(join(root, path), "latin1").matchAll(/AGFzbQ[A-Za-z0-9+/=]{40,}/g)) {
      found.push({ name: `within ${path}`, bytes: Uint8Array.from(Buffer.from(encoded, "base64")) });
    }
  }
  return found;
}

/** Runs `load`, and hands every module that it instantiates through `rewrite` first. */
export async function withRewrite<T>(
  rewrite: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
  load: () => Promise<T>,
): Promise<T> {
  const { instantiate } = WebAssembly;
  const replaced = (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports): unknown => {
    if (source instanceof WebAssembly.Module) return instantiate(source, imports);
    const view = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source);
    return instantiate(rewrite(Uint8Array.from(view)), { ...imports, edge_guard: { out_of_fuel: () => 1_000_000 } });
  };
  WebAssembly.instantiate = replaced as typeof instantiate;
  try {
    return await load();
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}
