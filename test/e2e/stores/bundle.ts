// Bundles an entry of this folder for the runtime that runs it.
import { build } from "esbuild";

export const root: string = process.env["EDGE_GUARD_ROOT"]!;

export async function bundle(entry: string, platform: "browser" | "neutral" = "neutral"): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform,
    target: "es2022",
    external: ["cloudflare:*", "node:*"],
    mainFields: ["module", "main"],
    logLevel: "error",
  });
  return outputFiles.at(-1)!.text;
}
