// What a consumer installs: every export has its files, the root runs anywhere, bundles stay below their ceilings.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const root = process.env["EDGE_GUARD_ROOT"] ?? ".";
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: { readonly [subpath: string]: string | { readonly types: string; readonly default: string } };
  readonly dependencies: { readonly [name: string]: string };
  readonly devDependencies: { readonly [name: string]: string };
  readonly sideEffects: unknown;
};
const dist = join(root, "dist/");

test("every export leads to a file, code and types", () => {
  const targets = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === "string" ? [entry] : [entry.types, entry.default],
  );
  assert.deepEqual(
    targets.filter((target) => !existsSync(join(root, target))),
    [],
  );
});

test("types come first, versions are exact, importing has no side effects", () => {
  for (const entry of Object.values(manifest.exports)) {
    if (typeof entry !== "string") assert.equal(Object.keys(entry)[0], "types");
  }
  for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies }))
    assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.equal(manifest.sideEffects, false);
});

async function bundle(
  code: string,
  external: readonly string[],
): Promise<{ readonly bytes: number; readonly text: string; readonly inputs: readonly string[] }> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: code, resolveDir: dist },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    external: [...external],
    logLevel: "silent",
    absWorkingDir: root,
  });
  const text = outputFiles[0]?.text ?? "";
  return { bytes: gzipSync(text, { level: 9 }).length, text, inputs: Object.keys(metafile.inputs) };
}

const shim = "@bjorn3/browser_wasi_shim";

/** In bytes, minified and gzipped. Raise one only with the reason beside it. */
const ceilings: readonly {
  readonly what: string;
  readonly code: string;
  readonly external: readonly string[];
  readonly ceiling: number;
  readonly reason: string;
}[] = [
  {
    what: "loadGuard without the WASI shim",
    code: 'export { loadGuard } from "./index.js"',
    external: [shim],
    ceiling: 24_000,
    reason: "to be set",
  },
  {
    what: "the root with everything",
    code: 'export * from "./index.js"',
    external: [shim],
    ceiling: 60_000,
    reason: "to be set",
  },
  {
    what: "evaluate and parsePolicy",
    code: 'export { evaluate, parsePolicy } from "./index.js"',
    external: [],
    ceiling: 6_000,
    reason: "to be set",
  },
];

for (const { what, code, external, ceiling } of ceilings) {
  test(`bundle: ${what} is at most ${ceiling} bytes`, async (context) => {
    const { bytes } = await bundle(code, external);
    context.diagnostic(`${what}: ${bytes} bytes`);
    assert.ok(bytes <= ceiling, `${what} has grown to ${bytes} bytes, the ceiling is ${ceiling}`);
  });
}

test("the root is neutral: no runtime's own module, no driver for one", async () => {
  const { text, inputs } = await bundle('export * from "./index.js"', [shim]);
  assert.doesNotMatch(text, /["'](node:|cloudflare:)/);
  assert.deepEqual(
    inputs.filter((name) => name.includes("adapters/")),
    [],
  );
});
