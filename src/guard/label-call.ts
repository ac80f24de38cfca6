// Runs one label call over a backend that may be synchronous, asynchronous or absent (design.md, Suspension): three strategies,
// the same answers.
import type { Backend } from "../backend/backend.ts";
import { canSuspend } from "../capabilities.ts";
import { LimitError, ModuleError } from "../errors.ts";
import type { LabelFunction } from "../wasm/contract.ts";
import { type ExchangeOptions, exchange, reserveBuffers } from "../wasm/exchange.ts";
import { stopRun } from "../wasm/faults.ts";
import type { Guest } from "../wasm/instance.ts";
import { type Answer, createRun, type LogLine, type Question, type Recording, type RunHost } from "../wasm/run.ts";
import type { Deadline } from "./deadline.ts";
import { budgetOf, tentativeFuel } from "./fuel-budget.ts";
import { type GuestState, isHeavy } from "./guest-state.ts";
import { createQuestions, type Questions } from "./questions.ts";

export type Suspension = "none" | "replay" | "jspi";

export interface LabelCallOptions {
  readonly guard: string;
  readonly backend: Backend | undefined;
  readonly backendCalls: number;
  readonly answerTimeoutMs: number;
  readonly concurrency: number;
  readonly speculate: boolean;
  readonly exchange: ExchangeOptions;
  readonly deadline: Deadline;
  readonly log: (line: LogLine) => void;
  /** Present when the guard counts what it burns; the limit is the caller's. */
  readonly fuel?: { readonly limit: number | undefined } | undefined;
}

/** What a call has cost, filled in while it runs so that a failed call has a figure too. */
export interface LabelCallReport {
  suspension: Suspension;
  recording: Recording;
  runs: number;
  /** Absent until the guest asks. */
  questions: Questions | undefined;
  /** Keys of the questions of the last run, those beyond the limit aside; absent when there were none. */
  asked: Set<string> | undefined;
  sleeps: readonly number[];
  /** What the last run burned, of a guard that counts. */
  fuel: number | undefined;
}

/** After so many speculative runs the guard is taken one question at a time. */
const speculativeRuns = 8;
/** A guard that sleeps more often in one call waits for something that does not come. */
const maximumSleeps = 256;
/** A guard that gets -1 so often in one speculative run asks until it gets an answer. */
const maximumUnknown = 4096;
/** Engines die of tens of thousands of suspended stacks (Chromium and Firefox tabs at 20 000). */
const maximumSuspensions = 4096;
let suspensions = 0;

/**
 * Which strategy fits: none without an asynchronous backend, replay where the state can be taken back, JSPI otherwise.
 * Throws ModuleError `state-not-capturable` when neither works.
 */
