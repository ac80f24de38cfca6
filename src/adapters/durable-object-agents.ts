// Agents' labels in Durable Objects, one per agent: a single writer with SQLite, for Cloudflare Workers.
import { StateError } from "../errors.ts";
import { type AgentState, type AgentStore, emptyState, type StateChange } from "../monitor/state.ts";

/** A binding to {@link AgentLabelsObject}, as Workers give it. */
export interface DurableObjectNamespaceLike {
  idFromName(name: string): unknown;
  get(id: never): { fetch(url: string, init: { method: string; body?: string }): Promise<Response> };
}

export interface DurableObjectAgentsOptions {
  /** Agents that were idle for this many milliseconds are forgotten, their taint with them. @default never */
  readonly ttl?: number;
  /** How often a change is tried again when others come in between. @default 100 */
  readonly attempts?: number;
}

const PATIENCE_MS = 1000;

interface Versioned {
  readonly version: number;
  /** Absent for an agent that nobody has seen. */
  readonly state?: AgentState;
}

/**
 * A store for Workers. The object holds the newest state and takes a change only if it was made from that; what it confirms
 * is durable. Bind {@link AgentLabelsObject} with `new_sqlite_classes` and give its namespace.
 *
 * @throws {TypeError} when it is given no namespace
 */
export function durableObjectAgents(
  namespace: DurableObjectNamespaceLike,
  options: DurableObjectAgentsOptions = {},
): AgentStore {
  if (typeof namespace?.idFromName !== "function") {
    throw new TypeError(
      `Cannot keep agents: "namespace" must be a Durable Object binding; name it in the wrangler file`,
    );
  }
  const { ttl, attempts = 100 } = options;
  const turns = new Map<string, Promise<unknown>>();

  const ask = async (key: string, method: string, body?: Versioned): Promise<{ ok: boolean } & Versioned> => {
    const object = namespace.get(namespace.idFromName(`agent:${key}`) as never);
    const url = `https://agent.invalid/${ttl === undefined ? "" : `?ttl=${ttl}`}`;
    const response = await object.fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
    if (response.status !== 200 && response.status !== 409) {
      throw new StateError(`Cannot reach the agent's labels: the Durable Object answered HTTP ${response.status}`);
    }
    const answer = (await response.json()) as Versioned;
    return { ...answer, ok: response.ok };
  };

  const change = async <T>(key: string, how: (state: AgentState) => StateChange<T>): Promise<T> => {
    let known: Versioned = await ask(key, "GET");
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { next, value } = how(known.state ?? emptyState);
      if (next === undefined) return value;
      const { ok, ...newest } = await ask(key, "PUT", { version: known.version, state: next });
      if (ok) return value;
      known = newest;
    }
    throw new StateError(`Cannot change the agent's labels: others came in between ${attempts} times`);
  };

  return {
    transact(key, how) {
      // Calls of one isolate take turns, to spare themselves conflicts; with other isolates they compete. Nobody waits long: what
      // another request began may never settle, because Workers drop its promises when its client leaves.
      const before = turns.get(key);
      const turn = before === undefined ? change(key, how) : patience(before).then(() => change(key, how));
      const done = turn.catch(() => {});
      turns.set(key, done);
      done.then(() => {
        if (turns.get(key) === done) turns.delete(key);
      });
      return turn;
    },
    async delete(key) {
      await ask(key, "DELETE");
    },
  };
}

async function patience(promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([promise, enough]);
  clearTimeout(timer);
}

/** What is used of a Durable Object's state. */
export interface DurableObjectStateLike {
  readonly storage: {
    readonly sql: { exec(query: string, ...values: unknown[]): { toArray(): Record<string, unknown>[] } };
    getAlarm(): Promise<number | null>;
    setAlarm(time: number): Promise<void>;
  };
}

/** The Durable Object that keeps one agent's labels. Export it from the Worker under the name that the wrangler file binds. */
export class AgentLabelsObject {
  readonly #storage: DurableObjectStateLike["storage"];

  constructor(state: DurableObjectStateLike) {
    this.#storage = state.storage;
    this.#storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS labels (id INTEGER PRIMARY KEY CHECK (id = 0), version INTEGER, state TEXT)",
    );
  }

  async fetch(request: Request): Promise<Response> {
    const given = request.method === "PUT" ? ((await request.json()) as Versioned) : undefined;
    const ttl = Number(new URL(request.url).searchParams.get("ttl"));
    // From here to the answer nothing is awaited but the alarm, so no other request comes in between.
    const { version, state } = this.#read();
    if (request.method === "DELETE") this.#write(version + 1, null);
    else if (given !== undefined) {
      if (given.version !== version) return Response.json({ version, state }, { status: 409 });
      this.#write(version + 1, JSON.stringify(given.state));
    }
    if (ttl > 0 && (given !== undefined || state !== undefined)) await this.#keepAwake(ttl);
    return Response.json(given === undefined ? { version, state } : { version: version + 1 });
  }

  /** The agent was idle for its time to live. The version stays, so that a change made from what was forgotten is refused. */
  async alarm(): Promise<void> {
    this.#write(this.#read().version + 1, null);
  }

  #read(): Versioned {
    const [row] = this.#storage.sql.exec("SELECT version, state FROM labels").toArray();
    if (row === undefined) return { version: 0 };
    const { version, state } = row as { version: number; state: string | null };
    return state === null ? { version } : { version, state: JSON.parse(state) as AgentState };
  }

  #write(version: number, state: string | null): void {
    this.#storage.sql.exec("INSERT OR REPLACE INTO labels (id, version, state) VALUES (0, ?, ?)", version, state);
  }

  async #keepAwake(ttl: number): Promise<void> {
    const alarm = await this.#storage.getAlarm();
    if (alarm === null || alarm - Date.now() < ttl / 2) await this.#storage.setAlarm(Date.now() + ttl);
  }
}
