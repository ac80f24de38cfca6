// Limits on how often an agent may call a tool (policy.md, tool-call-limits): counted where the agent's labels are kept.
import type { JsonObject } from "../difc/json.ts";
import { plainText } from "../difc/text.ts";
import { type AgentState, callKey } from "./state.ts";

/** The state after one more call of a limited tool; `undefined` when the limit is reached. */
export function countCall(state: AgentState, server: string, tool: string, limit: number): AgentState | undefined {
  const key = callKey(server, tool);
  const count = (Object.hasOwn(state.calls, key) ? state.calls[key]! : 0) + 1;
  return count > limit ? undefined : { ...state, calls: { ...state.calls, [key]: count } };
}

/** What the agent reads when a limit refused its call. */
export function limitedResult(tool: string, limit: number): JsonObject {
  const calls = limit === 1 ? "1 call" : `${limit} calls`;
  const text = `The call was denied by the limit on tool calls: the policy allows ${calls} of "${plainText(tool)}" per agent`;
  return { content: [{ type: "text", text }], isError: true };
}
