// Node and Bun: modules' bytes as files in the user's cache folder, each written whole or not at all.
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import type { ModuleCache } from "../cache/cache.ts";

export interface FileCacheOptions {
  /** Default: `edge-guard` in $XDG_CACHE_HOME, else in ~/.cache (on Windows %LOCALAPPDATA%). */
  readonly folder?: string;
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME: wanted, LOCALAPPDATA: local } = process.env;
  // The XDG specification: a path that is not absolute is to be ignored.
  if (wanted !== undefined && isAbsolute(wanted)) return join(wanted, "edge-guard");
  if (process.platform === "win32" && local !== undefined) return join(local, "edge-guard", "cache");
  return join(homedir(), ".cache", "edge-guard");
}

const isMissing = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "ENOENT";

/**
 * Keeps modules' bytes as files, for every process of this user. What is read is digested before it is used, so a file that was cut
 * off or changed means a new download. Nothing is created before the first write.
 *
 * @throws {TypeError} when `folder` is not an absolute path.
 */
export function fileCache(options: FileCacheOptions = {}): ModuleCache {
  const folder = options.folder ?? cacheFolder();
  if (!isAbsolute(folder)) {
    throw new TypeError(`Cannot make a cache: "folder" must be an absolute path, got "${folder}"`);
  }
  const fileOf = (key: string): string => {
    if (!/^[a-z0-9-]{1,100}$/.test(key)) throw new RangeError(`Cannot use the cache: "${key}" is no key`);
    return join(folder, key);
  };

  return {
    name: "file-system",
    async get(key) {
      try {
        const bytes = await readFile(fileOf(key));
        // A small file shares its buffer with others.
        return bytes.byteLength === bytes.buffer.byteLength
          ? (new Uint8Array(bytes.buffer) as Uint8Array<ArrayBuffer>)
          : new Uint8Array(bytes);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async set(key, bytes) {
      const file = fileOf(key);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = `${file}.${process.pid}-${crypto.randomUUID()}.tmp`;
      try {
        const handle = await open(draft, "wx", 0o600);
        try {
          await handle.writeFile(bytes);
        } finally {
          await handle.close();
        }
        await rename(draft, file);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    delete: (key) => rm(fileOf(key), { force: true }),
    async clear() {
      const names = await readdir(folder).catch((error) => {
        if (isMissing(error)) return [];
        throw error;
      });
      // Only what this driver can have written.
      const own = names.filter((name) => /^[a-z0-9-]{1,100}(\.[0-9a-f-]+\.tmp)?$/.test(name));
      await Promise.all(own.map((name) => rm(join(folder, name), { force: true })));
    },
  };
}
