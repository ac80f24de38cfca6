// The guard for servers without one: no labels, every call both reads and writes (difc.md, Guards that need no WebAssembly).
import type { Guard, ToolCall } from "./guard.ts";

/** A guard that labels nothing: every call is read-write on an unlabelled resource, in strict mode. For servers without a guard while no other guard is active. */
export function noopGuard(): Guard {
  return {
    name: "noop",
    labelAgent: async () => ({ agent: { secrecy: [], integrity: [] }, mode: "strict" }),
    labelResource: async (call: ToolCall) => ({
      description: call.tool,
      secrecy: [],
      integrity: [],
      operation: "read-write",
    }),
    labelResponse: async () => null,
    close: async () => {},
  };
}
