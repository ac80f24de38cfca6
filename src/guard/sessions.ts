// Instances by session: one per (guard, policy, backend), least recently used ones dropped and rebuilt on demand (design.md, Calls).
import type { Backend } from "../backend/backend.ts";
import type { AgentLabels } from "../difc/labels.ts";
import { ClosedError } from "../errors.ts";
import { createDeadline } from "./deadline.ts";
import type { CallOptions, Guard } from "./guard.ts";
import { stayAwake } from "./waiting.ts";

/** A guard that has been told its policy. */
export interface GuardSession {
  readonly guard: Guard;
  readonly agentLabels: AgentLabels;
}

/** Hands out guards such that two policies, or two backends, never share one instance's memory (difc.md, decision 5). */
export interface GuardSessions {
  /** The session for this guard, policy payload and backend: an existing one, or a clean instance that ran `label_agent` first. A poisoned one is replaced. */
  open(guard: Guard, policy: unknown, backend: Backend | undefined, options?: CallOptions): Promise<GuardSession>;
  /** What the instances use, in bytes. */
  readonly memoryBytes: number;
  /** Closes every instance that it made. */
  close(): Promise<void>;
}

export interface GuardSessionsOptions {
  /** Beyond this the least recently used instances are dropped, in bytes of guest memory. Default: 256 MiB. */
  readonly memoryBytes?: number;
  /** At most so many instances. Default: 64. */
  readonly instances?: number;
  /**
   * How many instances of one guard, policy and backend may serve callers at the same time. Another one begins when the others wait for
   * their backend, so that one caller's slow question holds up nobody else. Default: 4.
   */
  readonly parallel?: number;
}

interface Entry {
  readonly key: string;
  readonly session: Promise<GuardSession>;
  guard?: FreshGuard;
  /** Once it has begun. */
  opened?: GuardSession;
  /** Label calls that have not ended, those that wait for their turn among them. */
  running: number;
  /** When it last became busy, or began: the clock in milliseconds. */
  since: number;
  /** What its instance used when it was last weighed: as a call began or ended. */
  bytes: number;
}

/** An instance that has been busy for so long waits for its backend: the next caller gets one beside it. */
const BUSY_MS = 2;
/**
 * An instance that has been busy for so long is given up, longer than an answer may take by default. In Workers what a request began never
 * ends once that request is gone, and neither do the calls behind it.
 */
const LOST_MS = 90_000;

/** A guard with memory of its own that can begin anew: one in WebAssembly, wherever it runs. */
interface FreshGuard extends Guard {
  readonly health: "ok" | "poisoned" | "closed";
  readonly memoryBytes: number;
  fresh(): Promise<FreshGuard>;
}

function canBeginAnew(guard: Guard): guard is FreshGuard {
  return typeof (guard as Partial<FreshGuard>).fresh === "function";
}

/**
 * Makes a pool of sessions. Guards without memory of their own (noop, write-sink, callers' objects) are used as they are.
 *
 * @throws {RangeError} when an option is not a positive number.
 */
