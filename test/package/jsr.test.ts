// The package as JSR gets it (.tools/jsr.mjs): Deno's own checks before publishing, slow types among them, and a consumer of it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { answer, manifest, root } from "./project.ts";

let folder: string;
let staged: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edge-guard-jsr-"));
  staged = join(folder, "package");
  const { stageJsr } = (await import(pathToFileURL(join(root, ".tools/jsr.mjs")).href)) as {
    stageJsr(folder: string): Promise<void>;
  };
  await stageJsr(staged);
  // As a publisher has them installed: nothing is downloaded.
  for (const name of Object.keys((await manifest()).dependencies)) {
    await cp(join(root, "node_modules", name), join(staged, "node_modules", name), { recursive: true });
  }
});
after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

function deno(...parameters: string[]): string {
  const done = spawnSync(process.execPath, [join(root, "node_modules/deno/bin.cjs"), ...parameters], {
    cwd: staged,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_DIR: join(folder, ".deno") },
  });
  assert.equal(done.status, 0, `deno ${parameters.join(" ")}:\n${done.stdout}${done.stderr}`);
  return done.stdout + done.stderr;
}

test("deno publish --dry-run: types, no slow types, nothing that does not belong there", () => {
  const said = deno("publish", "--dry-run", "--allow-dirty", "--node-modules-dir=manual");
  assert.match(said, /Checking for slow types in the public API/);
  const files = [...said.matchAll(/file:\S*\/package\/(\S+) \(/g)].map((match) => match[1] ?? "");
  assert.ok(files.includes("src/index.ts") && files.length > 100, `${files.length} files`);
  assert.deepEqual(
    files.filter((file) => !/^(src\/.*\.(ts|json|md)|README\.md|LICENSE|CHANGELOG\.md|deno\.json)$/.test(file)),
    [],
  );
});

test("a consumer of it runs in Deno, and every export can be imported", async () => {
  const config = JSON.parse(await readFile(join(staged, "deno.json"), "utf8")) as {
    exports: Record<string, string>;
    imports: Record<string, string>;
  };
  const own = Object.entries(config.exports).map(([name, file]) => [`edge-guard${name.slice(1)}`, file]);
  const imports = { ...config.imports, ...Object.fromEntries(own) };
  await cp(join(root, "test/package/consumers/triage.ts"), join(staged, "triage.ts"));
  await cp(join(root, "dist/guards/repo-guard.wasm"), join(staged, "repo-guard.wasm"));
  await writeFile(join(staged, "consumer.json"), JSON.stringify({ imports, nodeModulesDir: "manual", lock: false }));
  const lines = own
    .map(([name]) => `await import(${JSON.stringify(name)});`)
    .filter((line) => !line.includes("/worker"));
  const main = `import { triage } from "./triage.ts";
    ${lines.join("\n")}
    console.log(await triage(await Deno.readFile(new URL("repo-guard.wasm", import.meta.url))));`;
  await writeFile(join(staged, "main.ts"), main);
  const said = deno("run", "--quiet", "--cached-only", "--allow-read", "--config", "consumer.json", "main.ts");
  assert.equal(said.trim(), answer);
});
