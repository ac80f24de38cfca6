// Loading 280 KB: bytes never seen before, and a first guard with a thousand calls, against a host written by hand and rivals.
import { loadGuard } from "edge-guard";
import type { Bench, Environment, Group } from "./environment.ts";
import { handWritten } from "./hosts/by-hand.ts";
import { policy } from "./material.ts";
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

/** The sample guard labels what it is asked about; the other one answers constants, so that nothing but the host's own work is left. */
function loadAndCall(environment: Environment, name: "repo-guard" | "constant", title: string): Group {
  const bytes = async (): Promise<Uint8Array<ArrayBuffer>> => padded(await environment.guard(name), size);
  return {
    what: `${title} of 280 KB loaded, told its policy and called 1000 times`,
    reference: "host written by hand",
    contenders: [
      {
        name: "host written by hand",
        async start(): Promise<() => unknown> {
          const guard = await bytes();
          return async () => {
            const host = handWritten(await WebAssembly.compile(guard), undefined, [65536, 4 * 1024 * 1024]);
            await host.json("label_agent", policy);
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
            // What counting costs is a question of its own, and the host by hand does not count.
            const guard = await loadGuard(source, { fuel: false });
            await guard.labelAgent(policy);
            for (let index = 0; index < calls; index++) await guard.labelResource(call);
            await guard.close();
          };
        },
      },
    ],
    comparisons:
      name === "repo-guard" ? [{ over: "edge-guard", under: "host written by hand", bar: "load-and-call" }] : [],
  };
}

export const load: Bench = {
  groups: (environment) => [
    cold(environment),
    loadAndCall(environment, "repo-guard", "the sample guard"),
    loadAndCall(environment, "constant", "a guard that does nothing"),
  ],
};
