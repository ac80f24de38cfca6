// Bundles test files for Node: relative imports go in, packages (edge-guard among them, through its own name) stay outside.
import { root } from "./ensure.mjs";

export async function bundleTests(files, outdir, options = {}) {
  const esbuild = await import("esbuild");
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: files.map((file) => ({ in: file, out: file.replace(/\.ts$/, "") })),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
    jsx: "automatic",
    jsxImportSource: "preact",
    ...options,
  });
}
