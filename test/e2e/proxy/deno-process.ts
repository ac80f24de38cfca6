// A script in Deno that says "Listening on port …".
import { spawn } from "node:child_process";
import { root } from "./bundle-demo.ts";

export interface DenoProcess {
  readonly port: number;
  kill(): void;
}

export function startDeno(
  script: string,
  { args = [], env = {} }: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<DenoProcess> {
  const flags = [
    "--quiet",
    "--no-config",
    "--unstable-kv",
    "--allow-net",
    "--allow-env",
    "--allow-read",
    "--allow-write",
  ];
  // The binary itself: ended through a wrapper it would stay.
  const child = spawn(`${root}node_modules/deno/deno`, ["run", ...flags, script, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`Deno ended with ${code}`)));
    let said = "";
    child.stdout.on("data", (data) => {
      said = (said + data).slice(-10_000);
      const port = /Listening on port (\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve({ port: Number(port), kill: () => void child.kill("SIGKILL") });
    });
  });
}
