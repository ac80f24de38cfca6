// What Node, and with it Deno and Bun through node: modules, adds to the neutral root: guards from files, a server for handlers.
import { readFile } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve } from "node:path";
import { type LoadGuardOptions, loadGuard } from "../guard/load.ts";
import type { WasmGuard } from "../guard/wasm-guard.ts";

export { type FileCacheOptions, fileCache } from "./node-cache.ts";
export { nodeFetch } from "./node-fetch.ts";
export { type HttpServer, type HttpServerOptions, serveHttp } from "./node-http.ts";
export { nodeWorker } from "./node-thread.ts";

/**
 * Loads a guard from a file.
 *
 * @param options as loadGuard takes them; `name` defaults to the file's name without `.wasm`
 * @throws {ModuleError} when it cannot be a guard
 * @throws the file system's error when it cannot be read
 */
export async function loadGuardFile(path: string, options: LoadGuardOptions = {}): Promise<WasmGuard> {
  return loadGuard(await readFile(path), { name: basename(path, ".wasm"), ...options });
}

/**
 * The bytes of the first of these files that exists: `name` in each folder in turn. A name that leads out of a folder is
 * not looked for in it, since names come from scenarios and those from strangers.
 */
export async function findGuardFile(name: string, folders: readonly string[]): Promise<Uint8Array | undefined> {
  for (const folder of folders) {
    const path = resolve(folder, name);
    const inside = relative(folder, path);
    if (inside === "" || inside.startsWith("..") || isAbsolute(inside)) continue;
    try {
      return await readFile(path);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    }
  }
  return undefined;
}
