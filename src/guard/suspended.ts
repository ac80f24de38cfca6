// JavaScript Promise Integration (design.md, Suspension): the guest is suspended at every question, one after the other.
import { LimitError } from "../errors.ts";
import type { Guest } from "../wasm/instance.ts";
import type { Answer, LogLine, Question, RunHost } from "../wasm/run.ts";
import { type LabelRun, leave, sleepFor } from "./label-run.ts";

/** Engines die of tens of thousands of suspended stacks (Chromium and Firefox tabs at 20 000). */
const maximumSuspensions = 4096;
let suspensions = 0;

// A class, for its methods exist once: one is made for every call.
class SuspendedHost implements RunHost {
  private readonly call: LabelRun;
  readonly log: (line: LogLine) => void;

  constructor(call: LabelRun) {
    this.call = call;
    this.log = call.options.log;
  }

  ask(): Answer {
    return null;
  }

  askLater(question: Question, answered: (answer: Answer) => void): void {
    const { questions, options, deadline } = this.call;
    const ask = (then: (answer: Answer) => void): void => questions.answer(question, options.backendCalls, then);
    // Without bounds only a close ends the call, which settles the question as well.
    if (!deadline.bounded) ask(answered);
    else deadline.race(new Promise(ask)).then(answered, () => answered(null));
  }

  sleep(): void {}

  async sleepLater(milliseconds: number): Promise<void> {
    this.call.slept(milliseconds);
    await sleepFor(milliseconds, this.call.deadline);
  }

  check(): void {
    this.call.deadline.check();
  }
}

function end(guest: Guest): void {
  suspensions--;
  leave(guest);
}

/** Not an async function: that would be one more promise, and one more turn, for every call. */
function run(call: LabelRun, guest: Guest): string | Promise<string> {
  const remember = (answer: string): string => {
    try {
      return call.remember(answer);
    } finally {
      end(guest);
    }
  };
  const fail = (error: unknown): never => {
    end(guest);
    throw error;
  };
  let answer: string | Promise<string>;
  try {
    answer = call.enter(guest, new SuspendedHost(call));
  } catch (error) {
    return fail(error);
  }
  return typeof answer === "string" ? remember(answer) : answer.then(remember, fail);
}

async function runLater(call: LabelRun, started: Promise<Guest>): Promise<string> {
  let guest: Guest;
  try {
    guest = await started;
  } catch (error) {
    suspensions--;
    throw error;
  }
  return run(call, guest);
}

/** Throws LimitError `suspensions` when too many guests are suspended already. */
export function suspended(call: LabelRun): string | Promise<string> {
  if (suspensions >= maximumSuspensions) {
    throw new LimitError(
      "suspensions",
      `Cannot suspend another guard: ${suspensions} are suspended already, more would exhaust the engine`,
    );
  }
  const guest = call.state.guest(true);
  suspensions++;
  return guest instanceof Promise ? runLater(call, guest) : run(call, guest);
}
