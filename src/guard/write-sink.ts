// The guard for output channels: every call is a write to a resource that takes certain secrets (policy.md, write-sink).
import { readAccept, readVisibility } from "../policy/values.ts";
import type { Guard, ToolCall } from "./guard.ts";

export interface WriteSinkOptions {
  /** What may flow here: `["*"]` alone, or `[visibility:]scope` entries. They become the resource's secrecy. */
  readonly accept: readonly string[];
  /** `public` leaves the resource's secrecy empty: an agent that has read anything private cannot write. Default: not said. */
  readonly sinkVisibility?: "public" | "private" | "internal";
}

/**
 * A guard for an output channel: an agent may write only when the sink accepts everything that it knows.
 *
 * @throws {PolicyError} with the path of what is wrong in `accept` or `sinkVisibility`.
 */
export function writeSinkGuard(options: WriteSinkOptions): Guard {
  const accept = readAccept(options.accept, "accept");
  const visibility =
    options.sinkVisibility === undefined ? undefined : readVisibility(options.sinkVisibility, "sinkVisibility");
  const secrecy = visibility === "public" ? [] : [...accept];
  return {
    name: "write-sink",
    labelAgent: async () => ({ agent: { secrecy: [], integrity: [] }, mode: "strict" }),
    labelResource: async (call: ToolCall) => ({
      description: `sink:${call.tool}`,
      secrecy,
      integrity: [],
      operation: "write",
    }),
    labelResponse: async () => null,
    close: async () => {},
  };
}
