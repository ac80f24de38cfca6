// Guards on Workers as a deployment brings them: prepared by `edge-guard prepare`, by the esbuild plugin, or not at all.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { edgeGuard } from "edge-guard/esbuild";
import * as esbuild from "esbuild";

const root = resolve(process.env["EDGE_GUARD_ROOT"] ?? ".");
const guard = (name: string): string => join(root, `.cache/guards/${name}.wasm`);

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edge-guard-workerd-"));
});
after(() => rm(folder, { recursive: true, force: true }));

function prepare(...parameters: string[]) {
  const done = spawnSync(process.execPath, [join(root, "dist/cli/main.js"), "prepare", ...parameters], {
    cwd: folder,
    encoding: "utf8",
  });
  return { code: done.status, out: done.stdout, error: done.stderr };
}

test("edge-guard prepare writes a module that says what it is", async () => {
  const { code, out } = prepare(guard("script"), "-o", "script.edge.wasm");
  assert.equal(code, 0);
  assert.match(out, /^script\.edge\.wasm: \d+ bytes, at most 512 pages of memory, checkpoints possible\n$/);
  const again = prepare("script.edge.wasm", "--output=twice.wasm");
  assert.equal(again.code, 0, again.error);
  assert.deepEqual(await readFile(join(folder, "twice.wasm")), await readFile(join(folder, "script.edge.wasm")));
  assert.match(prepare(guard("script"), "--memory-pages", "40", "-o", "small.wasm").out, /at most 40 pages/);
  const counting = prepare(guard("script"), "--fuel", "-o", "fuel.wasm");
  assert.match(counting.out, /checkpoints possible, with fuel \(\d+ % larger\)\n$/);
  assert.equal(prepare("fuel.wasm", "--fuel", "-o", "fuel-twice.wasm").code, 0);
  const [once, twice] = await Promise.all(["fuel.wasm", "fuel-twice.wasm"].map((name) => readFile(join(folder, name))));
  assert.ok(twice!.length < once!.length, "All but the names is the same");
  assert.equal(prepare("fuel.wasm", "-o", "no-fuel.wasm").code, 0);
  assert.ok((await readFile(join(folder, "no-fuel.wasm"))).length < twice!.length, "The count can be taken out again");
  await writeFile(join(folder, "g.wasm"), await readFile(guard("script")));
  assert.equal(prepare("g.wasm").code, 0);
  assert.ok((await readdir(folder)).includes("g.edge.wasm"), "The default is a file beside the guard");
});

test("edge-guard prepare refuses what it cannot do, in words", async () => {
  await writeFile(join(folder, "text.wasm"), "no module");
  const refusals: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /one module is needed, got 0/],
    [["text.wasm", "-o", "text.wasm"], /is the guard itself/],
    [["text.wasm", "-o", "x.wasm"], /Cannot/],
    [["missing.wasm"], /ENOENT/],
    [[guard("script"), "--memory-pages", "0"], /whole number from 1 to 65536, got "0"/],
    [[guard("script"), "--memory-pages=1e3"], /got "1e3"/],
    [
      [guard("script"), "-o", "x.wasm", "--wrong"],
      /unknown flag "--wrong"; allowed are --output, --memory-pages, --fuel, --help/,
    ],
  ];
  for (const [parameters, message] of refusals) {
    const { code, out, error } = prepare(...parameters);
    assert.deepEqual([code, out], [2, ""], parameters.join(" "));
    assert.match(error, message);
  }
  assert.deepEqual((await readdir(folder)).includes("x.wasm"), false, "Nothing is written");
});

