// Programs that others published give the same results when their modules count.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import * as esbuild from "esbuild";
import { folder } from "./collect.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? process.cwd();

/** Each prints what it computed. */
const programs: Readonly<Record<string, string>> = {
  "sql.js": `
    const SQL = await require("sql.js")();
    const db = new SQL.Database();
    db.run("create table t (n integer, s text)");
    for (let n = 0; n < 500; n++) db.run("insert into t values (?, ?)", [n * 7919 % 1000, "row " + n]);
    console.log(JSON.stringify(db.exec("select n % 10 as k, count(*), sum(n), group_concat(s) from t group by k order by k")));`,
  "hash-wasm": `
    const h = require("hash-wasm");
    const data = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) & 255);
    for (const name of ["adler32","blake2b","blake2s","blake3","crc32","keccak","md4","md5","ripemd160","sha1","sha224","sha256","sha3","sha384","sha512","sm3","whirlpool","xxhash32","xxhash64","xxhash3"])
      console.log(name, await h[name](data));
    console.log(await h.argon2id({ password: "p", salt: "saltsalt", parallelism: 1, iterations: 2, memorySize: 256, hashLength: 32 }));
    console.log(await h.scrypt({ password: "p", salt: "saltsalt", costFactor: 256, blockSize: 8, parallelism: 1, hashLength: 32 }));
    console.log(await h.bcrypt({ password: "p", salt: new Uint8Array(16), costFactor: 5 }));`,
  "source-map": `
    const { SourceMapConsumer, SourceMapGenerator } = require("source-map");
    const generator = new SourceMapGenerator({ file: "a.js" });
    for (let line = 1; line < 300; line++) generator.addMapping({ generated: { line, column: line % 13 }, original: { line: line * 2, column: 3 }, source: "b.ts" });
    const consumer = await new SourceMapConsumer(generator.toString());
    const found = [];
    consumer.eachMapping((mapping) => found.push([mapping.generatedLine, mapping.originalLine]));
    console.log(JSON.stringify([found, consumer.originalPositionFor({ line: 77, column: 20 })]));`,
  "@cedar-policy/cedar-wasm": `
    const cedar = require("@cedar-policy/cedar-wasm/nodejs");
    const policies = { staticPolicies: 'permit(principal == User::"ada", action, resource) when { resource.open }; forbid(principal, action == Action::"delete", resource);' };
    for (const action of ["read", "delete"]) for (const open of [true, false])
      console.log(JSON.stringify(cedar.isAuthorized({
        principal: { type: "User", id: "ada" }, action: { type: "Action", id: action }, resource: { type: "File", id: "f" }, context: {},
        policies, entities: [{ uid: { type: "File", id: "f" }, attrs: { open }, parents: [] }],
      })));
    console.log(cedar.getCedarVersion?.());`,
  "vscode-oniguruma": `
    const onig = require("vscode-oniguruma");
    const { readFileSync } = require("fs");
    await onig.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")));
    const scanner = new onig.OnigScanner(["(?<word>[a-z]+)\\\\d", "\\\\bfoo\\\\b", "(a|b)*c"]);
    const text = new onig.OnigString("xx foo bar1 ababac 77 zz9".repeat(30));
    const found = [];
    for (let at = 0; ; ) { const match = scanner.findNextMatchSync(text, at); if (!match) break; found.push(match.index, match.captureIndices); at = match.captureIndices[0].end + 1; }
    console.log(JSON.stringify(found));`,
  "@cwasm/lodepng": `
    const { readFileSync, readdirSync } = require("fs");
    const lodepng = require("@cwasm/lodepng");
    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==", "base64");
    console.log(JSON.stringify(lodepng.decode(png)));`,
};

const hook = `
import { addFuel } from "${join(root, ".cache/corpus/add-fuel.mjs")}";
let count = 0;
const burned = { edge_guard: { out_of_fuel: () => 1_000_000 } };
const { Module, Instance, instantiate, compile } = WebAssembly;
const rewrite = (source) => { count++; return addFuel(ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source)); };
WebAssembly.Module = new Proxy(Module, { construct: (_, [source]) => new Module(rewrite(source)) });
WebAssembly.Instance = new Proxy(Instance, { construct: (_, [module, imports]) => new Instance(module, { ...imports, ...burned }) });
WebAssembly.compile = async (source) => compile(rewrite(source));
WebAssembly.instantiate = async (source, imports) => instantiate(source instanceof Module ? source : rewrite(source), { ...imports, ...burned });
WebAssembly.instantiateStreaming = undefined;
process.on("exit", () => { if (count === 0) process.exitCode = 3; console.error("modules", count); });
`;

test("programs", async (t) => {
  await esbuild.build({
    entryPoints: [join(root, "src/wasm/fuel.ts")],
    outfile: join(folder, "add-fuel.mjs"),
    bundle: true,
    format: "esm",
    platform: "neutral",
  });
  writeFileSync(join(folder, "hook.mjs"), hook);
  for (const [name, body] of Object.entries(programs)) {
    await t.test(name, (t) => {
      createRequire(join(folder, "package.json")).resolve(
        name === "@cedar-policy/cedar-wasm" ? `${name}/nodejs` : name,
      );
      const file = join(folder, `program-${process.pid}.mjs`);
      writeFileSync(
        file,
        `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);\n${body}`,
      );
      try {
        const run = (...parameters: string[]) =>
          spawnSync(process.execPath, [...parameters, file], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 26 });
        const plain = run();
        assert.equal(plain.status, 0, plain.stderr);
        assert.ok(plain.stdout.length > 20, "It printed something");
        const counted = run("--import", join(folder, "hook.mjs"));
        assert.equal(counted.status, 0, counted.stderr);
        assert.equal(counted.stdout, plain.stdout);
        t.diagnostic(counted.stderr.trim().split("\n").at(-1) ?? "");
      } finally {
        rmSync(file);
      }
    });
  }
});
