// What the preview of a whole scenario costs against the guard's own work in it: the label calls alone, made by hand.
import { preview as run } from "edge-guard";
import type { Bench, Environment, Group } from "./environment.ts";
import { handWritten } from "./hosts/by-hand.ts";

interface Scenario {
  readonly servers: Readonly<Record<string, { readonly policy?: unknown; readonly backend?: readonly Recorded[] }>>;
  readonly calls: readonly {
    readonly server: string;
    readonly tool: string;
    readonly args?: unknown;
    readonly result?: unknown;
  }[];
}

interface Recorded {
  readonly tool: string;
  readonly args?: unknown;
  readonly result?: unknown;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A new instance, its policy, and per call label_resource and label_response, with answers out of a table. */
async function labelCalls(module: WebAssembly.Module, { servers, calls }: Scenario): Promise<void> {
  const [[id = "", server] = []] = Object.entries(servers);
  const answers = new Map(
    (server?.backend ?? []).map(({ tool, args = {}, result }) => [tool + JSON.stringify(args), JSON.stringify(result)]),
  );
  const view = (at = 0, length = 0): Uint8Array =>
    new Uint8Array((host.exports.memory as WebAssembly.Memory).buffer, at, length);
  const host = handWritten(module, {
    env: {
      host_log: () => {},
      call_backend: (...[tool, toolLength, args, argsLength, result, capacity = 0]: number[]) => {
        const question = decoder.decode(view(tool, toolLength));
        const answer = answers.get(question + JSON.stringify(JSON.parse(decoder.decode(view(args, argsLength)))));
        return answer === undefined ? -1 : encoder.encodeInto(answer, view(result, capacity)).written;
      },
    },
  });
  await host.json("label_agent", server?.policy ?? {});
  for (const call of calls) {
    if (call.server !== id) continue;
    const asked = { tool_name: call.tool, tool_args: call.args ?? {} };
    await host.json("label_resource", asked);
    if (call.result !== undefined) host.text("label_response", JSON.stringify({ ...asked, tool_result: call.result }));
  }
}

async function of(environment: Environment, name: string, title: string): Promise<Group> {
  const scenario = await environment.scenario(name);
  const reference = "the guard's label calls, by hand";
  return {
    what: `preview of "${title}"`,
    reference,
    contenders: [
      {
        name: reference,
        async start(): Promise<() => unknown> {
          const module = await environment.module("repo-guard");
          return () => labelCalls(module, scenario as Scenario);
        },
      },
      {
        name: "edge-guard, preview()",
        async start(): Promise<() => unknown> {
          const guards = { "repo-guard.wasm": await environment.source("repo-guard") };
          const report = await run(scenario, { guards });
          if (!report.passed) throw new Error("the scenario does not pass");
          return () => run(scenario, { guards });
        },
      },
    ],
  };
}

export const preview: Bench = {
  groups: async (environment) => [
    await of(environment, "injected-issue-propagate", "an injected issue asks for a private file"),
    await of(environment, "author-associations", "everything that an author can be"),
  ],
};
