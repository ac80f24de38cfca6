// Agents' labels in Deno KV: read at the primary, written only over what was read.
import { StateError } from "../errors.ts";
import { type AgentState, type AgentStore, emptyState, type StateChange } from "../monitor/state.ts";

/** What is used of `Deno.Kv`. */
export interface DenoKvLike {
  get(key: string[], options: { consistency: "strong" }): Promise<DenoKvEntry>;
  delete(key: string[]): Promise<void>;
  atomic(): DenoKvAtomic;
}

export interface DenoKvEntry {
  readonly key: readonly unknown[];
  readonly value: unknown;
  readonly versionstamp: string | null;
}

export interface DenoKvAtomic {
  check(entry: never): DenoKvAtomic;
  set(key: string[], value: unknown, options?: { expireIn?: number }): DenoKvAtomic;
  commit(): Promise<{ ok: boolean }>;
}

export interface DenoKvAgentsOptions {
  /** The first part of every key. @default "edge-guard-agents" */
  readonly prefix?: string;
  /** Agents whose labels did not change for this many milliseconds are forgotten. @default never */
  readonly ttl?: number;
  /** How often a change is tried again when others come in between. @default 100 */
  readonly attempts?: number;
}

/** Deno KV takes values of at most 64 KiB. */
const MAX_BYTES = 65_000;
/** A KV on this machine says "database is locked" while another process writes. */
const MAX_FAULTS = 50;

/**
 * A store in Deno KV, for Deno and Deno Deploy. States are kept compressed; one that is still too large withholds the call.
 *
 * @throws {TypeError} when it is given no KV
 */
export function denoKvAgents(kv: DenoKvLike, options: DenoKvAgentsOptions = {}): AgentStore {
  if (typeof kv?.atomic !== "function")
    throw new TypeError(`Cannot keep agents: "kv" must be what Deno.openKv() gives`);
  const { prefix = "edge-guard-agents", ttl, attempts = 100 } = options;
  const turns = new Map<string, Promise<unknown>>();
  const expiry = ttl === undefined ? undefined : { expireIn: ttl };

  const change = async <T>(key: string, how: (state: AgentState) => StateChange<T>): Promise<T> => {
    const path = [prefix, key];
    let faults = 0;
    for (let attempt = 0; attempt < attempts; attempt++) {
      // What `how` throws is the caller's; a fault of the KV may pass. A change that was stored after all and is made again only restricts.
      const entry = await kv.get(path, { consistency: "strong" }).catch(passing);
      if (entry !== undefined) {
        const { next, value } = how(entry.value === null ? emptyState : await unpack(entry.value));
        if (next === undefined) return value;
        const bytes = await pack(next);
        if (bytes.length > MAX_BYTES) {
          throw new StateError(`Cannot keep the agent's labels: ${bytes.length} bytes are more than Deno KV takes`);
        }
        const commit = kv
          .atomic()
          .check(entry as never)
          .set(path, bytes, expiry)
          .commit();
        const done = await commit.catch(passing);
        if (done?.ok === true) return value;
      }
      // Whoever lost waits a little, longer the more often, so that not all come back at once.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(2 ** attempt, 100)));
    }
    throw new StateError(`Cannot change the agent's labels: others came in between ${attempts} times`);

    function passing(cause: unknown): undefined {
      if (++faults >= MAX_FAULTS) throw new StateError("Cannot change the agent's labels: Deno KV failed", { cause });
    }
  };

  return {
    transact(key, how) {
      // Calls of one process take turns; with other processes they compete.
      const turn = (turns.get(key) ?? Promise.resolve()).then(() => change(key, how));
      const done = turn.catch(() => {});
      turns.set(key, done);
      done.then(() => {
        if (turns.get(key) === done) turns.delete(key);
      });
      return turn;
    },
    delete: (key) => kv.delete([prefix, key]),
  };
}

async function pack(state: AgentState): Promise<Uint8Array> {
  return through(new CompressionStream("deflate-raw"), new TextEncoder().encode(JSON.stringify(state)));
}

async function unpack(value: unknown): Promise<AgentState> {
  if (!(value instanceof Uint8Array)) throw new StateError("Cannot read the agent's labels: the entry is no state");
  const bytes = await through(new DecompressionStream("deflate-raw"), value as Uint8Array<ArrayBuffer>);
  return JSON.parse(new TextDecoder().decode(bytes)) as AgentState;
}

async function through(
  stream: GenericTransformStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const body = new Blob([bytes]).stream().pipeThrough(stream as TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>);
  return new Uint8Array(await new Response(body).arrayBuffer());
}
