// Which guard speaks for which server.
import type { Guard } from "./guard.ts";
import { noopGuard } from "./noop.ts";

export interface GuardRegistry {
  /** Puts a guard before a server. Throws TypeError when the server has one already. */
  register(server: string, guard: Guard): void;
  /**
   * The server's guard. A server without one gets the noop guard as long as no other server has a guard; beside a guarded server it
   * would be a way round, and a TypeError says so (difc.md, Guards that need no WebAssembly).
   */
  get(server: string): Guard;
  /** The servers that have a guard. */
  servers(): readonly string[];
  /** Closes every registered guard and forgets it. */
  close(): Promise<void>;
}

/** An empty registry. */
export function createGuardRegistry(): GuardRegistry {
  const guards = new Map<string, Guard>();
  const fallback = noopGuard();
  return {
    register(server, guard): void {
      if (guards.has(server)) throw new TypeError(`Cannot register a guard: server "${server}" has one already`);
      guards.set(server, guard);
    },
    get(server): Guard {
      const guard = guards.get(server);
      if (guard !== undefined) return guard;
      const active = [...guards].filter(([, other]) => other.name !== "noop").map(([name]) => `"${name}"`);
      if (active.length === 0) return fallback;
      throw new TypeError(
        `Cannot call server "${server}": it has no guard while ${active.join(", ")} have; register one, a write-sink or noop`,
      );
    },
    servers: () => [...guards.keys()],
    async close(): Promise<void> {
      const all = [...guards.values()];
      guards.clear();
      await Promise.all(all.map((guard) => guard.close()));
    },
  };
}
