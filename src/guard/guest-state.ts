// The state of a session's instance and the way back to it: a base (a checkpoint, or the module's beginning) and the calls since,
// each with everything that the host told it. Guests are deterministic, so running them again leads to the same state, and the
// usual call pays for no checkpoint at all.
import { type LimitError, locate, ModuleError } from "../errors.ts";
import type { LabelFunction } from "../wasm/contract.ts";
import { type ExchangeOptions, exchange, type InputKeeper, releaseBuffers } from "../wasm/exchange.ts";
import { faultOf } from "../wasm/faults.ts";
import {
  type Checkpoint,
  captureObstacle,
  createGuest,
  type FindTold,
  type Guest,
  type GuestModule,
  type InstanceOptions,
  memoryExcess,
} from "../wasm/instance.ts";
import { createRun, type LogLine, type Recording, type RunHost, repeatingBudget, repeatingHost } from "../wasm/run.ts";
import { createJournal, type Journal } from "./journal.ts";

/**
 * Beyond this a checkpoint is cheaper than running the calls again. Bytes are inputs and what the host told the guest: as many as a
 * checkpoint would copy, within these bounds.
 */
const journalCalls = 1024;
const leastJournalBytes = 128 * 1024;
const mostJournalBytes = 2 * 1024 * 1024;
/** Where no checkpoint is possible, the calls are the only way back. */
const lastResortCalls = 256;
const lastResortBytes = 16 * 1024 * 1024;
/** An input of this length costs the guest more than a checkpoint costs the host. */
const heavyLength = 64 * 1024;

/** Where a session can be taken back to. */
interface Origin {
  readonly base: Checkpoint | undefined;
  readonly genesis: Recording;
  readonly journal: Journal;
  /** False once calls were dropped from the journal of a module whose state cannot be captured. */
  readonly complete: boolean;
  readonly calls: number;
  /** See InstanceOptions. Never set back: a clock does not run backwards. */
  readonly ahead: bigint;
}

export interface GuestStateOptions {
  readonly source: GuestModule;
  readonly instance: Omit<InstanceOptions, "suspends" | "clocks">;
  readonly exchange: ExchangeOptions;
  readonly log: (line: LogLine) => void;
  readonly guard: string;
}

export interface GuestState extends InputKeeper {
  /** The instance, with suspending imports or plain ones as wanted. */
  guest(suspends: boolean): Guest | Promise<Guest>;
  /** Whether the instance suspends now. */
  readonly suspends: boolean;
  /** Moves the session's clocks on. */
  advance(milliseconds: number): void;
  /** Set when the guest's memory is above the cap: possible only for a module that was not prepared. */
  readonly excess: LimitError | undefined;
  /** Why there is no checkpoint to be had; `undefined` when there is. */
  readonly obstacle: string | undefined;
  /** Whether the way back is open: always with checkpoints, otherwise only for a session's first calls. */
  readonly canRewind: boolean;
  /** Whether the last call had to go back. */
  readonly rewoundLately: boolean;
  /** Where the state after label_agent is kept, for instances to come; absent when it is not wanted. */
  readonly told: FindTold | undefined;
  /** How many calls have finished. */
  readonly calls: number;
  /** A checkpoint of the present state that nobody writes to; `undefined` when there is none to be had. */
  snapshot(): Checkpoint | undefined;
  /** Puts a stored state in place. False when it does not fit: then everything is as before. */
  adopt(checkpoint: Checkpoint): boolean;
  /** Remembers a finished call; the recording is absent when the host told the guest nothing. */
  push(name: LabelFunction, text: string, recording: Recording | undefined): void;
  /**
   * Makes the present state the base, unless it is, or cannot be. `prepare` may change it beforehand, and tells whether it did: with the
   * host's buffers in place already, a run does not grow the memory beyond the base, and going back needs no fresh instance.
   */
  settle(prepare?: (guest: Guest) => boolean): void;
  /** Goes back to the state after the last finished call. Throws ModuleError `state-not-capturable` when the way is lost. */
  rewind(): Promise<void>;
  /** A second state, equal to the one after the last finished call. */
  clone(): Promise<GuestState>;
  /** The linear memory and what is kept for going back, in bytes. */
  readonly memoryBytes: number;
  /** Gives the host's buffers back to the guest. */
  release(): void;
  close(): void;
}

