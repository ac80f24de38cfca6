// The import directions of src/ (design.md, Layout): no back edge, no cycle, nothing runtime-specific outside its room.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const root = process.env["EDGE_GUARD_ROOT"] ?? ".";

/** Lower may not import higher; rooms of the same height may not import each other. */
const heights: { readonly [room: string]: number } = {
  capabilities: 0,
  errors: 0,
  difc: 1,
  policy: 2,
  wasm: 3,
  cache: 4,
  backend: 4,
  guard: 5,
  monitor: 6,
  analysis: 7,
  proxy: 8,
  testing: 9,
  adapters: 9,
  cli: 10,
  index: 11,
  worker: 11,
};

const files = (readdirSync(join(root, "src"), { recursive: true }) as string[]).filter((name) => name.endsWith(".ts"));
const room = (file: string): string => file.split("/")[0]?.replace(/\.ts$/, "") ?? "";
const text = (file: string): string => readFileSync(join(root, "src", file), "utf8");

function importsOf(file: string): string[] {
  const found = text(file).matchAll(
    /^(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|^import\s+"([^"]+)"/gm,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function edgesOf(file: string): string[] {
  return importsOf(file)
    .filter((name) => name.startsWith("."))
    .map((name) => normalize(join(dirname(file), name)));
}

test("every room of src is known", () => {
  const unknown = files.filter((file) => heights[room(file)] === undefined);
  assert.deepEqual(unknown, []);
});

test("imports go one way", () => {
  const wrong = files.flatMap((file) =>
    edgesOf(file)
      .filter((target) => room(target) !== room(file) && (heights[room(target)] ?? 99) >= (heights[room(file)] ?? -1))
      .map((target) => `${file} -> ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test("no value import leads back to its own file", () => {
  // Type-only imports vanish; a cycle of values would make the order of modules matter.
  const valueEdges = new Map(
    files.map((file) => {
      const lines = [...text(file).matchAll(/^(import|export)\s+(?!type\b)([^;]*?)from\s+"(\.[^"]+)"/gm)];
      const kept = lines.filter((match) => !/^\{(\s*type\s[^,}]+,?)+\s*\}\s*$/.test(match[2] ?? ""));
      return [file, kept.map((match) => normalize(join(dirname(file), match[3] ?? "")))] as const;
    }),
  );
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    else if (!done.has(file)) {
      for (const next of valueEdges.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    }
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(cycles, []);
});

test("nothing outside adapters and cli knows a runtime", () => {
  const runtime = /from "node:|import\("node:|\bDeno\.|from "cloudflare:|\bprocess\.|\bBuffer\./;
  const neutral = files.filter((file) => !["adapters", "cli"].includes(room(file)));
  assert.deepEqual(
    neutral.filter((file) => runtime.test(text(file).replace(/^\s*(\/\/|\*|\/\*).*$/gm, ""))),
    [],
  );
});

test("only capabilities.ts asks what the platform can do, and nobody asks for its name", () => {
  const probe =
    /\btypeof (WebAssembly\.|caches|document|indexedDB|navigator|crypto|Worker|SharedArrayBuffer)|\bin WebAssembly\b|\bSuspending\?\.|as (Partial<)?(Crypto|Navigator)>? \|/;
  const names = /\buserAgent\b|\bnavigator\.(vendor|platform)\b|\bversions\.(bun|deno|node|v8)\b|\bprocess\.release\b/;
  const code = (file: string): string => text(file).replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  assert.deepEqual(
    files.filter((file) => file !== "capabilities.ts" && (names.test(code(file)) || probe.test(code(file)))),
    [],
  );
  assert.match(code("capabilities.ts"), probe);
  assert.equal(code("capabilities.ts").match(/userAgent/g)?.length, 2, "The one thing that cannot be tried");
});

test("difc and policy have no clock, no randomness, no globals with effects", () => {
  const effects = /\b(Date|Math\.random|performance|crypto|fetch|setTimeout|globalThis|console)\b/;
  const pure = files.filter((file) => ["difc", "policy"].includes(room(file)));
  assert.deepEqual(
    pure.filter((file) => effects.test(text(file).replace(/^\s*(\/\/|\*|\/\*).*$/gm, ""))),
    [],
  );
});

test("the core depends on nothing but the WASI shim", () => {
  const allowed = new Set(["@bjorn3/browser_wasi_shim"]);
  const found = files
    .filter((file) => ["difc", "policy", "wasm", "guard", "monitor", "analysis", "backend"].includes(room(file)))
    .flatMap((file) => importsOf(file).filter((name) => !name.startsWith(".")));
  assert.deepEqual(
    found.filter((name) => !allowed.has(name)),
    [],
  );
});

test("web and demo import the package by its name", () => {
  const list = ["web", "demo/playground"].flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[])
      .filter((name) => /\.(ts|tsx)$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  const wrong = list.filter((file) => /from "(\.\.\/)+src\//.test(readFileSync(join(root, file), "utf8")));
  assert.deepEqual(wrong, []);
});
