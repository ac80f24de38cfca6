// What a bundle for a page weighs, minified and gzipped: what is loaded at once, and what comes on demand.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const root = process.env["EDGE_GUARD_ROOT"] ?? ".";

export interface Bundle {
  /** What is loaded at once, minified and gzipped. */
  readonly bytes: number;
  /** The same with everything that is imported only when it is needed. */
  readonly whole: number;
  /** Of the one chunk whose name begins so, and of the chunks that it needs and that are not loaded at once. */
  sizeOf(beginning: string): number;
  readonly text: string;
  readonly inputs: readonly string[];
}

/** Bundles code for a page, as a consumer in `resolveDir` would; `external` stays outside. */
export async function bundle(code: string, resolveDir: string, external: readonly string[]): Promise<Bundle> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: code, resolveDir },
    bundle: true,
    minify: true,
    splitting: true,
    outdir: "out",
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    external: [...external],
    logLevel: "silent",
    absWorkingDir: root,
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [path.split("/").at(-1) ?? "", text]));
  const sizeOf = (name: string): number => gzipSync(texts.get(name) ?? "", { level: 9 }).length;
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [path.split("/").at(-1) ?? "", output]),
  );
  const loaded = new Set<string>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const { path, kind, external: outside } of outputs.get(name)?.imports ?? []) {
      if (kind === "import-statement" && outside !== true) load(path.split("/").at(-1) ?? "");
    }
  };
  load("stdin.js");
  const sum = (names: Iterable<string>): number => [...names].reduce((total, name) => total + sizeOf(name), 0);
  return {
    bytes: sum(loaded),
    whole: sum(texts.keys()),
    sizeOf(beginning) {
      const before = new Set(loaded);
      const name = [...texts.keys()].find((one) => one.startsWith(beginning));
      assert.ok(name, `No chunk's name begins with ${beginning}: ${[...texts.keys()].join(", ")}`);
      load(name);
      return sum([...loaded].filter((one) => !before.has(one)));
    },
    text: [...texts.values()].join("\n"),
    inputs: Object.keys(metafile.inputs),
  };
}