export function guardSessions(options: GuardSessionsOptions = {}): GuardSessions {
  const { memoryBytes = 256 * 1024 * 1024, instances = 64, parallel = 4 } = options;
  if (!(memoryBytes > 0))
    throw new RangeError(`Cannot pool guards: "memoryBytes" must be positive, got ${memoryBytes}`);
  if (!(instances >= 1)) throw new RangeError(`Cannot pool guards: "instances" must be at least 1, got ${instances}`);
  if (!(parallel >= 1)) throw new RangeError(`Cannot pool guards: "parallel" must be at least 1, got ${parallel}`);
  const owners = new WeakMap<object, number>();
  const entries = new Map<string, Entry>();
  let newest: string | undefined;
  let owned = 0;
  let closed = false;

  const identity = (owner: object | undefined): number => {
    if (owner === undefined) return 0;
    const known = owners.get(owner);
    if (known !== undefined) return known;
    owners.set(owner, ++owned);
    return owned;
  };

  /** What all entries weigh, kept up to date: asking each of them at every call takes longer the more there are. */
  let weight = 0;

  const weigh = (entry: Entry): void => {
    // Forgotten meanwhile: its memory goes when its last call has ended.
    if (entries.get(entry.key) !== entry) return;
    const now = entry.guard?.memoryBytes ?? 0;
    weight += now - entry.bytes;
    entry.bytes = now;
  };

  // Only forgotten, never closed: a call may still run on it, and its memory goes when that has ended.
  const forget = (key: string): void => {
    weight -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };

  const evict = (newest: string): void => {
    for (const key of entries.keys()) {
      if (entries.size <= instances && weight <= memoryBytes) return;
      if (key !== newest) forget(key);
    }
  };

  const begin = async (guard: Guard, policy: unknown, call: CallOptions, entry: () => Entry): Promise<GuardSession> => {
    if (!canBeginAnew(guard)) return { guard, agentLabels: await guard.labelAgent(policy, call) };
    const own = await guard.fresh();
    entry().guard = own;
    if (closed) {
      await own.close();
      throw new ClosedError("Cannot open a session: the pool was closed meanwhile");
    }
    return { agentLabels: await own.labelAgent(policy, call), guard: counted(own, entry(), weigh) };
  };

  const create = (key: string, guard: Guard, policy: unknown, call: CallOptions): Entry => {
    const session = begin(guard, policy, call, () => entry);
    const entry: Entry = { key, session, running: 0, since: performance.now(), bytes: 0 };
    entry.session.then(
      (opened) => {
        entry.opened = opened;
      },
      // A session that could not begin is not kept: the next caller tries anew.
      () => entries.get(key) === entry && forget(key),
    );
    return entry;
  };

  /** The first place among the instances of a session whose instance is free, missing or lost; else the one that became busy last. */
  const placeFor = (session: string, now: number): { key: string; found: Entry | undefined } => {
    let latest: { key: string; found: Entry } | undefined;
    for (let place = 0; place < parallel; place++) {
      const key = place === 0 ? session : `${session}#${place}`;
      const found = entries.get(key);
      if (found === undefined) return { key, found };
      const waits = found.opened === undefined || found.running > 0;
      const age = now - found.since;
      if (waits && age > LOST_MS) return { key, found: undefined };
      const isWell = found.guard === undefined || found.guard.health === "ok";
      // Callers who come at the same time share one beginning.
      if (!waits || !isWell || found.opened === undefined || age < BUSY_MS) return { key, found };
      if (latest === undefined || found.since > latest.found.since) latest = { key, found };
    }
    return latest!;
  };

  return {
    async open(guard, policy, backend, call = {}): Promise<GuardSession> {
      if (closed) throw new ClosedError("Cannot open a session: the pool is closed");
      const session = `${identity(guard)}:${identity(backend)}:${JSON.stringify(policy ?? null)}`;
      const { key, found } = placeFor(session, performance.now());
      const usable = found !== undefined && (found.guard === undefined || found.guard.health === "ok");
      const { signal, timeoutMs, ...shared } = call;
      // Others may wait for the same session: one caller's deadline must not end it for them.
      const entry = usable
        ? found
        : create(key, guard, policy, { ...shared, ...(backend === undefined ? {} : { backend }) });
      // A Map keeps the order of insertion: the least recently used comes first.
      if (key !== newest || !usable) {
        forget(key);
        entries.set(key, entry);
        weight += entry.bytes;
        newest = key;
      }
      const deadline = createDeadline(signal, timeoutMs, { guard: guard.name, phase: "label_agent" });
      deadline.check();
      const opened = entry.opened ?? (await stayAwake(deadline.race(entry.session)));
      weigh(entry);
      if (entries.size > 1) evict(key);
      return opened;
    },
    get memoryBytes() {
      return [...entries.values()].reduce((sum, { guard }) => sum + (guard?.memoryBytes ?? 0), 0);
    },
    async close(): Promise<void> {
      closed = true;
      const all = [...entries];
      entries.clear();
      weight = 0;
      await Promise.all(all.map(([, { guard }]) => guard?.close()));
    },
  };
}

/** The same guard; its entry knows how many of its calls have not ended, and `onEnd` hears of each that has. */
function counted<G extends FreshGuard>(own: G, entry: Entry, onEnd: (entry: Entry) => void): G {
  const count = <T>(call: Promise<T>): Promise<T> => {
    if (entry.running++ === 0) entry.since = performance.now();
    const end = (): void => {
      entry.running--;
      onEnd(entry);
    };
    call.then(end, end);
    return call;
  };
  // Everything else is the guard's own, by way of the prototype.
  return Object.create(own, {
    labelResource: { value: (...given: Parameters<Guard["labelResource"]>) => count(own.labelResource(...given)) },
    labelResponse: { value: (...given: Parameters<Guard["labelResponse"]>) => count(own.labelResponse(...given)) },
  }) as G;
}
