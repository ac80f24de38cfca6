// JavaScript Promise Integration (design.md, Suspension): the guest is suspended at every question, one after the other.
import { LimitError } from "../errors.ts";
import type { Guest } from "../wasm/guest.ts";
import type { Answer, LogLine, Question, RunHost } from "../wasm/run.ts";
import { type LabelRun, sleepFor } from "./label-run.ts";

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
    suspensions++;
  }

  left(): void {
    suspensions--;
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

/** No promise but the exchange's own: each would be one more turn for every call. */
function run(call: LabelRun, guest: Guest): string | Promise<string> {
  if (suspensions >= maximumSuspensions) {
    throw new LimitError(
      "suspensions",
      `Cannot suspend another guard: ${suspensions} are suspended already, more would exhaust the engine`,
    );
  }
  return call.enter(guest, new SuspendedHost(call));
}

/** Throws LimitError `suspensions` when too many guests are suspended already. */
export function suspended(call: LabelRun): string | Promise<string> {
  const guest = call.state.guest(true);
  return guest instanceof Promise ? guest.then((swapped) => run(call, swapped)) : run(call, guest);
}
