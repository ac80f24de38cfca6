// No asynchronous backend: one run, nothing awaited, no checkpoint. A sleep moves the guest's clock instead of the wall's.
import type { Guest } from "../wasm/guest.ts";
import type { Answer, LogLine, Question, RunHost } from "../wasm/run.ts";
import type { LabelRun } from "./label-run.ts";

// A class, for its methods exist once: one is made for every call.
class DirectHost implements RunHost {
  private readonly call: LabelRun;
  readonly log: (line: LogLine) => void;

  constructor(call: LabelRun) {
    this.call = call;
    this.log = call.options.log;
  }

  ask(question: Question): Answer {
    return this.call.questions.ask(question, this.call.options.backendCalls) ?? null;
  }

  sleep(milliseconds: number): void {
    this.call.slept(milliseconds);
    this.call.state.advance(milliseconds);
  }

  check(): void {
    this.call.deadline.check();
  }
}

const run = (call: LabelRun, guest: Guest): string => call.enter(guest, new DirectHost(call)) as string;

export function direct(call: LabelRun): string | Promise<string> {
  const guest = call.state.guest(false);
  return guest instanceof Promise ? guest.then((swapped) => run(call, swapped)) : run(call, guest);
}
