// One label call while it runs: what it was given, what it has cost, what the host told the guest; and what the strategies share.
import type { Backend } from "../backend/backend.ts";
import { LimitError } from "../errors.ts";
import type { LabelFunction } from "../wasm/contract.ts";
import { type ExchangeOptions, exchange } from "../wasm/exchange.ts";
import type { Guest } from "../wasm/guest.ts";
import { createRun, type LogLine, type Recording, type RunHost } from "../wasm/run.ts";
import type { Deadline } from "./deadline.ts";
import { budgetOf } from "./fuel-budget.ts";
import type { GuestState } from "./guest-state.ts";
import type { Patience } from "./patience.ts";
import { Questions } from "./questions.ts";

export type Suspension = "none" | "replay" | "jspi";

/** What is the same for all calls of a guard. */
export interface LabelCallOptions {
  readonly guard: string;
  readonly backendCalls: number;
  readonly patience: Patience;
  readonly timed: boolean;
  readonly concurrency: number;
  readonly speculate: boolean;
  readonly exchange: ExchangeOptions;
  readonly log: (line: LogLine) => void;
  /** Present when the guard counts what it burns; the limit is the caller's. */
  readonly fuel?: { readonly limit: number | undefined } | undefined;
}

/** A guard that sleeps more often in one call waits for something that does not come. */
const maximumSleeps = 256;
const noSleeps: readonly number[] = [];

// A class that is recording and report in one: it is made for every call.
export class LabelRun implements Recording {
  readonly name: LabelFunction;
  readonly text: string;
  readonly state: GuestState;
  readonly options: LabelCallOptions;
  readonly suspension: Suspension;
  readonly backend: Backend | undefined;
  readonly deadline: Deadline;
  /** How often the guest has run. */
  runs = 0;
  sleeps: readonly number[] = noSleeps;
  /** What the last run burned, of a guard that counts. */
  fuel: number | undefined = undefined;
  clocks: Map<string, bigint[]> | undefined = undefined;
  randoms: Uint8Array[] | undefined = undefined;
  private known: Questions | undefined = undefined;
  private guest: Guest | undefined = undefined;
  private host: RunHost | undefined = undefined;

  constructor(
    name: LabelFunction,
    text: string,
    state: GuestState,
    suspension: Suspension,
    options: LabelCallOptions,
    backend: Backend | undefined,
    deadline: Deadline,
  ) {
    this.name = name;
    this.text = text;
    this.state = state;
    this.suspension = suspension;
    this.options = options;
    this.backend = backend;
    this.deadline = deadline;
  }

  /** Made when the guest first asks: most calls do not. */
  get questions(): Questions {
    if (this.known === undefined) {
      this.known = new Questions(this.backend, this.options, this.deadline);
      this.known.beginRun();
    }
    return this.known;
  }

  /** The same, absent when nothing was asked. */
  get askedQuestions(): Questions | undefined {
    return this.known;
  }

  /** Begins a run of the guest. `leave` ends it, also after a throw. */
  enter(guest: Guest, host: RunHost): string | Promise<string> {
    this.runs++;
    this.known?.beginRun();
    this.guest = guest;
    this.host = host;
    guest.run = createRun(this, host, this.options.fuel === undefined ? undefined : budgetOf(this));
    return exchange(guest, guest.label(this.name), this.text, this.options.exchange, this.state);
  }

  /** The guest is out of its run, if it was in one. */
  leave(): void {
    const { guest, host } = this;
    if (guest === undefined) return;
    this.guest = undefined;
    host?.left?.();
    // Half a line must not turn up in a later run.
    guest.flush();
    guest.run = undefined;
  }

  slept(milliseconds: number): void {
    this.sleeps = [...this.sleeps, milliseconds];
    if (this.sleeps.length <= maximumSleeps) return;
    throw new LimitError("sleeps", `The guard slept more than ${maximumSleeps} times in one call`);
  }

  /**
   * What the host told the guest in the run that counts; `undefined` when that is nothing. Answers that only a speculative run asked
   * for do not belong to it.
   */
  finalRecording(): Recording | undefined {
    const answers = this.known?.answers();
    const { clocks, randoms, fuel } = this;
    if (answers === undefined && clocks === undefined && randoms === undefined && fuel === undefined) return undefined;
    return { answers, clocks, randoms, fuel };
  }

  /** Makes the finished call part of the state. */
  remember(): void {
    // An answer that came too late does not count, and leaves no trace in the state.
    this.deadline.check();
    const { excess } = this.state;
    if (excess !== undefined) throw excess;
    this.state.push(this.name, this.text, this.finalRecording());
  }
}

export async function sleepFor(milliseconds: number, deadline: Deadline): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Timers may fire up to a millisecond before the clocks show it, and the guest would find that it woke early.
  const patience = Math.min(Math.ceil(milliseconds) + 1, 2 ** 31 - 1);
  try {
    await deadline.race(new Promise<void>((resolve) => (timer = setTimeout(resolve, patience))));
  } finally {
    clearTimeout(timer);
  }
}
