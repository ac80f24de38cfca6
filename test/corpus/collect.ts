// The corpus: modules that others published, guards of real toolchains, and what binaryen makes of this project's own modules.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import createWabt from "wabt";
import { features } from "../unit/wasm-fuel/features.ts";
import { generateModule } from "../unit/wasm-fuel/generator.ts";
import type { NamedModule } from "../unit/wasm-fuel/opcodes.ts";
import { realModules } from "../unit/wasm-fuel/real-modules.ts";

export const folder: string = process.env["EDGE_GUARD_CORPUS"] ?? ".";

/** Every .wasm file of the installed packages, and every module that a script of hash-wasm carries in base64. */
export function publishedModules(): NamedModule[] {
  const root = join(folder, "node_modules");
  const names = readdirSync(root, { recursive: true }) as string[];
  const found = names
    .filter((name) => name.endsWith(".wasm"))
    .map((name) => ({ name, bytes: Uint8Array.from(readFileSync(join(root, name))) }));
  const carrier = join(root, "hash-wasm/dist/index.umd.js");
  const carried = existsSync(carrier) ? readFileSync(carrier, "latin1").matchAll(/AGFzbQ[A-Za-z0-9+/=]{40,}/g) : [];
  let count = 0;
  for (const [text] of carried)
    found.push({ name: `hash-wasm, ${++count}`, bytes: Uint8Array.from(Buffer.from(text, "base64")) });
  return found;
}

interface Binaryen {
  readBinary(bytes: Uint8Array): {
    optimize(): void;
    runPasses(passes: string[]): void;
    emitBinary(): Uint8Array;
    setFeatures(features: number): void;
    dispose(): void;
  };
  setOptimizeLevel(level: number): void;
  setShrinkLevel(level: number): void;
  readonly Features: { readonly All: number };
}

/** How binaryen is let loose on a module: levels of optimisation, and passes that move control flow about. */
const treatments: readonly (readonly [name: string, optimize: number, shrink: number, passes: readonly string[]])[] = [
  ["O1", 1, 0, []],
  ["O3", 3, 0, []],
  ["Oz", 2, 2, []],
  ["flattened", 2, 1, ["flatten", "rereloop", "simplify-locals", "merge-blocks", "remove-unused-brs", "vacuum"]],
  ["inlined", 3, 0, ["inlining-optimizing", "code-folding", "duplicate-function-elimination", "reorder-functions"]],
];

async function binaryenVariants(modules: readonly NamedModule[]): Promise<NamedModule[]> {
  const path = join(folder, "node_modules/binaryen/index.js");
  const { default: binaryen } = (await import(path)) as { default: Binaryen };
  const variants: NamedModule[] = [];
  for (const { name, bytes } of modules) {
    for (const [treatment, optimize, shrink, passes] of treatments) {
      try {
        const module = binaryen.readBinary(bytes);
        module.setFeatures(binaryen.Features.All);
        binaryen.setOptimizeLevel(optimize);
        binaryen.setShrinkLevel(shrink);
        if (passes.length > 0) module.runPasses([...passes]);
        else module.optimize();
        variants.push({ name: `${name}, ${treatment}`, bytes: Uint8Array.from(module.emitBinary()) });
        module.dispose();
      } catch {
        // Not every pass takes every module.
      }
    }
  }
  return variants;
}

/** What this project's tests are made of, as wabt writes it and as binaryen does. */
export async function madeModules(): Promise<NamedModule[]> {
  const wabt = await createWabt();
  const written = features.map(({ name, wat }) => {
    const module = wabt.parseWat("feature", wat, {
      exceptions: true,
      tail_call: true,
      simd: true,
      multi_value: true,
      bulk_memory: true,
      reference_types: true,
      extended_const: true,
    });
    const { buffer } = module.toBinary({ write_debug_names: true });
    module.destroy();
    return { name, bytes: Uint8Array.from(buffer) };
  });
  const guards = realModules().filter(({ name, bytes }) => name.includes("guards/") && bytes.length < 100_000);
  const generated = Array.from({ length: 20 }, (_, seed) => ({
    name: `generated ${seed}`,
    bytes: generateModule(seed + 1).bytes,
  }));
  return [...written, ...realModules(), ...(await binaryenVariants([...written, ...guards, ...generated]))];
}
