// Who calls, and what is kept per caller: connections to servers and the backends that answer guards' questions, each with that caller's credentials.
import type { Backend } from "../backend/backend.ts";
import { isObject } from "../difc/json.ts";
import { BackendError } from "../errors.ts";
import type { Exchange } from "./events.ts";
import type { UpstreamServer } from "./options.ts";
import { abortable } from "./signals.ts";
import type { UpstreamConnection } from "./upstream.ts";

/** Who the agent is, as `identify` says. */
export interface Identity {
  /** Whoever answers for the agent: a user, a service. */
  readonly principal: string;
  /** Which of the principal's agents. Each has labels of its own. @default "default" */
  readonly agent?: string | undefined;
}

/** The id under which the monitor keeps an agent's labels. Never built from anything that a transport made up. */
export function agentIdOf({ principal, agent = "default" }: Identity): string {
  return JSON.stringify([principal, agent]);
}

/** One server as one caller reaches it. */
export interface Reach {
  readonly connection: UpstreamConnection;
  /** The same object for the same principal and credentials: guard instances are kept apart by it. */
  readonly backend: Backend;
}

/** Whose request it is. */
export interface ReachingCaller {
  readonly identity: Identity;
  /** What {@link agentIdOf} says of it. */
  readonly agentId: string;
  readonly request: Request;
  readonly signal: AbortSignal;
}

export interface Callers {
  reach(server: UpstreamServer, caller: ReachingCaller): Promise<Reach>;
  close(): Promise<void>;
}

/** Keeps at most `max` connections and `max` backends, the most recently used ones. */
export function createCallers(max: number, onAnswer: (exchange: Exchange) => void): Callers {
  const connections = createRecent<UpstreamConnection>(max, (connection) => void connection.close().catch(() => {}));
  const backends = createRecent<Backend>(max, (backend) => void backend.close?.());

  return {
    async reach(server, { identity, agentId, request, signal }) {
      let given = server.headers;
      if (typeof given === "function") given = await abortable(given(identity, request), signal);
      const headers = given === undefined ? NO_HEADERS : [...new Headers(given)];
      // Other credentials are another caller, whoever it says it is.
      const caller = JSON.stringify([server.id, identity.principal, headers]);
      const agent = `${caller}${agentId}`;
      const { upstream } = server;
      const connection = connections.use(agent, () => upstream.connect(Object.fromEntries(headers)));
      const backend = backends.use(caller, () =>
        questions(server, upstream.connect(Object.fromEntries(headers)), onAnswer),
      );
      return { connection, backend };
    },
    close: async () => {
      const all = [...connections.values(), ...backends.values()];
      await Promise.allSettled(all.map((kept) => kept.close?.()));
    },
  };
}

const NO_HEADERS: readonly [string, string][] = [];

/** Asks the server what a guard wants to know. */
function questions(
  { id, questions: allowed }: UpstreamServer,
  connection: UpstreamConnection,
  onAnswer: (exchange: Exchange) => void,
): Backend {
  const fail = (state: string): BackendError =>
    new BackendError(`Cannot answer the guard's question: the server "${id}" ${state}`, { phase: "call_backend" });
  return {
    name: id,
    async callTool(tool, args, { signal = new AbortController().signal } = {}) {
      if (allowed !== undefined && !allowed.includes(tool)) throw fail(`may not be asked "${tool.slice(0, 100)}"`);
      if (args !== undefined && args !== null && !isObject(args)) throw fail("takes objects as arguments only");
      const reply = await connection.request("tools/call", { name: tool, arguments: args ?? {} }, { signal });
      if ("error" in reply) throw fail(`answered with JSON-RPC error ${reply.error.code}`);
      onAnswer({ server: id, tool, args: args ?? {}, result: reply.result });
      return reply.result;
    },
    close: () => connection.close(),
  };
}

interface Recent<T> {
  use(key: string, create: () => T): T;
  values(): Iterable<T>;
}

function createRecent<T>(max: number, onDrop: (value: T) => void): Recent<T> {
  // The time of the last use, and not the order in the Map: putting each anew at its end would cost more than all the rest.
  const kept = new Map<string, { readonly value: T; used: number }>();
  let uses = 0;
  const dropOldest = (): void => {
    let oldest: [string, { readonly value: T; used: number }] | undefined;
    for (const entry of kept) if (oldest === undefined || entry[1].used < oldest[1].used) oldest = entry;
    if (oldest === undefined) return;
    kept.delete(oldest[0]);
    onDrop(oldest[1].value);
  };
  return {
    use(key, create) {
      const known = kept.get(key);
      if (known !== undefined) {
        known.used = ++uses;
        return known.value;
      }
      const value = create();
      kept.set(key, { value, used: ++uses });
      if (kept.size > max) dropOldest();
      return value;
    },
    values: () => Array.from(kept.values(), ({ value }) => value),
  };
}
