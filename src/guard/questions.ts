// The questions of one label call: each reaches the backend once, many at the same time, and every answer becomes bytes or -1.
import type { AskOptions, Backend } from "../backend/backend.ts";
import { BackendError, type GuardError, isGuardError, TimeoutError } from "../errors.ts";
import type { Answer, Question, Recording } from "../wasm/run.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
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
  /** The answer, or the promise of it. */
  answer(question: Question): Answer | Promise<Answer>;
  /** Settles once every question has its answer. Never rejects. */
  settled(): Promise<void>;
  /** What was asked, in order; `used` by whether the final run asked it. */
  events(finalRun: ReadonlySet<string>): QuestionEvent[];
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function lifeOf(deadline: Deadline): AskOptions {
  return {
    get signal() {
      return deadline.signal;
    },
    subscribe: (listener) => deadline.subscribe(listener),
  };
}

export function createQuestions(
  backend: Backend | undefined,
  recording: Recording,
  options: QuestionOptions,
): Questions {
  const { deadline } = options;
  recording.answers ??= new Map();
  const { answers } = recording;
  const asked = new Map<string, Asked>();
  const pending = new Map<string, Promise<Answer>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  const fault = (message: string): BackendError =>
    new BackendError(message, { guard: options.guard, phase: "call_backend" });

  const settle = (entry: Asked, outcome: { result: unknown } | { error: unknown }): Answer => {
    entry.milliseconds = performance.now() - entry.started;
    let answer: Answer = null;
    try {
      if ("error" in outcome) throw outcome.error;
      const text = JSON.stringify(outcome.result);
      if (text === undefined) throw fault("The backend's answer is not JSON");
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
    answers.set(entry.question.key, answer);
    return answer;
  };

  const note = (question: Question): Asked => {
    const entry: Asked = { question, started: performance.now() };
    asked.set(question.key, entry);
    return entry;
  };

  const finish = (key: string): void => {
    pending.delete(key);
    const next = waiting.shift();
    // The place goes to who waits, so that nobody can take it in between.
    if (next === undefined) running--;
    else next();
  };

  /** Settles with the promise, or gives up after the time for one answer: an answer that never comes must not hold the guard for ever. */
  const awaitAnswer = (entry: Asked, promise: PromiseLike<unknown>, life: Deadline): Promise<Answer> =>
    new Promise((resolve) => {
      let isOpen = true;
      let withdraw: (() => void) | undefined;
      const close = (outcome: { result: unknown } | { error: unknown }): void => {
        if (!isOpen) return;
        isOpen = false;
        clearTimeout(timer);
        withdraw?.();
        const answer = settle(entry, outcome);
        finish(entry.question.key);
        resolve(answer);
      };
      // Nobody waits any more, and the backend hears it.
      const giveUp = (error: unknown): void => {
        close({ error });
        life.end(error);
      };
      const late = (): void =>
        giveUp(
          new TimeoutError(`The backend did not answer within ${options.answerTimeoutMs} ms`, {
            guard: options.guard,
            phase: "call_backend",
          }),
        );
      const timer = setTimeout(late, Math.min(options.answerTimeoutMs, 2 ** 31 - 1));
      withdraw = deadline.subscribe(giveUp);
      Promise.resolve(promise).then(
        (result) => close({ result }),
        (error: unknown) => close({ error }),
      );
    });

  /** Calls the backend, in a place that was taken before; an answer that is there at once counts at once. */
  const start = (entry: Asked): Answer | Promise<Answer> => {
    const { key, tool, args } = entry.question;
    let outcome: { result: unknown } | { error: unknown };
    try {
      if (backend === undefined) throw fault("There is no backend to ask");
      deadline.check();
      // Each question has an end of its own: another one may go on when this one took too long.
      const life = backend.synchronous === true ? undefined : createDeadline(undefined, undefined, {});
      const value = backend.callTool(tool, args, lifeOf(life ?? deadline));
      if (isThenable(value)) {
        if (life !== undefined) return awaitAnswer(entry, value, life);
        // Its outcome is nobody's, but it must not go unhandled.
        Promise.resolve(value).catch(() => {});
        throw fault(`The backend "${backend.name}" is declared synchronous but answered with a promise`);
      }
      outcome = { result: value };
    } catch (error) {
      outcome = { error };
    }
    finish(key);
    return settle(entry, outcome);
  };

  const ask = (question: Question): Answer | undefined => {
    const known = answers.get(question.key);
    if (known !== undefined) return known;
    if (pending.has(question.key)) return undefined;
    const entry = note(question);
    if (running < options.concurrency) {
      running++;
      const answer = start(entry);
      if (!(answer instanceof Promise)) return answer;
      pending.set(question.key, answer);
      return undefined;
    }
    const turn = new Promise<void>((resolve) => void waiting.push(resolve)).then(() => start(entry));
    pending.set(question.key, turn);
    return undefined;
  };

  return {
    get count() {
      return asked.size;
    },
    ask,
    answer: (question) => ask(question) ?? pending.get(question.key) ?? null,
    async settled(): Promise<void> {
      while (pending.size > 0) await Promise.all(pending.values());
    },
    events(finalRun): QuestionEvent[] {
      return [...asked.values()].map(({ question, result, error, milliseconds, started }) => ({
        type: "question",
        guard: options.guard,
        tool: question.tool,
        args: question.args,
        ...(error !== undefined
          ? { error }
          : milliseconds === undefined
            ? { error: fault("The call ended before the answer came") }
            : { result }),
        milliseconds: milliseconds ?? performance.now() - started,
        used: finalRun.has(question.key),
      }));
    },
  };
}
