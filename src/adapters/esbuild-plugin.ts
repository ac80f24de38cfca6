// For builds with esbuild: a .wasm import that is a guard is prepared, so that it can be deployed compiled and loses nothing by it.
import { readFile } from "node:fs/promises";
import { isGuardError } from "../errors.ts";
import { inspectGuard } from "../wasm/inspect.ts";
import type { PrepareOptions } from "../wasm/prepare.ts";
import { prepareGuard } from "../wasm/prepare-guard.ts";

/** How guards come out of a build. */
export interface EdgeGuardPluginOptions extends PrepareOptions {
  /**
   * Whether guards count what they burn, so that budgets and deadlines end them in the middle of a computation. Default: as `module` they
   * do, for nothing else can end a guard on Workers; `file` and `bytes` are prepared again by who loads them.
   */
  readonly fuel?: boolean;
  /**
   * What the import gives: `module`: a `WebAssembly.Module`, from a file beside the bundle that the import still names, as Workers and
   * Wrangler want it; `file`: the address of such a file, relative to the bundle; `bytes`: a `Uint8Array` inside the bundle.
   * Default: `module`.
   */
  readonly as?: "module" | "file" | "bytes";
}

interface LoadResult {
  contents?: Uint8Array;
  loader?: "copy" | "file" | "binary";
  errors?: { text: string }[];
}

/** The part of esbuild's plugin interface that is used here; esbuild itself is not needed to install edge-guard. */
export interface EdgeGuardPlugin {
  name: string;
  setup(build: {
    onLoad(options: { filter: RegExp }, callback: (file: { path: string }) => Promise<LoadResult | undefined>): void;
  }): void;
}

const loaders = { module: "copy", file: "file", bytes: "binary" } as const;

/**
 * Prepares the guards that a bundle imports (`import guard from "./guard.wasm"`), as `edge-guard prepare` does. Modules that are no
 * guards, without any `label_*` export, are left to other plugins and loaders; a guard with a fault fails the build and says why.
 *
 * ```ts
 * await esbuild.build({ entryPoints: ["worker.ts"], bundle: true, format: "esm", outdir: "dist", plugins: [edgeGuard()] });
 * ```
 *
 * @throws {TypeError} when `as` is none of its values.
 */
export function edgeGuard(options: EdgeGuardPluginOptions = {}): EdgeGuardPlugin {
  const { as = "module", fuel = as === "module", ...rest } = options;
  const preparation = { ...rest, fuel };
  if (!Object.hasOwn(loaders, as)) {
    throw new TypeError(`Cannot set up the plugin: "as" must be module, file or bytes, got "${String(as)}"`);
  }
  return {
    name: "edge-guard",
    setup(build): void {
      build.onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
        const bytes = await readFile(path);
        if (!inspectGuard(bytes).exports.some(({ name }) => name.startsWith("label_"))) return undefined;
        try {
          return { contents: prepareGuard(bytes, preparation), loader: loaders[as] };
        } catch (error) {
          if (!isGuardError(error) && !(error instanceof RangeError)) throw error;
          return { errors: [{ text: error.message }] };
        }
      });
    },
  };
}
