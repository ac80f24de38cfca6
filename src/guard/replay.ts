// Replay (design.md, Suspension): a run whose questions have no answers yet does not count; they are all asked at once, the state goes
// back, and the guest runs again.
import { reserveBuffers } from "../wasm/exchange.ts";
import { stopRun } from "../wasm/faults.ts";
import type { Guest } from "../wasm/guest.ts";
import type { Answer, LogLine, Question, RunHost } from "../wasm/run.ts";
import { tentativeFuel } from "./fuel-budget.ts";
import { isHeavy } from "./guest-state.ts";
import { type LabelRun, sleepFor } from "./label-run.ts";

/** After so many speculative runs the guard is taken one question at a time. */
const speculativeRuns = 8;
/** A guard that gets -1 so often in one speculative run asks until it gets an answer. */
const maximumUnknown = 4096;

/** One speculative or stepwise run: what it could not know yet is noted, and it does not count. */
async function attempt(
  call: LabelRun,
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
      const { questions } = call;
      const found = questions.ask(question, options.backendCalls);
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
      guest.meter?.limit(tentativeFuel);
      throw stopRun;
    },
    log: (line) => lines.push(line),
    check: () => call.deadline.check(),
  };
  try {
    answer = await call.enter(guest, host);
  } catch (error) {
    failure = { error };
  } finally {
    call.leave();
  }
  call.deadline.check();
  // Whatever a run does after a false answer is not the guard's doing.
  if (tentative) return sleep === undefined ? {} : { sleep };
  for (const line of lines) options.log(line);
  if (failure !== undefined) throw failure.error;
  return { answer: answer ?? "" };
}

/** Runs again from the state before the call until a run has asked nothing unknown. */
export async function replay(call: LabelRun): Promise<string> {
  const { state, options } = call;
  const speculates = options.speculate && call.backend?.speculate !== false;
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
    const stepwise = !speculates || call.runs >= speculativeRuns;
    const outcome = await attempt(call, await state.guest(false), stepwise, call.sleeps.length);
    if ("answer" in outcome) return outcome.answer;
    // Going back takes the processor while the answers are on their way; from then on the base is the state before this call.
    await state.rewind();
    await settle();
    if (outcome.sleep !== undefined) {
      call.slept(outcome.sleep);
      await sleepFor(outcome.sleep, call.deadline);
    }
    if (call.askedQuestions !== undefined) await call.deadline.race(call.askedQuestions.settled());
  }
}
