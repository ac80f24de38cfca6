// The gates' tools, installed when they are first needed, and what they are typed as here: as much as is used.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../project.ts";

export interface Message {
  readonly code: string;
  readonly type: string;
  readonly path: readonly string[];
}

export interface Publint {
  publint(options: {
    pkgDir: string;
    strict: boolean;
    level: string;
    pack: false;
  }): Promise<{ messages: readonly Message[] }>;
}

export interface Problem {
  readonly kind: string;
  readonly entrypoint?: string;
  readonly resolutionKind?: string;
}

export interface TypesWrong {
  createPackageFromTarballData(tarball: Uint8Array): unknown;
  checkPackage(given: unknown): Promise<{
    readonly types: unknown;
    readonly problems: readonly Problem[];
    readonly entrypoints: Readonly<Record<string, unknown>>;
  }>;
}

export interface Vite {
  build(options: object): Promise<unknown>;
}

export type Webpack = (
  options: object,
  done: (
    error: Error | null,
    stats?: { hasErrors(): boolean; hasWarnings(): boolean; toString(what: string): string },
  ) => void,
) => unknown;

let folder: string | undefined;

/** The folder with `node_modules`. */
export async function gatesFolder(): Promise<string> {
  const { ensureGates } = (await import(pathToFileURL(join(root, ".tools/ensure.mjs")).href)) as {
    ensureGates(): string;
  };
  folder ??= ensureGates();
  return folder;
}

export async function load<T>(name: string): Promise<T> {
  const require = createRequire(join(await gatesFolder(), "package.json"));
  const module = (await import(pathToFileURL(require.resolve(name)).href)) as { default?: T };
  return name === "webpack" ? (module.default as T) : (module as T);
}
