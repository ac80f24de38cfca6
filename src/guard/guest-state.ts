// The state of a session's instance and the way back to it: a base (a checkpoint, or the module's beginning) and the calls since,
// each with everything that the host told it. Guests are deterministic, so running them again leads to the same state, and the
// usual call pays for no checkpoint at all.
import { type LimitError, ModuleError } from "../errors.ts";
import type { LabelFunction } from "../wasm/contract.ts";
import { exchange, type InputKeeper, releaseBuffers } from "../wasm/exchange.ts";
import { faultOf } from "../wasm/faults.ts";
import type { Checkpoint, FindTold, Guest } from "../wasm/guest.ts";
import { captureObstacle, createGuest, memoryExcess } from "../wasm/instance.ts";
import { createRun, type Recording, repeatingBudget, repeatingHost } from "../wasm/run.ts";
import { advance, begin, type Clocks, type GuestStateOptions, putInPlace, startingHost } from "./guest-start.ts";
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
  const start = { genesis, journal: createJournal(), complete: true, calls: 0 };
  const { warm } = options.source;
  if (warm?.image !== undefined) {
    const guest = await createGuest(options.source, { ...options.instance, suspends, clocks });
    if (putInPlace(guest, warm.image)) {
      warm.used();
      return new SessionState(options, guest, { ...start, base: warm.image }, clocks);
    }
    warm.refuse();
  }
  const guest = await begin(options, clocks, genesis, startingHost(options.log, clocks), suspends);
  // A guard that slept while it started has seen clocks that the next one would find behind.
  if (clocks.ahead === 0n) warm?.take(guest.checkpoint());
  return new SessionState(options, guest, { ...start, base: undefined }, clocks);
}

// A class: to the engines an object literal with getters is a dictionary, and every call looks at its state.
class SessionState implements GuestState {
  readonly #options: GuestStateOptions;
  readonly #genesis: Recording;
  readonly #journal: Journal;
  readonly #clocks: Clocks;
  readonly obstacle: string | undefined;
  readonly told: FindTold | undefined;
  calls: number;
  rewoundLately = false;
  #current: Guest | undefined;
  #base: Checkpoint | undefined;
  #complete: boolean;
  #closed = false;
  /** Whether another state holds the same base. */
  #shared = true;
  #rewinds = 0;

  constructor(options: GuestStateOptions, first: Guest | undefined, origin: Origin, clocks: Clocks) {
    const { source } = options;
    this.#options = options;
    this.#genesis = origin.genesis;
    this.#journal = origin.journal;
    this.#clocks = clocks;
    this.obstacle = captureObstacle(source);
    this.told = source.warm?.told;
    this.calls = origin.calls;
    this.#current = first;
    this.#base = origin.base;
    this.#complete = origin.complete;
  }

  get suspends(): boolean {
    return this.#current?.suspends ?? false;
  }

  get canRewind(): boolean {
    return this.#complete;
  }

  get excess(): LimitError | undefined {
    return this.#current === undefined ? undefined : memoryExcess(this.#current, this.#options.source);
  }

