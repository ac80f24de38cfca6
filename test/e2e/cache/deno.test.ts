// Deno's Cache API, across processes; bundled as an application would be, with no permission but the network.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeGuard } from "../../suites/made-guard.ts";
import { bundle, guardFile, root, type Site, startSite } from "./site.ts";

const guard = makeGuard({ bytes: 280_000 });
const digest = createHash("sha256").update(guard).digest("hex");
let site: Site;
let folder: string;

before(async () => {
  [site, folder] = await Promise.all([startSite(), mkdtemp(join(tmpdir(), "edge-guard-deno-"))]);
  await writeFile(join(folder, "script.mjs"), await bundle("deno-script.ts", "neutral"));
  site.files.set("/repo-guard.wasm", guardFile(guard, { "cache-control": "max-age=3600" }));
});
after(async () => {
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

/** What is mounted behind this is seen by the process alone, and gone when it ends. */
const apart = ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private"];
const mounts = spawnSync(apart[0]!, [...apart.slice(1), "true"]).status === 0;

const deno = (...parameters: string[]): Promise<unknown> => denoBehind([], ...parameters);

/** Runs Deno behind another command, which gets Deno's as its parameters. */
async function denoBehind(before: readonly string[], ...parameters: string[]): Promise<unknown> {
  const script = join(folder, "script.mjs");
  const command = [
    `${root}node_modules/deno/bin.cjs`,
    "run",
    "--quiet",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    script,
  ];
  const [first = "", ...rest] = [...before, process.execPath, ...command, ...parameters];
  const child = spawn(first, rest, {
    env: { ...process.env, DENO_DIR: join(folder, "deno"), NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 0, errors);
  return JSON.parse(output);
}

test("the Cache API passes the conformance kit", async () => {
  const { cases, failures } = (await deno("kit")) as { cases: number; failures: unknown };
  assert.ok(cases > 15);
  assert.deepEqual(failures, {});
});

test("the next process needs no download; a changed byte means a new one", async () => {
  const url = `${site.url}repo-guard.wasm`;
  const cache = "cache-storage";
  assert.deepEqual(await deno("load", url), { events: ["miss"], mode: "strict", cache });
  assert.deepEqual(await deno("load", url), { events: ["hit store"], mode: "strict", cache });
  assert.deepEqual(await deno("load", url, "neutral"), { events: ["hit store"], mode: "strict", cache });
  assert.equal(site.count("/repo-guard.wasm"), 1);
  assert.equal(await deno("corrupt", digest), 2);
  assert.deepEqual(await deno("load", url), { events: ["corrupt", "corrupt", "miss"], mode: "strict", cache });
  assert.deepEqual(await deno("load", url), { events: ["hit store"], mode: "strict", cache });
  assert.equal(site.count("/repo-guard.wasm"), 2);
});

test("a disk that is full: the guard loads, and an event says so", {
  skip: mounts ? false : "file systems cannot be mounted here",
}, async () => {
  const disk = join(folder, "deno");
  await mkdir(disk, { recursive: true });
  // Room for Deno's own databases, not for the guard.
  const words = `mount -t tmpfs -o size=256k tmpfs "${disk}" || exit 9; exec "$@"`;
  const found = await denoBehind([...apart, "sh", "-c", words, "sh"], "load", `${site.url}repo-guard.wasm`);
  const { events, mode } = found as { events: string[]; mode: string };
  assert.deepEqual([mode, events.includes("miss"), events.includes("failed")], ["strict", true, true], events.join());
});
