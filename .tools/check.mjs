// npm run check: types (tsc) and format and lint (Biome), both without writing.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { build } from "./build.mjs";
import { ensureDependencies, root } from "./ensure.mjs";

ensureDependencies();
if (!existsSync(`${root}dist/index.d.ts`)) await build();
let failed = false;
for (const [script, ...args] of [
  ["node_modules/typescript/bin/tsc", "-p", "."],
  ["node_modules/@biomejs/biome/bin/biome", "check", "."],
]) {
  const done = spawnSync(process.execPath, [root + script, ...args], { cwd: root, stdio: "inherit" });
  if (done.status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
