// Builds dist/web/service-worker.js: one classic script, so that it can be registered everywhere and taken in with importScripts().
export async function build({ root }) {
  const esbuild = await import("esbuild");
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: { "service-worker": "web/service-worker.ts" },
    outdir: "dist/web",
    bundle: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    // Chunks of the package that are imported for their side effects only: they have none.
    logOverride: { "ignored-bare-import": "silent" },
  });
}