export function chooseSuspension(
  wanted: "auto" | "replay" | "jspi",
  backend: Backend | undefined,
  state: GuestState,
  guard: string,
): Suspension {
  if (backend === undefined || backend.synchronous === true) {
    // An instance that suspends does it too, and is the only one left where the way back is lost.
    return state.suspends && !state.canRewind ? "jspi" : "none";
  }
  if (wanted === "jspi") return "jspi";
  if (wanted === "replay" || state.obstacle === undefined) {
    if (state.obstacle === undefined || state.canRewind) return "replay";
  } else if (canSuspend()) return "jspi";
  else if (state.canRewind) return "replay";
  throw new ModuleError(
    "state-not-capturable",
    `Cannot ask an asynchronous backend: ${state.obstacle}, and the guest cannot be suspended (${wanted === "replay" ? '"suspension" is "replay"' : "this runtime has no WebAssembly.Suspending"}); load a fresh guard, or give it a synchronous backend`,
    { guard },
  );
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

interface Call {
  readonly name: LabelFunction;
  readonly text: string;
  readonly recording: Recording;
  readonly state: GuestState;
  readonly options: LabelCallOptions;
  readonly report: LabelCallReport;
}

/** Made when the guest first asks: most calls do not. */
function questionsOf({ report, recording, options }: Call): Questions {
  report.questions ??= createQuestions(options.backend, recording, options);
  return report.questions;
}

/** Makes the call and gives the guest's answer. What the guest throws comes out unchanged. */
export function labelCall(
  name: LabelFunction,
  text: string,
  state: GuestState,
  suspension: Suspension,
  options: LabelCallOptions,
): { answer: string | Promise<string>; report: LabelCallReport } {
  const recording: Recording = {};
  const report: LabelCallReport = {
    suspension,
    recording,
    runs: 0,
    questions: undefined,
    asked: undefined,
    sleeps: noSleeps,
    fuel: undefined,
  };
  const call: Call = { name, text, recording, state, options, report };
  const strategy = suspension === "replay" ? replay : suspension === "jspi" ? suspended : direct;
  // The report must reach the caller even when the strategy throws at once.
  try {
    return { answer: strategy(call), report };
  } catch (error) {
    return { answer: Promise.reject(error), report };
  }
}

/** A call whose answer and state were kept from another instance's: the guest does not run. */
export function knownCall(answer: string): { answer: string; report: LabelCallReport } {
  const report: LabelCallReport = {
    suspension: "none",
    recording: {},
    runs: 0,
    questions: undefined,
    asked: undefined,
    sleeps: noSleeps,
    fuel: undefined,
  };
  return { answer, report };
}

/** Begins a run of the guest. The caller ends it with `leave`, also after a throw. */
function enter(call: Call, guest: Guest, host: RunHost): string | Promise<string> {
  call.report.runs++;
  call.report.asked = undefined;
  guest.run = createRun(call.recording, host, call.options.fuel === undefined ? undefined : budgetOf(call));
  return exchange(guest, guest.label(call.name), call.text, call.options.exchange);
}

function leave(guest: Guest): void {
  // Half a line must not turn up in a later run.
  guest.flush();
  guest.run = undefined;
}

/** Whether a question is beyond the limit of this run. Otherwise it counts from now on. */
function overLimit({ report, options }: Call, { key }: Question): boolean {
  report.asked ??= new Set();
  const { asked } = report;
  if (asked.has(key)) return false;
  if (asked.size >= options.backendCalls) return true;
  asked.add(key);
  return false;
}

const noSleeps: readonly number[] = [];

function slept(report: LabelCallReport, milliseconds: number): void {
  report.sleeps = [...report.sleeps, milliseconds];
  if (report.sleeps.length <= maximumSleeps) return;
  throw new LimitError("sleeps", `The guard slept more than ${maximumSleeps} times in one call`);
}

/** What the host told the guest in the run that counts: answers that only a speculative run asked for do not belong to it. */
export function finalRecording({ recording, asked }: LabelCallReport): Recording {
  const { answers } = recording;
  if (answers !== undefined) for (const key of answers.keys()) if (asked?.has(key) !== true) answers.delete(key);
  return recording;
}

/** No asynchronous backend: one run, nothing awaited, no checkpoint. A sleep moves the guest's clock instead of the wall's. */
function direct(call: Call): string | Promise<string> {
  const guest = call.state.guest(false);
  return guest instanceof Promise ? guest.then((swapped) => runDirectly(call, swapped)) : runDirectly(call, guest);
}

// A class, for its methods exist once: one is made for every call.
class DirectHost implements RunHost {
  readonly #call: Call;
  readonly log: (line: LogLine) => void;

  constructor(call: Call) {
    this.#call = call;
    this.log = call.options.log;
  }

  ask(question: Question): Answer {
    return overLimit(this.#call, question) ? null : (questionsOf(this.#call).ask(question) ?? null);
  }

  sleep(milliseconds: number): void {
    slept(this.#call.report, milliseconds);
    this.#call.state.advance(milliseconds);
  }

  check(): void {
    this.#call.options.deadline.check();
  }
}

function runDirectly(call: Call, guest: Guest): string {
  try {
    return remember(call, enter(call, guest, new DirectHost(call)) as string);
  } finally {
    leave(guest);
  }
}

function remember(call: Call, answer: string): string {
  // An answer that came too late does not count, and leaves no trace in the state.
  call.options.deadline.check();
  const { excess } = call.state;
  if (excess !== undefined) throw excess;
  call.state.push(call.name, call.text, finalRecording(call.report));
  return answer;
}

/** One speculative or stepwise run: what it could not know yet is noted, and it does not count. */
async function attempt(
  call: Call,
  guest: Guest,
  stepwise: boolean,
  sleepsDone: number,
): Promise<{ answer: string } | { sleep?: number }> {
  const { options } = call;
  const lines: LogLine[] = [];
  let tentative = false;
  let unknown = 0;
  let sleep: number | undefined;
  let failure: { error: unknown } | undefined;
  let answer: string | undefined;
  const host: RunHost = {
    ask(question: Question): Answer {
      if (overLimit(call, question)) return null;
      const questions = questionsOf(call);
      const found = questions.ask(question);
      if (found !== undefined) return found;
      tentative = true;
      guest.meter?.limit(tentativeFuel);
      if (stepwise || ++unknown > maximumUnknown || questions.count > options.backendCalls * 4) throw stopRun;
      return null;
    },
    sleep(milliseconds: number, index: number): void {
      if (index < sleepsDone) return;
      // After an unknown answer the guest may sleep only because of that; questions after a sleep are new ones and must wait.
      if (!tentative) sleep = milliseconds;
      tentative = true;
      throw stopRun;
    },
    log: (line) => lines.push(line),
    check: () => options.deadline.check(),
  };
  try {
    answer = await enter(call, guest, host);
  } catch (error) {
    failure = { error };
  } finally {
    leave(guest);
  }
  options.deadline.check();
  // Whatever a run does after a false answer is not the guard's doing.
  if (tentative) return sleep === undefined ? {} : { sleep };
  for (const line of lines) options.log(line);
  if (failure !== undefined) throw failure.error;
  return { answer: answer ?? "" };
}

/** Runs again from the state before the call until a run has asked nothing unknown. */
async function replay(call: Call): Promise<string> {
  const { state, options, report } = call;
  // Where going back is likely, or would take long, a checkpoint beforehand is the cheaper way.
  const settle = async (): Promise<void> => {
    try {
      state.settle((guest) => reserveBuffers(guest, call.text, options.exchange));
    } catch {
      // The run itself will meet the allocator's fault.
      await state.rewind();
    }
  };
  if (state.rewoundLately || isHeavy(call.text)) await settle();
  for (;;) {
    const stepwise = !options.speculate || report.runs >= speculativeRuns;
    const outcome = await attempt(call, await state.guest(false), stepwise, report.sleeps.length);
    if ("answer" in outcome) return remember(call, outcome.answer);
    // Going back takes the processor while the answers are on their way; from then on the base is the state before this call.
    await state.rewind();
    await settle();
    if (outcome.sleep !== undefined) {
      slept(report, outcome.sleep);
      await sleepFor(outcome.sleep, options.deadline);
    }
    if (report.questions !== undefined) await options.deadline.race(report.questions.settled());
  }
}

/** Suspends the guest at every question (JavaScript Promise Integration). */
async function suspended(call: Call): Promise<string> {
  const { state, options, report } = call;
  if (suspensions >= maximumSuspensions) {
    throw new LimitError(
      "suspensions",
      `Cannot suspend another guard: ${suspensions} are suspended already, more would exhaust the engine`,
    );
  }
  suspensions++;
  try {
    const found = state.guest(true);
    const guest = found instanceof Promise ? await found : found;
    const host: RunHost = {
      ask: () => null,
      askLater(question): Answer | Promise<Answer> {
        if (overLimit(call, question)) return null;
        const answer = questionsOf(call).answer(question);
        if (!(answer instanceof Promise)) return answer;
        if (options.deadline.bounded) return options.deadline.race(answer);
        // Without bounds only a close ends the call, which settles the question as well.
        return answer.then((found) => {
          options.deadline.check();
          return found;
        });
      },
      sleep: () => {},
      async sleepLater(milliseconds): Promise<void> {
        slept(report, milliseconds);
        await sleepFor(milliseconds, options.deadline);
      },
      log: options.log,
      check: () => options.deadline.check(),
    };
    try {
      return remember(call, await enter(call, guest, host));
    } finally {
      leave(guest);
    }
  } finally {
    suspensions--;
  }
}
