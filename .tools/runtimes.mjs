// Every runtime of `npm run test:everywhere`: how it is found or installed, and how it is started on a prepared folder.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { ensureBrowser, root } from "./ensure.mjs";

const nodeVersions = { 20: "20.20.2", 22: "22.23.3", 24: "24.21.0", 26: "26.10.0" };

/** Node of this very version, from the npm package that carries its binary, in a folder of its own below .cache. */
function ensureNode(version) {
  const packageName = `node-${process.platform}-${process.arch}`;
  const folder = `${root}.cache/runtimes/node-${version}`;
  const binary = `${folder}/node_modules/${packageName}/bin/node`;
  if (!existsSync(binary)) {
    console.log(`Installing ${packageName}@${version}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/package.json`, '{ "private": true }\n');
    const options = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error"];
    const done = spawnSync("npm", ["install", ...options, `${packageName}@${version}`], {
      cwd: folder,
      stdio: "inherit",
    });
    if (done.status !== 0) throw new Error(`npm could not install ${packageName}@${version}`);
  }
  return binary;
}

const process_ = (folder, settings) => [`${folder}/test/run/entries/process.mjs`, JSON.stringify(settings)];

const node = (major) => ({
  title: `Node ${major}`,
  seconds: 400,
  endsLoops: true,
  prepare: () => ensureNode(nodeVersions[major]),
  command: (binary, { folder, settings }) => [binary, "--no-warnings", ...process_(folder, settings)],
});

/** A browser that opens the page and reports over HTTP: no driver in between. */
const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-extensions",
];

const workerd = (title, program) => ({
  title,
  seconds: 700,
  endsLoops: false,
  prepare: () => process.execPath,
  command: (binary, { folder, settings }) => [
    binary,
    `${root}.tools/everywhere/${program}.mjs`,
    folder,
    JSON.stringify(settings),
  ],
  environment: () => ({ WRANGLER_SEND_METRICS: "false" }),
});

/** In the order of the table. A runtime's `command` gives program and parameters; `environment` what is set besides, `suites` which are run if not all. */
export const runtimes = {
  chromium: {
    title: "Chromium",
    seconds: 400,
    endsLoops: true,
    page: true,
    prepare: () => ensureBrowser("chromium"),
    command: (binary, { profile, address }) => [
      binary,
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      ...quiet,
      `--user-data-dir=${profile}`,
      address,
    ],
  },
  firefox: {
    title: "Firefox",
    seconds: 500,
    endsLoops: true,
    page: true,
    prepare: () => ensureBrowser("firefox"),
    command(binary, { profile, address }) {
      mkdirSync(profile, { recursive: true });
      const off = [
        "app.update.enabled",
        "network.captive-portal-service.enabled",
        "network.connectivity-service.enabled",
        "datareporting.policy.dataSubmissionEnabled",
        "browser.shell.checkDefaultBrowser",
        "browser.safebrowsing.malware.enabled",
        "extensions.update.enabled",
      ];
      const on = ["app.normandy.api_url", "services.settings.server", "browser.aboutHomeSnippets.updateUrl"];
      const lines = [
        ...off.map((name) => `user_pref("${name}", false);`),
        ...on.map((name) => `user_pref("${name}", "");`),
      ];
      writeFileSync(`${profile}/user.js`, `${lines.join("\n")}\n`);
      return [binary, "--headless", "--no-remote", "--new-instance", "--profile", profile, address];
    },
  },
  webkit: {
    title: "WebKitGTK",
    // The page's user agent names a version of Safari that there never was.
    version() {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own notation.
      const { stdout } = spawnSync("dpkg-query", ["-W", "-f", "${Version}", "libwebkit2gtk-4.1-0"], {
        encoding: "utf8",
      });
      const [version] = /^[\d.]+/.exec(stdout ?? "") ?? [];
      return version === undefined ? undefined : `WebKitGTK ${version}`;
    },
    seconds: 500,
    endsLoops: false,
    page: true,
    prepare: () => ensureBrowser("webkit"),
    command(binary, { profile, address }) {
      mkdirSync(profile, { recursive: true, mode: 0o700 });
      return ["xvfb-run", "-a", binary, "--private", address];
    },
    environment: ({ profile }) => ({
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
      WEBKIT_DISABLE_COMPOSITING_MODE: "1",
      LIBGL_ALWAYS_SOFTWARE: "1",
      GDK_BACKEND: "x11",
      XDG_RUNTIME_DIR: profile,
      HOME: profile,
    }),
  },
  workerd: workerd("workerd", "workerd"),
  // Not another runtime, but another way to bring a guard there: what is not about guards is tested above.
  loader: {
    ...workerd("Worker Loader", "worker-loader"),
    suites: ["abi", "faults", "suspension", "budgets", "sessions", "toolchains"],
  },
  deno: {
    title: "Deno",
    seconds: 400,
    endsLoops: false,
    prepare: () => process.execPath,
    command: (binary, { folder, settings }) => [
      binary,
      `${root}node_modules/deno/bin.cjs`,
      "run",
      "--allow-all",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--cached-only",
      "--node-modules-dir=manual",
      ...process_(folder, settings),
    ],
    environment: ({ profile }) => ({ DENO_DIR: profile, DENO_NO_UPDATE_CHECK: "1" }),
  },
  bun: {
    title: "Bun",
    seconds: 400,
    endsLoops: false,
    prepare: () => `${root}node_modules/bun/bin/bun.exe`,
    command: (binary, { folder, settings }) => [binary, "run", "--no-install", ...process_(folder, settings)],
    environment: () => ({ DO_NOT_TRACK: "1" }),
  },
  node20: node(20),
  node22: node(22),
  node24: node(24),
  node26: node(26),
};
