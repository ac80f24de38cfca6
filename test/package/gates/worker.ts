// Runs in workerd what Wrangler's dry run has put into a folder.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Miniflare, type MiniflareOptions } from "miniflare";

/** Starts the Worker; `main` is the name of its script in the folder. */
export async function runWorker(folder: string, main: string, options: object = {}): Promise<Miniflare> {
  const others = (await readdir(folder)).filter((name) => name.endsWith(".wasm"));
  const file = async (type: "ESModule" | "CompiledWasm", name: string) => ({
    type,
    path: join(folder, name),
    contents: await readFile(join(folder, name)),
  });
  return new Miniflare({
    cf: false,
    compatibilityDate: "2026-04-01",
    modulesRoot: folder,
    modules: [await file("ESModule", main), ...(await Promise.all(others.map((name) => file("CompiledWasm", name))))],
    ...options,
  } as MiniflareOptions);
}
