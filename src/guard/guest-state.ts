// The state of a session's instance and the way back to it: a base (a checkpoint, or the module's beginning) and the calls since,
// each with everything that the host told it. Guests are deterministic, so running them again leads to the same state, and the
// usual call pays for no checkpoint at all.
import { ModuleError } from "../errors.ts";
import type { LabelFunction } from "../wasm/contract.ts";
import { type ExchangeOptions, exchange, releaseBuffers } from "../wasm/exchange.ts";
import { faultOf } from "../wasm/faults.ts";
import {
  type Checkpoint,
  captureObstacle,
  checkMemory,
  createGuest,
  type Guest,
  type GuestModule,
  type InstanceOptions,
} from "../wasm/instance.ts";
import { createRecording, createRun, type LogLine, type Recording, type RunHost, repeatingHost } from "../wasm/run.ts";

/** A finished call, enough to run it again. */
interface JournalEntry {
  readonly name: LabelFunction;
  readonly text: string;
  readonly recording: Recording;
}

/** Beyond this a checkpoint is cheaper than running the calls again. */
const journalCalls = 256;
const journalLength = 256 * 1024;
/** An input of this length costs the guest more than a checkpoint costs the host. */
const heavyLength = 64 * 1024;

/** Where a session can be taken back to. */
interface Origin {
  readonly base: Checkpoint | undefined;
  readonly genesis: Recording;
  readonly journal: readonly JournalEntry[];
  /** False once calls were dropped from the journal of a module whose state cannot be captured. */
  readonly complete: boolean;
}

export interface GuestStateOptions {
  readonly source: GuestModule;
  readonly instance: Omit<InstanceOptions, "suspends">;
  readonly exchange: ExchangeOptions;
  readonly log: (line: LogLine) => void;
  readonly guard: string;
}

export interface GuestState {
  /** The instance, with suspending imports or plain ones as wanted. */
  guest(suspends: boolean): Guest | Promise<Guest>;
  /** Why there is no checkpoint to be had; `undefined` when there is. */
  readonly obstacle: string | undefined;
  /** Whether the way back is open: always with checkpoints, otherwise only for a session's first calls. */
  readonly canRewind: boolean;
  /** Whether the last call had to go back. */
  readonly rewoundLately: boolean;
  /** Remembers a finished call. */
  push(name: LabelFunction, text: string, recording: Recording): void;
  /** Makes the present state the base, unless it is, or cannot be. */
  settle(): void;
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

function checkpointBytes(checkpoint: Checkpoint | undefined): number {
  return checkpoint?.parts.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? 0;
}

export async function createGuestState(options: GuestStateOptions): Promise<GuestState> {
  const genesis = createRecording();
  const host: RunHost = {
    ask: () => null,
    askLater: async () => null,
    sleep: () => {},
    sleepLater: async () => {},
    log: options.log,
  };
  const guest = await begin(options, genesis, host, false);
  return keepState(options, guest, { base: undefined, genesis, journal: [], complete: true });
}

async function begin(options: GuestStateOptions, genesis: Recording, host: RunHost, suspends: boolean): Promise<Guest> {
  try {
    const guest = await createGuest(options.source, { ...options.instance, suspends });
    guest.run = createRun(genesis, host);
    await guest.initialize?.();
    guest.flush();
    guest.run = undefined;
    return guest;
  } catch (error) {
    throw faultOf(error, { guard: options.guard, phase: "_initialize" });
  }
}

function keepState(options: GuestStateOptions, first: Guest | undefined, origin: Origin): GuestState {
  const { source } = options;
  const obstacle = captureObstacle(source);
  let current = first;
  let { base, complete } = origin;
  let journal = [...origin.journal];
  let weight = journal.reduce((sum, { text }) => sum + text.length, 0);
  let rewinds = 0;
  let rewoundLately = false;

  const setBase = (guest: Guest): void => {
    base = guest.checkpoint();
    journal = [];
    weight = 0;
    complete = true;
  };

  const repeat = async (guest: Guest): Promise<void> => {
    for (const { name, text, recording } of journal) {
      guest.run = createRun(recording, repeatingHost(recording));
      try {
        await exchange(guest, guest.label(name), text, options.exchange);
      } catch (error) {
        // A call that ended with the guard's own error ends so again; a throw out of the guest cannot be in the journal.
        const fault = faultOf(error, { guard: options.guard, phase: name });
        if (fault.code === "trap" || fault.code === "exit") throw fault;
      } finally {
        guest.run = undefined;
      }
    }
  };

  const fresh = async (suspends: boolean): Promise<Guest> => {
    if (base === undefined) return begin(options, origin.genesis, repeatingHost(origin.genesis), suspends);
    const guest = await createGuest(source, { ...options.instance, suspends });
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
    if (guest !== undefined && base !== undefined && guest.suspends === suspends && guest.restore(base)) {
      await repeat(guest);
      current = guest;
      return guest;
    }
    const replacement = await fresh(suspends);
    await repeat(replacement);
    current = replacement;
    return replacement;
  };

  const settle = (): void => {
    if (obstacle === undefined && current !== undefined && (base === undefined || journal.length > 0)) setBase(current);
  };

  return {
    obstacle,
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
    push(name, text, recording): void {
      rewoundLately = rewinds > 0;
      rewinds = 0;
      if (current !== undefined) checkMemory(current, source);
      journal.push({ name, text, recording });
      weight += text.length;
      if (journal.length <= journalCalls && weight <= journalLength) return;
      if (obstacle === undefined && current !== undefined) return setBase(current);
      complete = false;
      journal = [];
      weight = 0;
    },
    settle,
    async rewind(): Promise<void> {
      rewinds++;
      await rewind(current?.suspends ?? false);
    },
    async clone(): Promise<GuestState> {
      if (!complete) throw lost();
      const second = keepState(options, undefined, { base, genesis: origin.genesis, journal, complete });
      await second.rewind();
      return second;
    },
    get memoryBytes() {
      return (current?.memory.buffer.byteLength ?? 0) + checkpointBytes(base);
    },
    release(): void {
      try {
        if (current !== undefined) releaseBuffers(current);
      } catch {
        // The instance is given up anyway.
      }
    },
    close(): void {
      current = undefined;
      base = undefined;
      journal = [];
      complete = false;
    },
  };
}

/** Whether a call with this input is worth a checkpoint before it runs. */
export const isHeavy = (text: string): boolean => text.length > heavyLength;