/** How much of the memory is the guest's own. */
function stateBytes({ bytes, buffers: { input, output } }: Guest): number {
  return bytes.length - (input?.size ?? 0) - (output?.size ?? 0);
}

function checkpointBytes(checkpoint: Checkpoint | undefined): number {
  return checkpoint?.parts.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? 0;
}

/** Starts an instance; `suspends` is how its first call will want it. */
export async function createGuestState(options: GuestStateOptions, suspends: boolean): Promise<GuestState> {
  const genesis: Recording = {};
  const clocks = { ahead: 0n };
  const host: RunHost = {
    ask: () => null,
    askLater: (_, answered) => answered(null),
    // Nobody waits for a guard that sleeps while it starts: its clocks move instead.
    sleep: (milliseconds) => advance(clocks, milliseconds),
    sleepLater: async (milliseconds) => advance(clocks, milliseconds),
    log: options.log,
  };
  const start = { genesis, journal: createJournal(), complete: true, calls: 0, ahead: 0n };
  const { warm } = options.source;
  if (warm?.image !== undefined) {
    const guest = await createGuest(options.source, { ...options.instance, suspends, clocks });
    if (putInPlace(guest, warm.image)) {
      warm.used();
      return keepState(options, guest, { ...start, base: warm.image }, clocks);
    }
    warm.refuse();
  }
  const guest = await begin(options, clocks, genesis, host, suspends);
  // A guard that slept while it started has seen clocks that the next one would find behind.
  if (clocks.ahead === 0n) warm?.take(guest.checkpoint());
  return keepState(options, guest, { ...start, base: undefined }, clocks);
}

/** False when stored state is not this module's after all; then the instance is spoilt. */
function putInPlace(guest: Guest, checkpoint: Checkpoint): boolean {
  try {
    return guest.restore(checkpoint);
  } catch {
    return false;
  }
}

type Clocks = InstanceOptions["clocks"];

function advance(clocks: Clocks, milliseconds: number): void {
  clocks.ahead += BigInt(Math.round(milliseconds * 1e6));
}

async function begin(
  options: GuestStateOptions,
  clocks: Clocks,
  genesis: Recording,
  host: RunHost,
  suspends: boolean,
): Promise<Guest> {
  try {
    const guest = await createGuest(options.source, { ...options.instance, suspends, clocks });
    guest.run = createRun(genesis, host);
    await guest.initialize?.();
    guest.flush();
    guest.run = undefined;
    return guest;
  } catch (error) {
    const context = { guard: options.guard, phase: "_initialize" };
    throw locate(faultOf(error, context), context);
  }
}

