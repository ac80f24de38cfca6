// A guard that says what a vector tells it to say.
import type { Guard } from "edge-guard";

/** Answers as JSON; `{ "fault": "…" }` in place of an answer throws. */
export interface ServerScript {
  /** In place of a script. */
  readonly guard?: "noop";
  readonly policy?: unknown;
  readonly agent?: unknown;
  readonly mode?: unknown;
  /** By tool; absent together with everything else for a server without a guard. */
  readonly tools?: { readonly [tool: string]: { readonly resource?: unknown; readonly response?: unknown } };
}

/** Gives a tool's answers; a tool without a response has no fine-grained labels. */
export function scriptedGuard(name: string, script: ServerScript): Guard {
  const say = async (answer: unknown): Promise<never> => {
    const fault = (answer as { fault?: string } | null)?.fault;
    if (fault !== undefined) throw new Error(fault);
    return answer as never;
  };
  const lines = (tool: string) => script.tools?.[tool] ?? {};
  return {
    name,
    labelAgent: async () => {
      const agent = script.agent as { fault?: string } | undefined;
      return agent?.fault === undefined ? say({ agent, mode: script.mode }) : say(agent);
    },
    labelResource: ({ tool }) => say(lines(tool).resource ?? { fault: `No label for ${tool}` }),
    labelResponse: ({ tool }) => say(lines(tool).response ?? null),
    close: async () => {},
  };
}
