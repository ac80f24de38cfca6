// What the bench is measured against: installs the rivals' packages and makes their guests, once per change of either.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { root } from "../ensure.mjs";

export const rivalsFolder = `${root}test/bench/rivals/`;
const wit = "package bench:echo; world echo { export echo: func(text: string) -> string; }";

async function install(digest) {
  const stamp = `${rivalsFolder}node_modules/.locked`;
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === digest) return;
  console.error("Installing the rivals");
  const done = spawnSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: rivalsFolder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (done.status !== 0) throw new Error("npm could not install the rivals of the bench");
  await writeFile(stamp, digest);
}

/** A module of the rivals' own folder, by its specifier there. */
const fromRivals = (path) => import(pathToFileURL(`${rivalsFolder}node_modules/${path}`).href);

async function compileGuests(out) {
  const wabt = await (await import("wabt")).default();
  const features = { bulk_memory: true, mutable_globals: true };
  for (const name of await readdir(`${rivalsFolder}guests`)) {
    const module = wabt.parseWat(name, await readFile(`${rivalsFolder}guests/${name}`, "utf8"), features);
    await writeFile(`${out}/${name.replace(/\.wat$/, ".wasm")}`, module.toBinary({}).buffer);
    module.destroy();
  }
  await copyFile(`${rivalsFolder}opa/policy.wasm`, `${out}/policy.wasm`);
}

/** Asyncify: the guards that ask, rewritten so that they can unwind and rewind. */
async function asyncify(out) {
  const { default: binaryen } = await fromRivals("binaryen/index.js");
  for (const name of ["asker", "questions"]) {
    const module = binaryen.readBinary(await readFile(`${root}.cache/guards/${name}.wasm`));
    module.setFeatures(binaryen.Features.All);
    binaryen.setOptimizeLevel(2);
    binaryen.setPassArgument("asyncify-imports", "env.call_backend");
    module.runPasses(["asyncify"]);
    module.optimize();
    await writeFile(`${out}/${name}-asyncify.wasm`, module.emitBinary());
    module.dispose();
  }
}

/** jco: a component out of a core module and an interface, then JavaScript and a core module out of the component. */
async function transpile(out) {
  const [{ componentEmbed, componentNew }, { transpileBytes }] = await Promise.all([
    fromRivals("@bytecodealliance/jco-transpile/dist/wasm-tools.js"),
    fromRivals("@bytecodealliance/jco-transpile/dist/transpile.js"),
  ]);
  const core = await readFile(`${out}/component-echo.wasm`);
  const embedded = await componentEmbed({ binary: core, witSource: wit, world: "echo" });
  const { files } = await transpileBytes(await componentNew(embedded, []), {
    name: "component",
    instantiation: "async",
  });
  for (const [name, content] of Object.entries(files)) {
    if (/\.js$|\.wasm$/.test(name)) await writeFile(`${out}/${name.replace(/.*\//, "")}`, content);
  }
}

/** Installs the rivals and makes their guests; resolves to the folder with the guests. */
export async function ensureRivals() {
  const lock = await readFile(`${rivalsFolder}package-lock.json`, "utf8");
  const lockDigest = createHash("sha256").update(lock).digest("hex");
  const digest = createHash("sha256").update(lock);
  const sources = [`${root}.tools/bench/rivals.mjs`, `${rivalsFolder}opa/policy.wasm`];
  for (const name of await readdir(`${rivalsFolder}guests`)) sources.push(`${rivalsFolder}guests/${name}`);
  for (const name of ["asker", "questions"]) sources.push(`${root}.cache/guards/${name}.wasm`);
  for (const source of sources.sort()) digest.update(await readFile(source));
  const folder = `${root}.cache/rivals/${digest.digest("hex").slice(0, 16)}`;
  await install(lockDigest);
  if (existsSync(folder)) return folder;
  const making = `${folder}.${process.pid}`;
  await mkdir(making, { recursive: true });
  await compileGuests(making);
  await asyncify(making);
  await transpile(making);
  await rename(making, folder).catch(() => rm(making, { recursive: true }));
  return folder;
}
