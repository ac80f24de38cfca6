// What a page loads: our bundles beside the rivals', minified and gzipped; code that is imported only when needed counted apart.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Bundle, bundle as bundleIn } from "../bundled-size.ts";
import type { BarId } from "./bars.ts";
import type { Bench, Row } from "./environment.ts";
import { holds } from "./row.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? "./";
const gzipped = (content: string | Uint8Array): number => gzipSync(content, { level: 9 }).length;
const shim = "@bjorn3/browser_wasi_shim";

/** A folder of the project, and what stays outside besides Node's own modules, which no page gets. */
const bundle = (code: string, folder: string, external: readonly string[] = []): Promise<Bundle> =>
  bundleIn(code, join(root, folder), ["node:*", ...external]);

const group = "bytes in a page, minified and gzipped";

function sizeRow(what: string, value: number, bar?: BarId, note?: string): Row {
  const judged = bar === undefined ? {} : { bar, held: holds(bar, value) };
  return { group, what, unit: "bytes", value, ...judged, ...(note === undefined ? {} : { note }) };
}

const kb = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

async function ours(): Promise<Row[]> {
  const outside = [shim, "idb-keyval"];
  const guard = await bundle('export { loadGuard } from "./index.js"', "dist", outside);
  const withWasi = await bundle('export { loadGuard } from "./index.js"', "dist", ["idb-keyval"]);
  const everything = await bundle('export * from "./index.js"', "dist", outside);
  const proxy = await bundle('export * from "./proxy/index.js"', "dist", outside);
  return [
    sizeRow(
      "edge-guard, loadGuard alone",
      guard.bytes,
      "size-load",
      `${kb(guard.whole)} with what is loaded on demand`,
    ),
    sizeRow(
      "edge-guard, loadGuard with what the bytes of a guard that uses WASI bring in",
      withWasi.bytes + ["prepare-module-", "wasi-"].reduce((sum, name) => sum + withWasi.sizeOf(name), 0),
      "size-load-wasi",
      `${kb(withWasi.whole)} with all that it may load`,
    ),
    sizeRow(
      "edge-guard, the root with everything",
      everything.bytes,
      "size-root",
      `${kb(everything.whole)} with what is loaded on demand`,
    ),
    sizeRow("edge-guard/proxy", proxy.bytes),
  ];
}

/** What a script loads before it runs: itself and what it imports, not what it imports later. */
async function scripts(path: string, seen: Map<string, number>): Promise<void> {
  if (seen.has(path)) return;
  const text = await readFile(path, "utf8");
  seen.set(path, gzipped(text));
  for (const [, from] of text.matchAll(/(?:from|import)\s*"(\.[^"]+)"/g))
    await scripts(join(dirname(path), from!), seen);
}

async function playground(): Promise<Row[]> {
  const folder = join(root, "dist/playground");
  const seen = new Map<string, number>();
  const sum = (): number => [...seen.values()].reduce((total, size) => total + size, 0);
  for (const name of ["index.html", "styles.css"]) seen.set(name, gzipped(await readFile(join(folder, name))));
  await scripts(join(folder, "main.js"), seen);
  const first = sum();
  await scripts(join(folder, "preview-worker.js"), seen);
  return [
    sizeRow("the playground, until something is seen", first, "size-playground"),
    sizeRow("the playground, with the worker that runs guards", sum()),
  ];
}

async function rivals(guests: string): Promise<Row[]> {
  const folder = "test/bench/rivals";
  const rows: Row[] = [];
  const policy = gzipped(await readFile(join(guests, "policy.wasm")));
  for (const [what, code, note] of [
    ["waPC", 'export * from "@wapc/host"', undefined],
    ["Extism 1.0.3", 'export * from "@extism/extism"', undefined],
    ["Extism 2.0.0-rc13", 'export * from "extism-2"', undefined],
    ["OPA", 'export * from "@open-policy-agent/opa-wasm"', `and ${kb(policy)} for a policy of two rules`],
    ["jco, one function that takes text", `export * from ${JSON.stringify(join(guests, "component.js"))}`, undefined],
    ["browser_wasi_shim", `export * from "${shim}"`, undefined],
  ] as const) {
    try {
      rows.push(
        sizeRow(what, (await bundle(code, what === "browser_wasi_shim" ? "." : folder)).whole, undefined, note),
      );
    } catch (error) {
      rows.push({ group, what, unit: "bytes", failed: String(error).split("\n", 1)[0]! });
    }
  }
  return rows;
}

export const sizes: Bench = {
  async bench(environment) {
    // Bytes are the same everywhere.
    if (environment.name !== "node") return [];
    return [...(await ours()), ...(await playground()), ...(await rivals(process.env["EDGE_GUARD_GUESTS"] ?? ""))];
  },
};
