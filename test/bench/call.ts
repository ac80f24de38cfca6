// What a call costs: 1 KB in and out, as text and as JSON, against a host written by hand and against rivals whose guests do the same.
import { loadGuard } from "edge-guard";
import { exchange } from "../../src/wasm/exchange.ts";
import { createGuest } from "../../src/wasm/instance.ts";
import type { Bench, Environment, Group } from "./environment.ts";
import { handWritten } from "./hosts/by-hand.ts";

/** About 1 KB as JSON, and an answer that label_agent may give: the echo guard returns it. */
const policy = {
  agent: { secrecy: ["private:acme"], integrity: ["approved"] },
  difc_mode: "filter",
  users: Array.from({ length: 34 }, (_, index) => ({ login: `user-${index}`, n: index })),
};
const text = JSON.stringify(policy);

/** As the hosts written by hand: what counting costs is a row of its own. */
const notCounting = { fuel: false };

/** Below the JSON: the buffers, the length protocol and the checks on what comes back, without queue and parsing. */
async function ourText(environment: Environment): Promise<() => unknown> {
  const source = { module: await environment.module("echo"), preparation: undefined, memoryPages: 512 };
  const guest = await createGuest(source, { suspends: false, logLevel: "none", clocks: { ahead: 0n } });
  const label = guest.label("label_agent");
  const options = { outputBytes: 4 * 1024 * 1024 };
  return () => exchange(guest, label, text, options);
}

function asText(environment: Environment): Group {
  const extism = (version: 1 | 2) => async (): Promise<() => unknown> => {
    const plugin = await (await environment.rivals()).extism(version, await environment.module("extism-echo"));
    return () => plugin.call("echo", text);
  };
  return {
    what: "1 KB of text, echoed",
    reference: "host written by hand",
    contenders: [
      {
        name: "host written by hand",
        async start(): Promise<() => unknown> {
          const host = handWritten(await environment.module("echo"));
          return () => host.text("label_agent", text);
        },
      },
      { name: "edge-guard, below the JSON", start: () => ourText(environment) },
      {
        name: "jco (component)",
        async start(): Promise<() => unknown> {
          const component = await (await environment.rivals()).component(await environment.module("component.core"));
          return () => component.call(text);
        },
      },
      {
        name: "waPC",
        async start(): Promise<() => unknown> {
          const guest = await (await environment.rivals()).waPC(await environment.module("wapc-echo"));
          return () => guest.call(text);
        },
      },
      { name: "Extism 2.0.0-rc13", start: extism(2) },
      { name: "Extism 1.0.3", start: extism(1) },
    ],
    comparisons: [
      {
        what: "Extism 2.0.0-rc13 / edge-guard, below the JSON",
        over: "Extism 2.0.0-rc13",
        under: "edge-guard, below the JSON",
        bar: "echo-raw",
      },
      {
        what: "Extism 1.0.3 / edge-guard, below the JSON",
        over: "Extism 1.0.3",
        under: "edge-guard, below the JSON",
        bar: "echo-raw",
      },
    ],
  };
}

function asJson(environment: Environment): Group {
  /** What a user of a rival writes around a call that takes text. */
  const around =
    (call: (input: string) => string | Promise<string>): (() => Promise<unknown>) =>
    async () =>
      JSON.parse(await call(JSON.stringify(policy)));
  return {
    what: "1 KB of JSON, echoed",
    reference: "host written by hand",
    contenders: [
      {
        name: "host written by hand",
        async start(): Promise<() => unknown> {
          const host = handWritten(await environment.module("echo"));
          return () => host.json("label_agent", policy);
        },
      },
      {
        name: "edge-guard",
        async start(): Promise<() => unknown> {
          const guard = await loadGuard(await environment.source("echo"), notCounting);
          return () => guard.labelAgent(policy);
        },
      },
      {
        name: "jco (component)",
        async start(): Promise<() => unknown> {
          const component = await (await environment.rivals()).component(await environment.module("component.core"));
          return around((input) => component.call(input));
        },
      },
      {
        name: "waPC",
        async start(): Promise<() => unknown> {
          const guest = await (await environment.rivals()).waPC(await environment.module("wapc-echo"));
          return around((input) => guest.call(input));
        },
      },
      ...([2, 1] as const).map((version) => ({
        name: version === 2 ? "Extism 2.0.0-rc13" : "Extism 1.0.3",
        async start(): Promise<() => unknown> {
          const plugin = await (await environment.rivals()).extism(version, await environment.module("extism-echo"));
          return around((input) => plugin.call("echo", input));
        },
      })),
      {
        name: "OPA (a rule hands it back)",
        async start(): Promise<() => unknown> {
          const opa = await (await environment.rivals()).policy(await environment.module("policy"));
          const input = { operation: "read", subject: policy };
          return () => opa.evaluate(input, "guard/label");
        },
      },
    ],
    comparisons: [{ over: "edge-guard", under: "host written by hand", bar: "echo-json" }],
  };
}

function labelResource(environment: Environment): Group {
  const args = { owner: "acme", repo: "site", users: policy.users };
  return {
    what: "label_resource, 1 KB of arguments",
    reference: "host written by hand",
    contenders: [
      {
        name: "host written by hand",
        async start(): Promise<() => unknown> {
          const host = handWritten(await environment.module("constant"));
          return () => host.json("label_resource", { tool_name: "get_issue", tool_args: args });
        },
      },
      {
        name: "edge-guard",
        async start(): Promise<() => unknown> {
          const guard = await loadGuard(await environment.source("constant"), notCounting);
          return () => guard.labelResource({ tool: "get_issue", args });
        },
      },
    ],
  };
}

export const call: Bench = {
  groups: (environment) => [asText(environment), asJson(environment), labelResource(environment)],
};
