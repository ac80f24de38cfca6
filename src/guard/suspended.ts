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

  askLater(question: Question): Answer | Promise<Answer> {
    const { questions, options, deadline } = this.call;
    const answer = questions.answer(question, options.backendCalls);
    // Without bounds only a close ends the call, which settles the question as well.
    return answer instanceof Promise && deadline.bounded ? deadline.race(answer) : answer;
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

async function run(call: LabelRun, started: Guest | Promise<Guest>): Promise<string> {
  suspensions++;
  try {
    const guest = started instanceof Promise ? await started : started;
    try {
      return call.remember(await call.enter(guest, new SuspendedHost(call)));
    } finally {
      leave(guest);
    }
  } finally {
    suspensions--;
  }
}

/** Throws LimitError `suspensions` when too many guests are suspended already. */
export function suspended(call: LabelRun): Promise<string> {
  if (suspensions < maximumSuspensions) return run(call, call.state.guest(true));
  throw new LimitError(
    "suspensions",
    `Cannot suspend another guard: ${suspensions} are suspended already, more would exhaust the engine`,
  );
}
