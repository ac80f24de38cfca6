// What another instance costs, once the module is compiled: a new one, a copy of a running one, and what rivals take for theirs.
import { compileGuard, loadGuard } from "edge-guard";
import type { Bench, Environment, Group } from "./environment.ts";
import { handWritten } from "./hosts/by-hand.ts";

function fromModule(environment: Environment): Group {
  return {
    what: "an instance of a compiled module",
    reference: "WebAssembly.Instance and buffers, by hand",
    contenders: [
      {
        name: "WebAssembly.Instance and buffers, by hand",
        async start(): Promise<() => unknown> {
          const module = await environment.module("constant");
          return () => handWritten(module, {}, [65536, 65536]);
        },
      },
      {
        name: "edge-guard, instantiate()",
        async start(): Promise<() => unknown> {
          const module = await compileGuard(await environment.source("constant"));
          return async () => (await module.instantiate()).close();
        },
      },
      {
        name: "edge-guard, fork()",
        async start(): Promise<() => unknown> {
          const guard = await loadGuard(await environment.source("constant"));
          await guard.labelAgent({});
          return async () => (await guard.fork()).close();
        },
      },
      {
        name: "jco (component)",
        async start(): Promise<() => unknown> {
          const [rivals, module] = [await environment.rivals(), await environment.module("component.core")];
          return () => rivals.component(module);
        },
      },
      {
        name: "waPC",
        async start(): Promise<() => unknown> {
          const [rivals, module] = [await environment.rivals(), await environment.module("wapc-echo")];
          return () => rivals.waPC(module);
        },
      },
      {
        name: "Extism 2.0.0-rc13",
        async start(): Promise<() => unknown> {
          const [rivals, module] = [await environment.rivals(), await environment.module("extism-echo")];
          return async () => (await rivals.extism(2, module)).close();
        },
      },
      {
        name: "OPA",
        async start(): Promise<() => unknown> {
          const [rivals, module] = [await environment.rivals(), await environment.module("policy")];
          return () => rivals.policy(module);
        },
      },
    ],
  };
}

function session(environment: Environment): Group {
  const policy = { "allow-only": { repos: ["acme/*"], "min-integrity": "approved" } };
  return {
    what: "a session of the sample guard: an instance that knows its policy",
    reference: "instance and label_agent, by hand",
    contenders: [
      {
        name: "instance and label_agent, by hand",
        async start(): Promise<() => unknown> {
          const module = await environment.module("repo-guard");
          return () => handWritten(module).json("label_agent", policy);
        },
      },
      {
        name: "edge-guard, instantiate() and labelAgent()",
        async start(): Promise<() => unknown> {
          const module = await compileGuard(await environment.source("repo-guard"));
          return async () => {
            const guard = await module.instantiate();
            await guard.labelAgent(policy);
            await guard.close();
          };
        },
      },
      {
        name: "edge-guard, fork() of one that knows it",
        async start(): Promise<() => unknown> {
          const guard = await loadGuard(await environment.source("repo-guard"));
          await guard.labelAgent(policy);
          return async () => (await guard.fork()).close();
        },
      },
    ],
  };
}

export const instantiate: Bench = {
  groups: (environment) => [fromModule(environment), session(environment)],
};
