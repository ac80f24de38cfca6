// Starts one runtime on a prepared folder, collects its lines, ends it and all that it started.
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { serve } from "../serve.mjs";

/** What runs now, so that nothing outlives this process. */
const running = new Set();
const endGroup = (child) => {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
};
const endAll = () => running.forEach(endGroup);
process.on("exit", endAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

/** Hears what a page posts: `{ address, close() }`. */
async function listen(onText) {
  const server = createServer((request, response) => {
    request.setEncoding("utf8");
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => {
      response.writeHead(204, { "access-control-allow-origin": "*" }).end();
      onText(text);
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * Runs every suite in a runtime. Resolves to `{ runtime, jspi, tests: [{ suite, name, failure?, milliseconds }], seconds, fault? }`;
 * `fault` says why the run did not come to its end.
 */
export async function runSuitesIn(name, runtime, { folder, only }) {
  const started = Date.now();
  const outcome = {
    title: runtime.title,
    runtime: undefined,
    jspi: false,
    tests: [],
    suites: runtime.suites,
  };
  const profile = `${folder}/profile-${name}`;
  const settings = { name, endsLoops: runtime.endsLoops, only, suites: runtime.suites };
  const opened = [];
  let output = "";
  const note = (text) => {
    output = (output + text).slice(-20_000);
  };
  try {
    const binary = await runtime.prepare();
    let end;
    const ended = new Promise((resolve) => {
      end = resolve;
    });
    const hear = (line) => {
      const said = JSON.parse(line);
      if ("runtime" in said) Object.assign(outcome, said);
      else if ("ended" in said) end(undefined);
      else outcome.tests.push(said);
    };
    let address;
    if (runtime.page) {
      const report = await listen((text) => text.split("\n").forEach(hear));
      opened.push(report);
      const server = await serve({ folder });
      opened.push(server);
      address = `${server.url}#${encodeURIComponent(JSON.stringify({ ...settings, report: report.address }))}`;
    }
    const context = { folder, profile, settings, address };
    const [command, ...parameters] = runtime.command(binary, context);
    const child = spawn(command, parameters, {
      cwd: folder,
      // A group of its own, which ends as a whole.
      detached: true,
      env: { ...process.env, ...runtime.environment?.(context) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith("@@")) hear(line.slice(2));
        else note(`${line}\n`);
      }
    });
    child.stderr.setEncoding("utf8").on("data", note);
    child.on("error", (error) => end(`it could not be started: ${error.message}`));
    child.on("close", (code, signal) => end(`it ended early with ${signal ?? code}`));
    const timer = setTimeout(() => end(`it took longer than ${runtime.seconds} seconds`), runtime.seconds * 1000);
    const fault = await ended;
    clearTimeout(timer);
    endGroup(child);
    running.delete(child);
    if (fault !== undefined) {
      const last = outcome.tests.at(-1);
      const after = last === undefined ? "before its first test" : `after "${last.suite}: ${last.name}"`;
      outcome.fault = `${fault}, ${after}\n${output.trim().slice(-3000)}`;
    }
  } catch (error) {
    outcome.fault = String(error);
  } finally {
    for (const server of opened) server.close();
  }
  outcome.runtime = runtime.version?.() ?? outcome.runtime;
  outcome.seconds = (Date.now() - started) / 1000;
  return outcome;
}
