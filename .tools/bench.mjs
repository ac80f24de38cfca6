// npm run bench [-- <name> …]: builds, runs every bench in Node and in Deno (which can suspend), prints one table. --json for machines.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { build } from "./build.mjs";
import { bundleTests } from "./bundle-tests.mjs";
import { compileGuards } from "./compile-guards.mjs";
import { root } from "./ensure.mjs";

const asJson = process.argv.includes("--json");
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const runtimes = {
  node: [process.execPath],
  deno: [process.execPath, `${root}node_modules/deno/bin.cjs`, "run", "--allow-all", "--quiet"],
};

await build();
await compileGuards();
const out = await mkdtemp(`${root}.cache/bench-`);
await bundleTests(
  ["run", "call", "filter", "fuel"].map((name) => `test/bench/${name}.ts`),
  out,
);
const tables = ["load", "suspension", "cache", "proxy"];
/** Print for themselves, in Node. */
const scripts = ["call", "filter", "fuel"];
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const names = tables.filter(isWanted);
const environment = { ...process.env, EDGE_GUARD_ROOT: root };
const rows = [];
for (const name of names) {
  for (const [runtime, [command, ...parameters]] of Object.entries(runtimes)) {
    const done = spawnSync(command, [...parameters, `${out}/test/bench/run.mjs`, name, root], {
      encoding: "utf8",
      cwd: root,
      maxBuffer: 1 << 28,
      env: environment,
    });
    const line = done.stdout.split("\n").find((text) => text.startsWith("ROWS "));
    if (line === undefined) throw new Error(`bench ${name} failed in ${runtime}:\n${done.stdout}${done.stderr}`);
    rows.push(...JSON.parse(line.slice(5)).map((row) => ({ bench: name, runtime, ...row })));
  }
}

if (asJson) console.log(JSON.stringify(rows, null, 2));
else {
  const width = Math.max(0, ...rows.map(({ what }) => what.length));
  for (const { runtime, what, figure, bar = "", held, note = "" } of rows) {
    console.log(
      `${runtime.padEnd(5)} ${what.padEnd(width)} ${figure.padStart(9)} ${bar.padEnd(7)} ${held === undefined ? "    " : held ? "held" : "MISS"} ${note}`,
    );
  }
}

if (!asJson) {
  for (const name of scripts.filter(isWanted)) {
    console.log(`\n${name}`);
    spawnSync(process.execPath, [`${out}/test/bench/${name}.mjs`], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: environment,
    });
  }
}
await rm(out, { recursive: true });