  get memoryBytes(): number {
    return (this.#current?.memory.buffer.byteLength ?? 0) + checkpointBytes(this.#base) + this.#journal.bytes;
  }

  advance(milliseconds: number): void {
    advance(this.#clocks, milliseconds);
  }

  guest(suspends: boolean): Guest | Promise<Guest> {
    const current = this.#current;
    if (current?.suspends === suspends) return current;
    // The other kind of imports needs another instance: the state moves over by a checkpoint, or by running the calls again.
    this.settle();
    return this.#rewind(suspends);
  }

  snapshot(): Checkpoint | undefined {
    this.settle();
    this.#shared = true;
    return this.#journal.calls === 0 && this.#clocks.ahead === 0n ? this.#base : undefined;
  }

  adopt(checkpoint: Checkpoint): boolean {
    if (this.#current === undefined) return false;
    if (!putInPlace(this.#current, checkpoint)) {
      // The next call makes another instance.
      this.#current = undefined;
      return false;
    }
    this.calls++;
    this.#base = checkpoint;
    this.#shared = true;
    this.#journal.clear();
    return true;
  }

  keep(text: string, input: Uint8Array, length: number): void {
    if (this.#complete && !this.#isFull(length)) this.#journal.keep(text, input, length);
  }

  push(name: LabelFunction, text: string, recording: Recording | undefined): void {
    this.calls++;
    this.rewoundLately = this.#rewinds > 0;
    this.#rewinds = 0;
    if (!this.#complete) return;
    const journal = this.#journal;
    if (this.#isFull(text.length) && this.#current !== undefined) return void this.#setBase(this.#current);
    journal.push(name, text, recording);
    if (this.obstacle === undefined || (journal.calls <= lastResortCalls && journal.bytes <= lastResortBytes)) return;
    this.#complete = false;
    journal.clear();
  }

  settle(prepare?: (guest: Guest) => boolean): void {
    const current = this.#current;
    if (this.obstacle !== undefined || current === undefined) return;
    const changed = prepare?.(current) === true;
    if (changed || this.#base === undefined || this.#journal.calls > 0) this.#setBase(current);
  }

  async rewind(): Promise<void> {
    this.#rewinds++;
    await this.#rewind(this.suspends);
  }

  async clone(): Promise<GuestState> {
    if (!this.#complete) throw this.#lost();
    this.#shared = true;
    const { calls } = this;
    const { ahead } = this.#clocks;
    const origin = {
      base: this.#base,
      genesis: this.#genesis,
      journal: this.#journal.copy(),
      complete: true,
      calls,
    };
    const second = new SessionState(this.#options, undefined, origin, { ahead });
    await second.rewind();
    return second;
  }

  release(): void {
    try {
      if (this.#current !== undefined) releaseBuffers(this.#current);
    } catch {
      // The instance is given up anyway.
    }
  }

  close(): void {
    this.#closed = true;
    this.#current = undefined;
    this.#base = undefined;
    this.#journal.clear();
    this.#complete = false;
  }

  /** Whether a checkpoint is the better way to remember another call. */
  #isFull(inputLength: number): boolean {
    if (this.obstacle !== undefined) return false;
    const { calls } = this.#journal;
    const bytes = this.#journal.bytes + inputLength;
    if (calls < journalCalls && bytes <= leastJournalBytes) return false;
    const current = this.#current;
    return calls >= journalCalls || bytes > mostJournalBytes || current === undefined || bytes > stateBytes(current);
  }

  #setBase(guest: Guest): void {
    this.#base = guest.checkpoint(this.#shared ? undefined : this.#base);
    this.#shared = false;
    this.#journal.clear();
    this.#complete = true;
  }

  async #rewind(suspends: boolean): Promise<Guest> {
    if (!this.#complete) throw this.#lost();
    const guest = this.#current;
    const base = this.#base;
    this.#current = undefined;
    const inPlace = guest !== undefined && base !== undefined && guest.suspends === suspends && guest.restore(base);
    const next = inPlace ? guest : await this.#fresh(suspends);
    await this.#repeat(next);
    if (!this.#closed) this.#current = next;
    return next;
  }

  async #fresh(suspends: boolean): Promise<Guest> {
    const { source, instance } = this.#options;
    const base = this.#base;
    const genesis = this.#genesis;
    const clocks = this.#clocks;
    if (base === undefined) return begin(this.#options, clocks, genesis, repeatingHost(genesis), suspends);
    const guest = await createGuest(source, { ...instance, suspends, clocks });
    guest.restore(base);
    return guest;
  }

  async #repeat(guest: Guest): Promise<void> {
    const { exchange: options, guard } = this.#options;
    for (const { name, text, recording } of this.#journal.entries()) {
      guest.run = createRun(recording, repeatingHost(recording), repeatingBudget(recording));
      try {
        await exchange(guest, guest.label(name), text, options);
      } catch (error) {
        // A call that ended with the guard's own error ends so again; a throw out of the guest cannot be in the journal.
        const fault = faultOf(error, { guard, phase: name });
        if (fault.code === "trap" || fault.code === "exit" || fault.code === "out-of-fuel") throw fault;
      } finally {
        // Half a line must not turn up in the next call's log.
        guest.flush();
        guest.run = undefined;
      }
    }
  }

  #lost(): ModuleError {
    return new ModuleError(
      "state-not-capturable",
      `Cannot restore the guard's state: ${this.obstacle}; load a fresh guard instead`,
      { guard: this.#options.guard },
    );
  }
}

/** Whether a call with this input is worth a checkpoint before it runs. */
export const isHeavy = (text: string): boolean => text.length > heavyLength;