test("the esbuild plugin: a module, a file, bytes; other modules are left alone, a broken guard fails the build", async () => {
  const build = (path: string, options?: Parameters<typeof edgeGuard>[0]) =>
    esbuild.build({
      stdin: { contents: `import guard from ${JSON.stringify(path)}; console.log(guard)`, resolveDir: folder },
      bundle: true,
      format: "esm",
      outdir: join(folder, "out"),
      write: false,
      logLevel: "silent",
      plugins: [edgeGuard(options)],
    });
  const expected = await readFile(join(folder, "script.edge.wasm"));
  const wasmOf = ({ outputFiles }: esbuild.BuildResult) => outputFiles?.find(({ path }) => path.endsWith(".wasm"));
  const codeOf = ({ outputFiles }: esbuild.BuildResult) => outputFiles?.find(({ path }) => path.endsWith(".js"))?.text;

  const module = await build(guard("script"));
  assert.deepEqual(Buffer.from(wasmOf(module)?.contents ?? []), await readFile(join(folder, "fuel.wasm")), "It counts");
  const plain = await build(guard("script"), { fuel: false });
  assert.deepEqual(Buffer.from(wasmOf(plain)?.contents ?? []), expected);
  assert.match(codeOf(module) ?? "", /import guard from "\.\/script-\w+\.wasm"/);
  const file = await build(guard("script"), { as: "file" });
  assert.deepEqual(Buffer.from(wasmOf(file)?.contents ?? []), expected);
  assert.match(codeOf(file) ?? "", /= "\.\/script-\w+\.wasm"/);
  const bytes = await build(guard("script"), { as: "bytes" });
  assert.ok(codeOf(bytes)?.includes(expected.toString("base64").slice(0, 200)), "The prepared bytes are in the bundle");

  const other = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  await writeFile(join(folder, "other.wasm"), other);
  await assert.rejects(build("./other.wasm"), /No loader is configured for "\.wasm" files/);
  await assert.rejects(build(guard("script"), { memoryPages: 1 }), /memory/);
  assert.throws(() => edgeGuard({ as: "module?" } as never), { name: "TypeError", message: /"as" must be/ });
});

test("a prepared module keeps replay and checkpoints in workerd; one that is not works by JSPI and says what it lacks", async () => {
  const entries = join(root, "test/run/entries/forms.ts");
  for (const name of ["asker", "script"]) {
    assert.equal(prepare(guard(name), "-o", `${name}.edge.wasm`).code, 0);
  }
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entries],
    outfile: join(folder, "worker.mjs"),
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    logLevel: "warning",
    // Only seen in this tree: a consumer's bundler does not warn of what stands in node_modules.
    logOverride: { "ignored-bare-import": "silent" },
    plugins: [
      {
        name: "prepared",
        setup(build) {
          build.onResolve({ filter: /\.edge\.wasm$/ }, ({ path }) => ({ path: join(folder, path) }));
          build.onResolve({ filter: /^edge-guard$/ }, () => ({ path: join(root, "dist/index.js") }));
        },
      },
    ],
  });
  const { Miniflare } = await import("miniflare");
  const miniflare = new Miniflare({
    cf: false,
    compatibilityDate: "2026-04-01",
    modulesRoot: folder,
    scriptPath: join(folder, "worker.mjs"),
    modules: true,
    modulesRules: [
      { type: "ESModule", include: ["**/*.mjs"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
  });
  try {
    const body = await readFile(guard("asker"));
    const response = await miniflare.dispatchFetch("http://localhost/", { method: "POST", body });
    const report = (await response.json()) as Record<"prepared" | "plain", unknown[]> & { bytes: string };
    assert.match(report.bytes, /^not-compilable-here: .*pass a precompiled WebAssembly\.Module/);
    const state = { before: [1001, 2002], health: "poisoned", after: [3003, 3003] };
    assert.deepEqual(report.prepared, [
      ["yes!", ["replay, 2"]],
      { checkpoint: { possible: true }, ...state },
      ["yes!", ["jspi, 1"]],
    ]);
    const obstacle = (report.plain[1] as { checkpoint: { obstacle: string } }).checkpoint.obstacle;
    assert.match(obstacle, /not prepared \(edge-guard prepare\)/);
    assert.deepEqual(report.plain, [
      ["yes!", ["jspi, 1"]],
      { checkpoint: { possible: false, obstacle }, ...state },
      ["yes!", ["replay, 2"]],
    ]);
    // Workers end a request as hung that waits for nothing of its own.
    const together = Array.from({ length: 10 }, async () =>
      (await miniflare.dispatchFetch("http://localhost/")).text(),
    );
    assert.deepEqual(await Promise.all(together), Array<string>(10).fill("yes!"));
  } finally {
    await miniflare.dispose();
  }
});
