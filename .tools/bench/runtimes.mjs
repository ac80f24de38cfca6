// The runtimes of the bench: each is given the names of questions and hands back lines as they come.
import { spawn } from "node:child_process";
import { ensureBrowser, root } from "../ensure.mjs";
import { serve } from "../serve.mjs";

const running = new Set();
const end = (child) => {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
};
process.on("exit", () => running.forEach(end));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

/** Runs a program that writes lines behind "@@"; resolves to why it did not come to its end, if it did not. */
function lines([command, ...parameters], { guests }, hear, seconds) {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, {
      cwd: root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        EDGE_GUARD_ROOT: root,
        EDGE_GUARD_GUESTS: guests,
        DENO_NO_UPDATE_CHECK: "1",
        DO_NOT_TRACK: "1",
        WRANGLER_SEND_METRICS: "false",
      },
    });
    running.add(child);
    let rest = "";
    let errors = "";
    const done = (fault) => {
      clearTimeout(timer);
      end(child);
      running.delete(child);
      resolve(fault === undefined ? undefined : `${fault}\n${errors.trim().slice(-2000)}`);
    };
    const timer = setTimeout(() => done(`it took longer than ${seconds} seconds`), seconds * 1000);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const all = (rest + text).split("\n");
      rest = all.pop();
      for (const line of all) {
        if (!line.startsWith("@@")) continue;
        const said = JSON.parse(line.slice(2));
        if (said.ended) done(undefined);
        else hear(said);
      }
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      errors = (errors + text).slice(-20_000);
    });
    child.on("error", (error) => done(`it could not be started: ${error.message}`));
    child.on("close", (code, signal) => done(`it ended early with ${signal ?? code}`));
  });
}

const processes =
  (...command) =>
  (settings, hear, seconds) => {
    const { names, quick, folder, guests } = settings;
    const given = JSON.stringify({ names, quick, root, guests });
    return lines([...command, `${folder}/test/bench/entries/process.mjs`, given], settings, hear, seconds);
  };

async function chromium({ names, quick, folder }, hear, seconds) {
  const { chromium: driver } = await import("playwright");
  // Isolated, for the workers that share memory.
  const headers = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  };
  const server = await serve({ folder: `${folder}/page`, headers });
  const browser = await driver.launch({
    executablePath: ensureBrowser("chromium"),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const page = await browser.newPage();
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(`it took longer than ${seconds} seconds`), seconds * 1000);
      const done = (fault) => {
        clearTimeout(timer);
        resolve(fault);
      };
      page.on("pageerror", (error) => done(error.stack ?? error.message));
      page.on("crash", () => done("the page crashed"));
      page
        .exposeFunction("report", (line) => {
          const said = JSON.parse(line);
          if (said.ended) done(undefined);
          else hear(said);
        })
        .then(() => page.goto(`${server.url}#${encodeURIComponent(JSON.stringify({ names, quick }))}`))
        .catch((error) => done(String(error)));
    });
  } finally {
    await browser.close();
    await server.close();
  }
}

function workerd(settings, hear, seconds) {
  const { names, quick, folder } = settings;
  const given = JSON.stringify({ names, quick, folder: `${folder}/worker` });
  return lines([process.execPath, `${folder}/test/bench/entries/workerd-host.mjs`, given], settings, hear, seconds);
}

/** In the order of the table. */
export const runtimes = {
  node: processes(process.execPath, "--expose-gc", "--no-warnings"),
  deno: processes(
    process.execPath,
    `${root}node_modules/deno/bin.cjs`,
    "run",
    "--allow-all",
    "--quiet",
    "--v8-flags=--expose-gc",
  ),
  bun: processes(`${root}node_modules/bun/bin/bun.exe`, "run", "--no-install"),
  chromium,
  workerd,
};