function keepState(
  options: GuestStateOptions,
  first: Guest | undefined,
  origin: Origin,
  clocks: Clocks = { ahead: origin.ahead },
): GuestState {
  const { source } = options;
  const obstacle = captureObstacle(source);
  let current = first;
  let { base, complete } = origin;
  const { journal } = origin;
  let closed = false;
  /** Whether another state holds the same base. */
  let shared = true;
  let rewinds = 0;
  let rewoundLately = false;
  let { calls } = origin;

  /** Whether a checkpoint is the better way to remember another call. */
  const isFull = (inputLength: number): boolean => {
    if (obstacle !== undefined) return false;
    const bytes = journal.bytes + inputLength;
    if (journal.calls < journalCalls && bytes <= leastJournalBytes) return false;
    return (
      journal.calls >= journalCalls || bytes > mostJournalBytes || current === undefined || bytes > stateBytes(current)
    );
  };

  const setBase = (guest: Guest): void => {
    base = guest.checkpoint(shared ? undefined : base);
    shared = false;
    journal.clear();
    complete = true;
  };

  const repeat = async (guest: Guest): Promise<void> => {
    for (const { name, text, recording } of journal.entries()) {
      guest.run = createRun(recording, repeatingHost(recording), repeatingBudget(recording));
      try {
        await exchange(guest, guest.label(name), text, options.exchange);
      } catch (error) {
        // A call that ended with the guard's own error ends so again; a throw out of the guest cannot be in the journal.
        const fault = faultOf(error, { guard: options.guard, phase: name });
        if (fault.code === "trap" || fault.code === "exit" || fault.code === "out-of-fuel") throw fault;
      } finally {
        // Half a line must not turn up in the next call's log.
        guest.flush();
        guest.run = undefined;
      }
    }
  };

  const fresh = async (suspends: boolean): Promise<Guest> => {
    if (base === undefined) return begin(options, clocks, origin.genesis, repeatingHost(origin.genesis), suspends);
    const guest = await createGuest(source, { ...options.instance, suspends, clocks });
    guest.restore(base);
    return guest;
  };

  const lost = (): ModuleError =>
    new ModuleError(
      "state-not-capturable",
      `Cannot restore the guard's state: ${obstacle}; load a fresh guard instead`,
      { guard: options.guard },
    );

  const rewind = async (suspends: boolean): Promise<Guest> => {
    if (!complete) throw lost();
    const guest = current;
    current = undefined;
    const inPlace = guest !== undefined && base !== undefined && guest.suspends === suspends && guest.restore(base);
    const next = inPlace ? guest : await fresh(suspends);
    await repeat(next);
    if (!closed) current = next;
    return next;
  };

  const settle = (prepare?: (guest: Guest) => boolean): void => {
    if (obstacle !== undefined || current === undefined) return;
    const changed = prepare?.(current) === true;
    if (changed || base === undefined || journal.calls > 0) setBase(current);
  };

  return {
    obstacle,
    get suspends() {
      return current?.suspends ?? false;
    },
    advance: (milliseconds) => advance(clocks, milliseconds),
    get rewoundLately() {
      return rewoundLately;
    },
    get canRewind() {
      return complete;
    },
    guest(suspends): Guest | Promise<Guest> {
      if (current?.suspends === suspends) return current;
      // The other kind of imports needs another instance: the state moves over by a checkpoint, or by running the calls again.
      settle();
      return rewind(suspends);
    },
    get excess() {
      return current === undefined ? undefined : memoryExcess(current, source);
    },
    told: source.warm?.told,
    get calls() {
      return calls;
    },
    snapshot() {
      settle();
      shared = true;
      return journal.calls === 0 && clocks.ahead === 0n ? base : undefined;
    },
    adopt(checkpoint) {
      if (current === undefined) return false;
      if (!putInPlace(current, checkpoint)) {
        // The next call makes another instance.
        current = undefined;
        return false;
      }
      calls++;
      base = checkpoint;
      shared = true;
      journal.clear();
      return true;
    },
    keep(text, input, length): void {
      if (complete && !isFull(length)) journal.keep(text, input, length);
    },
    push(name, text, recording): void {
      calls++;
      rewoundLately = rewinds > 0;
      rewinds = 0;
      if (!complete) return;
      if (isFull(text.length) && current !== undefined) return void setBase(current);
      journal.push(name, text, recording);
      if (obstacle === undefined || (journal.calls <= lastResortCalls && journal.bytes <= lastResortBytes)) return;
      complete = false;
      journal.clear();
    },
    settle,
    async rewind(): Promise<void> {
      rewinds++;
      await rewind(current?.suspends ?? false);
    },
    async clone(): Promise<GuestState> {
      if (!complete) throw lost();
      const { genesis } = origin;
      shared = true;
      const second = keepState(options, undefined, {
        base,
        genesis,
        journal: journal.copy(),
        complete,
        calls,
        ahead: clocks.ahead,
      });
      await second.rewind();
      return second;
    },
    get memoryBytes() {
      return (current?.memory.buffer.byteLength ?? 0) + checkpointBytes(base) + journal.bytes;
    },
    release(): void {
      try {
        if (current !== undefined) releaseBuffers(current);
      } catch {
        // The instance is given up anyway.
      }
    },
    close(): void {
      closed = true;
      current = undefined;
      base = undefined;
      journal.clear();
      complete = false;
    },
  };
}

/** Whether a call with this input is worth a checkpoint before it runs. */
export const isHeavy = (text: string): boolean => text.length > heavyLength;
