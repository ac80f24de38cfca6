// Builds dist/web/: the element that registers itself, the class alone, the worker beside them, and declarations.
import { spawnSync } from "node:child_process";
import { readFile, rm } from "node:fs/promises";

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

/** Leaves the class where it is: the address of the worker is relative to the module that holds it. */
const elementOutside = {
  name: "element-outside",
  setup(build) {
    build.onResolve({ filter: /^\.\/element\.ts$/ }, () => ({ path: "./element.js", external: true }));
  },
};

export async function build({ root }) {
  const esbuild = await import("esbuild");
  const common = { ...options, absWorkingDir: root, outdir: "dist/web" };
  await rm(`${root}dist/web/chunks`, { recursive: true, force: true });
  await esbuild.build({ ...common, entryPoints: { element: "web/element.ts", "preview-worker": "web/preview-worker.ts" } });
  await esbuild.build({
    ...common,
    entryPoints: { "policy-preview": "web/policy-preview.ts" },
    splitting: false,
    plugins: [elementOutside],
  });
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const done = spawnSync(process.execPath, [tsc, "-p", "web/tsconfig.json"], { cwd: root, stdio: "inherit" });
  if (done.status !== 0) throw new Error("tsc: the declarations of web/ could not be made");
  // Nothing that the package exports mentions these.
  await rm(`${root}dist/web/view`, { recursive: true, force: true });
}
