// Builds dist/web/: the element that registers itself, the class alone, the worker beside them, and declarations.
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";

/** Style sheets that are imported come in as minified text; esbuild's own text loader leaves them as they are. */
export const styleText = {
  name: "style-text",
  setup(build) {
    build.onLoad({ filter: /policy-preview\.css$/ }, async ({ path }) => {
      const { code } = await build.esbuild.transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

/** What the bundles of web/ and of the playground share. */
export const options = {
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  sourcemap: true,
  legalComments: "none",
  logLevel: "warning",
  // The package says that it has no side effects; its own chunks import one another for order only.
  logOverride: { "ignored-bare-import": "silent" },
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [styleText],
};

export async function build({ root }) {
  const esbuild = await import("esbuild");
  await esbuild.build({
    ...options,
    absWorkingDir: root,
    entryPoints: { "policy-preview": "web/policy-preview.ts", element: "web/element.ts", "preview-worker": "web/preview-worker.ts" },
    outdir: "dist/web",
  });
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const done = spawnSync(process.execPath, [tsc, "-p", "web/tsconfig.json"], { cwd: root, stdio: "inherit" });
  if (done.status !== 0) throw new Error("tsc: the declarations of web/ could not be made");
}
