// A project in a temporary folder that has edge-guard installed from its packed tarball, not from the source tree.
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const root: string = process.env["EDGE_GUARD_ROOT"] ?? "./";

/** What every consumer that runs comes to (consumers/triage.ts). */
export const answer = "filtered, removed [1], checkpoints true";

export interface Project {
  readonly folder: string;
  readonly package: string;
  readonly tarball: string;
  /** What the tarball holds, by path. */
  readonly files: readonly string[];
  /** Writes a file; gives its path. */
  write(name: string, text: string | Uint8Array): Promise<string>;
  /** Runs a program in the project; throws with its output when it fails. */
  run(command: string, ...parameters: string[]): string;
  remove(): Promise<void>;
}

interface Manifest {
  readonly exports: { readonly [subpath: string]: string | { readonly types: string; readonly default: string } };
  readonly dependencies: { readonly [name: string]: string };
}

export async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
}

/** Makes the project: the packed package, its dependencies as they are installed here, the consumers' sources. */
export async function createProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "edge-guard-consumer-"));
  const { installPacked } = (await import(pathToFileURL(join(root, ".tools/everywhere/prepare.mjs")).href)) as {
    installPacked(folder: string): { target: string; tarball: string; files: string[] };
  };
  const { target, tarball, files } = installPacked(folder);
  for (const name of Object.keys((await manifest()).dependencies)) {
    await cp(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
  await mkdir(join(folder, "src"));
  await cp(join(root, "test/package/consumers"), join(folder, "src"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }\n');
  return {
    folder,
    package: target,
    tarball,
    files,
    async write(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
    run(command, ...parameters) {
      const environment = {
        ...process.env,
        NO_COLOR: "1",
        CI: "1",
        DENO_NO_UPDATE_CHECK: "1",
        DENO_DIR: join(folder, ".deno"),
        WRANGLER_SEND_METRICS: "false",
      };
      const done = spawnSync(command, parameters, { cwd: folder, encoding: "utf8", env: environment });
      if (done.status === 0) return done.stdout;
      throw new Error(`${command} ${parameters.join(" ")} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}
