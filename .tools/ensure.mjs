// What a fresh machine lacks: dependencies and, for the tests, a browser. Runs before everything else, without any dependency itself.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    ...options,
  });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${done.status ?? done.signal}`);
}

/** One process at a time: test files run side by side, and two installations into one folder spoil it. */
function alone(name, action) {
  const lock = `${root}.cache/${name}.lock`;
  mkdirSync(`${root}.cache`, { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const held = statSync(lock, { throwIfNoEntry: false });
      // Left behind by a process that was killed.
      if (held !== undefined && Date.now() - held.mtimeMs > 600_000) rmSync(lock, { recursive: true, force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    return action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Installs a folder's locked dependencies unless the ones in its node_modules are from this very lock file. */
function install(folder, name) {
  const digest = createHash("sha256")
    .update(readFileSync(`${folder}package-lock.json`))
    .digest("hex");
  const stamp = `${folder}node_modules/.edge-guard-lock`;
  const isThere = () => existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
  if (isThere()) return;
  alone(name, () => {
    if (isThere()) return;
    console.log("Installing dependencies");
    // Not `npm ci`: it insists on the packages of every other platform, which a registry's mirror may lack. The lock file holds all the same.
    run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
    writeFileSync(stamp, digest);
  });
}

/** The project's own dependencies. */
export const ensureDependencies = () => install(root, "dependencies");

/** What the package's gates run besides (test/package/gates): bundlers and checkers. Gives the folder that has them. */
export function ensureGates() {
  const folder = `${root}.cache/gates/`;
  alone("gates-files", () => {
    mkdirSync(folder, { recursive: true });
    for (const name of ["package.json", "package-lock.json"]) {
      copyFileSync(`${root}test/package/gates/${name}`, folder + name);
    }
  });
  install(folder, "gates");
  return folder;
}

const multiarch = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" }[process.arch];
const browsers = {
  chromium: {
    packages: ["chromium"],
    paths: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
  },
  firefox: {
    packages: ["firefox-esr"],
    paths: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
  },
  // WebKitGTK's MiniBrowser needs a display: Xvfb's.
  webkit: {
    packages: ["webkit2gtk-driver", "xvfb", "xauth"],
    paths: [`/usr/lib/${multiarch}/webkit2gtk-4.1/MiniBrowser`, `/usr/lib/${multiarch}/webkit2gtk-4.0/MiniBrowser`],
    also: ["/usr/bin/xvfb-run", "/usr/bin/xauth"],
  },
};

/** The path of a browser: from EDGE_GUARD_CHROMIUM, an installed one, or one installed now from Debian's packages. */
export function ensureBrowser(name) {
  const browser = browsers[name];
  const wanted = process.env[`EDGE_GUARD_${name.toUpperCase()}`];
  if (wanted) return wanted;
  const found = () =>
    (browser.also ?? []).every((path) => existsSync(path)) && browser.paths.find((path) => existsSync(path));
  if (!found()) {
    console.log(`Installing ${browser.packages.join(", ")} from Debian's packages`);
    const prefix = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
    const environment = {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    };
    const apt = (...args) => run([...prefix, "apt-get"][0], [...prefix, "apt-get", ...args].slice(1), environment);
    apt("update", "-qq");
    apt("install", "-y", "-qq", "--no-install-recommends", ...browser.packages);
  }
  const path = found();
  if (!path) {
    throw new Error(`No ${name} found: install it, or set EDGE_GUARD_${name.toUpperCase()} to its path`);
  }
  return path;
}
