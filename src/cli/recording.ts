// A session of edge-guard serve as scenarios, one per agent, to try other policies on.
import { canonicalJson } from "../backend/canonical-json.ts";
import type { Exchange } from "../proxy/events.ts";

/** Beyond these a recording stays as it is. */
const MAX_CALLS = 1000;
const MAX_ANSWERS = 10_000;

export interface Recording {
  readonly onExchange: (exchange: Exchange) => void;
  /** The scenarios so far. */
  scenarios(): readonly object[];
}

export interface RecordedSetting {
  /** The guard's file name; absent for an output channel. */
  readonly guard: string | undefined;
  readonly policy: unknown;
  readonly mode: string | undefined;
}

export function createRecording({ guard, policy, mode }: RecordedSetting): Recording {
  const calls = new Map<string, object[]>();
  const answers = new Map<string, object>();
  let count = 0;
  return {
    onExchange({ agent, server, tool, args, result }) {
      if (agent === undefined) {
        if (answers.size < MAX_ANSWERS) answers.set(canonicalJson([tool, args]), { tool, args, result });
        return;
      }
      if (count++ >= MAX_CALLS) return;
      const own = calls.get(agent) ?? [];
      calls.set(agent, own);
      // A call that was denied before the server was asked has no result to show.
      own.push({ server, tool, args, result: result ?? {} });
    },
    scenarios: () =>
      [...calls].map(([agent, made]) => ({
        title: `A session of ${agent}`,
        servers: {
          upstream: {
            ...(guard !== undefined && { guard: { wasm: guard } }),
            policy,
            ...(answers.size > 0 && { backend: [...answers.values()] }),
          },
        },
        ...(mode !== undefined && { mode }),
        agent: { id: agent },
        calls: made,
      })),
  };
}
