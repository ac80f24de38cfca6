// What one decision costs: may this agent read that resource.
import { evaluate as decide } from "edge-guard";
import type { Bench, Environment, Group } from "./environment.ts";

const tags = (count: number, name: string): string[] =>
  Array.from({ length: count }, (_, index) => `${name}:acme/${index}`);

function withTags(environment: Environment, count: number): Group {
  const agent = { secrecy: tags(count, "private"), integrity: ["none", "unapproved", "approved"] };
  const resource = {
    secrecy: tags(count, "private").reverse(),
    integrity: ["none", "unapproved", "approved", "merged"],
  };
  return {
    what: `may an agent with ${count} secrecy tags read a resource with as many`,
    reference: "two subset checks, by hand",
    contenders: [
      {
        name: "two subset checks, by hand",
        start: () => () =>
          resource.secrecy.every((tag) => agent.secrecy.includes(tag)) &&
          agent.integrity.every((tag) => resource.integrity.includes(tag)),
      },
      {
        name: "edge-guard, evaluate()",
        start: () => () => decide({ mode: "filter", operation: "read", agent, resource }),
      },
      {
        name: "OPA, the same rule in Rego",
        async start(): Promise<() => unknown> {
          const opa = await (await environment.rivals()).policy(await environment.module("policy"));
          const input = { agent, resource };
          if (opa.evaluate(input, "guard/flow/allow") !== true) throw new Error("the rule says no");
          return () => opa.evaluate(input, "guard/flow/allow");
        },
      },
    ],
  };
}

export const evaluate: Bench = {
  groups: (environment) => [withTags(environment, 3), withTags(environment, 40)],
};
