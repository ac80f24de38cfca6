// Bundles a demo as its own tools would, with the sample guard beside it.
import { build } from "esbuild";

export const root: string = process.env["EDGE_GUARD_ROOT"]!;

export async function bundleDemo(entry: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
    plugins: [
      {
        name: "wasm beside the bundle",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\.wasm$/ }, () => ({ path: "./repo-guard.wasm", external: true })),
      },
    ],
  });
  return outputFiles[0]!.text;
}
