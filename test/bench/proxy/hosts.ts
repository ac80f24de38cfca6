// Starts the proxies in Node and in workerd, each in a process of its own: what they compute is not the agents' or the server's time.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { prepareGuard } from "edge-guard";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

export interface ProxyHost {
  /** Below it are /guarded, /plain, /held and /labelled. */
  readonly url: string;
  close(): Promise<void>;
}

const root = process.env["EDGE_GUARD_ROOT"] ?? `${process.cwd()}/`;
const guardFile = join(root, "dist/guards/repo-guard.wasm");

async function bundled(entry: string, outfile: string | undefined): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`test/bench/proxy/${entry}.ts`],
    bundle: true,
    write: outfile !== undefined,
    ...(outfile !== undefined && { outfile }),
    format: "esm",
    platform: outfile === undefined ? "neutral" : "node",
    mainFields: ["module", "main"],
    target: "es2022",
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
    plugins: [
      {
        name: "wasm beside the bundle",
        setup: ({ onResolve }) => {
          onResolve({ filter: /\.wasm$/ }, () => ({ path: "./repo-guard.wasm", external: true }));
        },
      },
    ],
  });
  return outputFiles?.[0]?.text ?? "";
}

export const hosts: Readonly<Record<"node" | "workerd", (upstream: string) => Promise<ProxyHost>>> = {
  async node(upstream) {
    const folder = await mkdtemp(join(root, ".cache/bench-proxy-"));
    const script = join(folder, "host.mjs");
    await bundled("node-host", script);
    const child = spawn(process.execPath, [script, upstream, guardFile], { stdio: ["ignore", "pipe", "inherit"] });
    const port = await new Promise<string>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`The proxies ended with ${code}`)));
      child.stdout.on("data", (data) => resolve(String(data).trim()));
    });
    return {
      url: `http://127.0.0.1:${port}`,
      async close() {
        child.kill("SIGKILL");
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
  async workerd(upstream) {
    // As it is deployed: where nothing else could end a guard it counts.
    const guardBytes = prepareGuard(await readFile(guardFile), { fuel: true });
    const worker = new Miniflare({
      host: "127.0.0.1",
      modules: [
        { type: "ESModule", path: "worker.mjs", contents: await bundled("worker", undefined) },
        { type: "CompiledWasm", path: "repo-guard.wasm", contents: guardBytes },
      ],
      compatibilityDate: "2026-04-01",
      compatibilityFlags: ["enable_request_signal"],
      bindings: { UPSTREAM_URL: upstream },
      handleRuntimeStdio: () => {},
      cf: false,
    });
    return { url: (await worker.ready).href.replace(/\/$/, ""), close: () => worker.dispose() };
  },
};
