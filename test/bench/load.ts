// Loading 280 KB: bytes never seen before, and a first guard with a thousand calls, against a host written by hand and rivals.
import { loadGuard } from "edge-guard";
import type { Bench, Environment, Group } from "./environment.ts";
import { handWritten } from "./hosts/by-hand.ts";
import { neverSeen, padded } from "./padded.ts";

const size = 280 * 1024;
const calls = 1000;
const call = { tool: "issue_read", args: { owner: "acme", repo: "site", body: "x".repeat(1024 - 40) } };

function cold(environment: Environment): Group {
  const bytes = async (name: string): Promise<() => Uint8Array<ArrayBuffer>> =>
    neverSeen(padded(await environment.guard(name), size));
  return {
    what: "280 KB never seen before, until it can be called",
    reference: "compile and instantiate, by hand",
    contenders: [
      {
        name: "compile and instantiate, by hand",
        async start(): Promise<() => unknown> {
          const next = await bytes("constant");
          return async () => handWritten(await WebAssembly.compile(next()), {}, [65536, 65536]);
        },
      },
      {
        name: "edge-guard",
        async start(): Promise<() => unknown> {
          const next = await bytes("constant");
          return async () => (await loadGuard(next())).close();
        },
      },
      {
        name: "Extism 2.0.0-rc13",
        async start(): Promise<() => unknown> {
          const [rivals, next] = [await environment.rivals(), await bytes("constant")];
          return async () => (await rivals.extism(2, await WebAssembly.compile(next()))).close();
        },
      },
    ],
  };
}

function loadAndCall(environment: Environment): Group {
  const bytes = async (): Promise<Uint8Array<ArrayBuffer>> => padded(await environment.guard("constant"), size);
  return {
    what: "a guard of 280 KB loaded and called 1000 times",
    reference: "host written by hand",
    contenders: [
      {
        name: "host written by hand",
        async start(): Promise<() => unknown> {
          const guard = await bytes();
          return async () => {
            const host = handWritten(await WebAssembly.compile(guard), {}, [65536, 4 * 1024 * 1024]);
            const input = { tool_name: call.tool, tool_args: call.args };
            for (let index = 0; index < calls; index++) await host.json("label_resource", input);
          };
        },
      },
      {
        name: "edge-guard",
        async start(): Promise<() => unknown> {
          const source = await bytes();
          return async () => {
            const guard = await loadGuard(source);
            for (let index = 0; index < calls; index++) await guard.labelResource(call);
            await guard.close();
          };
        },
      },
    ],
    comparisons: [{ over: "edge-guard", under: "host written by hand", bar: "load-and-call" }],
  };
}

export const load: Bench = {
  groups: (environment) => [cold(environment), loadAndCall(environment)],
};
