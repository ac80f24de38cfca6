// Runs the suites in workerd, with guards that arrive as bytes and run in Workers of a Worker Loader. Arguments: folder, settings.
// workerd by itself, because Miniflare passes on no flags of V8: with two processors V8 has one thread for work in the background. When
// that one waits for a collection while cppgc sweeps, workerd's message pump turns for ever, and the collection never comes
// (seen in one run of forty, on a loaded machine in one of ten). A collector without threads of its own sweeps to its end.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mainOf, modulesIn, printLines, requireOfMiniflare } from "./worker-parts.mjs";

const [folder, settings] = process.argv.slice(2);
const guards = modulesIn(folder, "guards");
writeFileSync(`${folder}/main-loader.mjs`, mainOf("loader", guards.imports, guards.object));

const modules = [
  '(name = "main-loader.mjs", esModule = embed "main-loader.mjs")',
  '(name = "loader.mjs", esModule = embed "loader.mjs")',
  ...guards.paths.map((path) => `(name = "${path}", data = embed "${path}")`),
];
const config = `${folder}/loader.capnp`;
writeFileSync(
  config,
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ["--single-threaded-gc"],
  services = [(name = "suites", worker = (
    modules = [${modules.join(", ")}],
    compatibilityDate = "2026-04-01",
    bindings = [(name = "LOADER", workerLoader = ())],
  ))],
  sockets = [(name = "suites", address = "127.0.0.1:0", http = (), service = "suites")],
);
`,
);

const child = spawn(requireOfMiniflare("workerd").default, ["serve", "--experimental", "--control-fd=3", config], {
  stdio: ["ignore", "inherit", "inherit", "pipe"],
});
const port = await new Promise((resolve, reject) => {
  let heard = "";
  child.stdio[3].setEncoding("utf8").on("data", (text) => {
    heard += text;
    const listening = /"event":"listen".*?"port":(\d+)/.exec(heard);
    if (listening !== null) resolve(listening[1]);
  });
  child.on("error", reject);
  child.on("close", (code, signal) => reject(new Error(`workerd ended with ${signal ?? code}`)));
});
await printLines(await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: settings }));
child.kill("SIGKILL");
