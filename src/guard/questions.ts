// The questions of one label call: each reaches the backend once, many at the same time, and every answer becomes bytes or -1.
import type { Backend } from "../backend/backend.ts";
import { BackendError, type GuardError, isGuardError, TimeoutError } from "../errors.ts";
import type { Answer, Question, Recording } from "../wasm/run.ts";
import type { Deadline } from "./deadline.ts";
import type { QuestionEvent } from "./events.ts";

const encoder = new TextEncoder();

export interface QuestionOptions {
  readonly guard: string;
  readonly concurrency: number;
  /** How long one answer may take, in milliseconds. */
  readonly answerTimeoutMs: number;
  readonly deadline: Deadline;
}

interface Asked {
  readonly question: Question;
  readonly started: number;
  result?: unknown;
  error?: GuardError;
  milliseconds?: number;
}

export interface Questions {
  /** How many have reached the backend, or wait to. */
  readonly count: number;
  /** Begins asking. The answer when it is there at once; `undefined` when it will come. */
  ask(question: Question): Answer | undefined;
  /** The same for a backend that is declared synchronous: a promise is an error there. */
  askNow(question: Question): Answer;
  /** Waits for the answer. */
  answer(question: Question): Promise<Answer>;
  /** Settles once every question has its answer. Never rejects. */
  settled(): Promise<void>;
  /** What was asked, in order; `used` by whether the final run asked it. */
  events(finalRun: ReadonlySet<string>): QuestionEvent[];
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

export function createQuestions(
  backend: Backend | undefined,
  recording: Recording,
  options: QuestionOptions,
): Questions {
  const { deadline } = options;
  const asked = new Map<string, Asked>();
  const pending = new Map<string, Promise<Answer>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  const settle = (entry: Asked, outcome: { result: unknown } | { error: unknown }): Answer => {
    entry.milliseconds = performance.now() - entry.started;
    let answer: Answer = null;
    try {
      if ("error" in outcome) throw outcome.error;
      const text = JSON.stringify(outcome.result);
      if (text === undefined) throw new BackendError("The backend's answer is not JSON");
      entry.result = outcome.result;
      answer = encoder.encode(text);
    } catch (cause) {
      entry.error = isGuardError(cause)
        ? cause
        : new BackendError(`The backend failed to answer "${entry.question.tool}"`, {
            guard: options.guard,
            phase: "call_backend",
            cause,
          });
    }
    recording.answers.set(entry.question.key, answer);
    return answer;
  };

  const note = (question: Question): Asked => {
    const entry: Asked = { question, started: performance.now() };
    asked.set(question.key, entry);
    return entry;
  };

  const call = ({ question }: Asked): unknown => {
    if (backend === undefined)
      throw new BackendError("There is no backend to ask", { guard: options.guard, phase: "call_backend" });
    if (deadline.signal.aborted) throw deadline.signal.reason;
    return backend.callTool(question.tool, question.args, { signal: deadline.signal });
  };

  /** Settles with the promise, or fails after the time for one answer: an answer that never comes must not hold the guard for ever. */
  const bounded = (promise: PromiseLike<unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(
            new TimeoutError(`The backend did not answer within ${options.answerTimeoutMs} ms`, {
              guard: options.guard,
            }),
          ),
        options.answerTimeoutMs,
      );
      promise.then(resolve, reject);
      deadline.signal.addEventListener("abort", () => reject(deadline.signal.reason), { once: true });
      const stop = (): void => clearTimeout(timer);
      promise.then(stop, stop);
      deadline.signal.addEventListener("abort", stop, { once: true });
    });

  const finish = (key: string): void => {
    running--;
    pending.delete(key);
    waiting.shift()?.();
  };

  const awaitAnswer = async (entry: Asked, promise: PromiseLike<unknown>): Promise<Answer> => {
    try {
      return settle(entry, { result: await bounded(promise) });
    } catch (error) {
      return settle(entry, { error });
    } finally {
      finish(entry.question.key);
    }
  };

  /** Calls the backend; an answer that is there at once counts at once. */
  const start = (entry: Asked): Answer | Promise<Answer> => {
    running++;
    let value: unknown;
    try {
      value = call(entry);
    } catch (error) {
      finish(entry.question.key);
      return settle(entry, { error });
    }
    if (isThenable(value)) return awaitAnswer(entry, value);
    finish(entry.question.key);
    return settle(entry, { result: value });
  };

  const ask = (question: Question): Answer | undefined => {
    const known = recording.answers.get(question.key);
    if (known !== undefined) return known;
    if (pending.has(question.key)) return undefined;
    const entry = note(question);
    if (running < options.concurrency) {
      const answer = start(entry);
      if (!(answer instanceof Promise)) return answer;
      pending.set(question.key, answer);
      return undefined;
    }
    const turn = new Promise<void>((resolve) => waiting.push(resolve)).then(() => start(entry));
    pending.set(question.key, turn);
    return undefined;
  };

  return {
    get count() {
      return asked.size;
    },
    ask,
    askNow(question): Answer {
      const known = recording.answers.get(question.key);
      if (known !== undefined) return known;
      const entry = note(question);
      let value: unknown;
      try {
        value = call(entry);
      } catch (error) {
        return settle(entry, { error });
      }
      if (!isThenable(value)) return settle(entry, { result: value });
      Promise.resolve(value).catch(() => {});
      const error = new BackendError(
        `The backend "${backend?.name}" is declared synchronous but answered with a promise`,
        { guard: options.guard },
      );
      return settle(entry, { error });
    },
    async answer(question): Promise<Answer> {
      const now = ask(question);
      return now !== undefined
        ? now
        : ((await pending.get(question.key)) ?? recording.answers.get(question.key) ?? null);
    },
    async settled(): Promise<void> {
      while (pending.size > 0) await Promise.all(pending.values());
    },
    events(finalRun): QuestionEvent[] {
      return [...asked.values()].map(({ question, result, error, milliseconds, started }) => ({
        type: "question",
        guard: options.guard,
        tool: question.tool,
        args: question.args,
        ...(error === undefined ? { result } : { error }),
        milliseconds: milliseconds ?? performance.now() - started,
        used: finalRun.has(question.key),
      }));
    },
  };
}
