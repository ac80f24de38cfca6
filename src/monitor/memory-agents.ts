// Agent states in this process's memory: the default store.
import { StateError } from "../errors.ts";
import { type AgentState, type AgentStore, emptyState, type StateChange } from "./state.ts";

export interface MemoryAgentsOptions {
  /** Agents that were idle for this many milliseconds are forgotten, their taint with them. @default never */
  readonly ttl?: number;
  /**
   * How many agents may be known at a time. A further one is refused with a StateError: dropping another agent would
   * drop its taint. @default 100000
   */
  readonly max?: number;
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number;
}

/**
 * A store that lives as long as the process. Changes run at once, so there is never a conflict.
 *
 * @throws {RangeError} when `ttl` or `max` is not a positive number
 */
export function memoryAgents(options: MemoryAgentsOptions = {}): AgentStore {
  const { ttl = Number.POSITIVE_INFINITY, max = 100_000, now = Date.now } = options;
  requirePositive("ttl", ttl);
  requirePositive("max", max);
  const timed = ttl !== Number.POSITIVE_INFINITY;
  // In the order of last use: the idle ones come first.
  const agents = new Map<string, { readonly state: AgentState; readonly used: number }>();

  function forgetIdle(time: number): void {
    for (const [key, { used }] of agents) {
      if (time - used < ttl) return;
      agents.delete(key);
    }
  }

  return {
    async transact<T>(key: string, change: (state: AgentState) => StateChange<T>): Promise<T> {
      const used = timed ? now() : 0;
      if (timed) forgetIdle(used);
      const known = agents.get(key);
      const { next, value } = change(known?.state ?? emptyState);
      if (known === undefined && next !== undefined && agents.size >= max) {
        throw new StateError(
          `Cannot remember another agent: ${agents.size} are known already; end some with agents.end(id) or raise "max"`,
        );
      }
      const state = next ?? known?.state;
      if (state !== undefined && (timed || next !== undefined)) {
        if (timed) agents.delete(key);
        agents.set(key, { state, used });
      }
      return value;
    },
    async delete(key: string): Promise<void> {
      agents.delete(key);
    },
  };
}

function requirePositive(option: string, value: number): void {
  if (typeof value === "number" && value > 0) return;
  throw new RangeError(`Cannot create the store of agents: "${option}" must be a number above 0, got ${String(value)}`);
}
