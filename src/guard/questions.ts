// The questions of one label call: each reaches the backend once, many at the same time, and every answer becomes bytes or -1.
import { isPromise } from "../backend/asking.ts";
import type { Backend } from "../backend/backend.ts";
import { BackendError, isGuardError, TimeoutError } from "../errors.ts";
import type { Answer, Answers, Question } from "../wasm/run.ts";
import { type Asked, CallLife, end, QuestionLife } from "./asked.ts";
import type { Deadline } from "./deadline.ts";
import type { QuestionEvent } from "./events.ts";
import type { Patience, Waiting } from "./patience.ts";

export interface QuestionOptions {
  readonly guard: string;
  readonly concurrency: number;
  /** How long one answer may take. */
  readonly patience: Patience;
  /** Whether anybody hears how long it took: in some engines a look at the clock costs as much as a question. */
  readonly timed: boolean;
}

/** From so many on they are found by a table; looking through fewer is faster than making one. */
const few = 8;

// A class, for its methods exist once: every call that asks makes one.
export class Questions implements Waiting, Answers {
  readonly #backend: Backend | undefined;
  readonly #options: QuestionOptions;
  readonly #deadline: Deadline;
  readonly #asked: Asked[] = [];
  #table: Map<string, Asked> | undefined = undefined;
  /** Questions whose turn has not come, in order. */
  readonly #waiting: Asked[] = [];
  #withBackend = 0;
  #unanswered = 0;
  #run = 0;
  #askedInRun = 0;
  #listens = false;
  #whenSettled: (() => void) | undefined = undefined;

  constructor(backend: Backend | undefined, options: QuestionOptions, deadline: Deadline) {
    this.#backend = backend;
    this.#options = options;
    this.#deadline = deadline;
  }

  /** How many have reached the backend, or wait to. */
  get count(): number {
    return this.#asked.length;
  }

  /** How many different ones the present run has asked, those beyond the limit aside. */
  get countInRun(): number {
    return this.#askedInRun;
  }

  /** The guest begins from the start. */
  beginRun(): void {
    this.#run++;
    this.#askedInRun = 0;
  }

  /** Begins asking. The answer when it is there at once, `null` beyond the limit of this run; `undefined` when it will come. */
  ask(question: Question, limit: number): Answer | undefined {
    const entry = this.#note(question, limit);
    return entry === undefined ? null : entry.answer;
  }

  /** The same; `answered` has the answer at once or later. For a guest that waits for it, and so asks for one at a time. */
  answer(question: Question, limit: number, answered: (answer: Answer) => void): void {
    const entry = this.#note(question, limit);
    if (entry === undefined) answered(null);
    else if (entry.answer !== undefined) answered(entry.answer);
    else entry.answered = answered;
  }

  /** Settles once every question has its answer. Never rejects. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#unanswered === 0) resolve();
      else this.#whenSettled = resolve;
    });
  }

  /** What the present run was answered, by key; absent when it asked nothing. True until the next run. */
  answers(): Answers | undefined {
    return this.#askedInRun === 0 ? undefined : this;
  }

  get(key: string): Answer | undefined {
    const entry = this.#find(key);
    return entry?.run === this.#run ? entry.answer : undefined;
  }

  forEach(each: (answer: Answer, key: string) => void): void {
    for (const { question, run, answer } of this.#asked)
      if (run === this.#run && answer !== undefined) each(answer, question.key);
  }

  /** What was asked, in order; `used` by whether the present run asked it. */
  events(): QuestionEvent[] {
    return this.#asked.map(({ question, run, result, error, answer, milliseconds, started }) => ({
      type: "question",
      guard: this.#options.guard,
      tool: question.tool,
      args: question.args,
      ...(error !== undefined
        ? { error }
        : answer === undefined
          ? { error: this.#fault("The call ended before the answer came") }
          : { result }),
      milliseconds: answer === undefined ? performance.now() - started : milliseconds,
      used: run === this.#run,
    }));
  }

  #find(key: string): Asked | undefined {
    if (this.#asked.length <= few) {
      for (const entry of this.#asked) if (entry.question.key === key) return entry;
      return undefined;
    }
    this.#table ??= new Map(this.#asked.map((entry) => [entry.question.key, entry]));
    return this.#table.get(key);
  }

  #note(question: Question, limit: number): Asked | undefined {
    let entry = this.#find(question.key);
    if (entry?.run === this.#run) return entry;
    if (this.#askedInRun >= limit) return undefined;
    this.#askedInRun++;
    if (entry !== undefined) {
      entry.run = this.#run;
      return entry;
    }
    entry = {
      question,
      started: performance.now(),
      run: this.#run,
      result: undefined,
      error: undefined,
      milliseconds: 0,
      answer: undefined,
      waits: false,
      listener: undefined,
      life: undefined,
      answered: undefined,
    };
    this.#asked.push(entry);
    this.#table?.set(question.key, entry);
    this.#unanswered++;
    if (this.#withBackend < this.#options.concurrency) this.#start(entry);
    else this.#waiting.push(entry);
    return entry;
  }

  /** Calls the backend; an answer that is there at once counts at once. */
  #start(entry: Asked): void {
    const backend = this.#backend;
    const { tool, args } = entry.question;
    try {
      if (backend === undefined) throw this.#fault("There is no backend to ask");
      this.#deadline.check();
      const isSynchronous = backend.synchronous === true;
      const value = backend.callTool(
        tool,
        args,
        isSynchronous ? new CallLife(this.#deadline) : new QuestionLife(entry),
      );
      if (!isPromise(value)) this.#settle(entry, value);
      else if (!isSynchronous) this.#wait(entry, value);
      else {
        // Its outcome is nobody's, but it must not go unhandled.
        Promise.resolve(value).catch(() => {});
        throw this.#fault(`The backend "${backend.name}" is declared synchronous but answered with a promise`);
      }
    } catch (error) {
      this.#fail(entry, error);
    }
  }

  #wait(entry: Asked, promise: PromiseLike<unknown>): void {
    const answer = Promise.resolve(promise);
    entry.waits = true;
    if (this.#withBackend++ === 0) this.#options.patience.begin(this);
    if (!this.#listens) {
      this.#listens = true;
      this.#deadline.listen((reason) => this.#giveUp(reason));
    }
    answer.then(
      (result) => {
        if (entry.answer !== undefined) return;
        this.#settle(entry, result);
        this.#passOn();
      },
      (error: unknown) => {
        if (entry.answer !== undefined) return;
        this.#fail(entry, error);
        this.#passOn();
      },
    );
  }

  /** A question that was with the backend has its answer: its place goes to the next ones. */
  #passOn(): void {
    this.#withBackend--;
    while (this.#waiting.length > 0 && this.#withBackend < this.#options.concurrency) {
      const next = this.#waiting.shift() as Asked;
      next.started = performance.now();
      this.#start(next);
    }
    if (this.#withBackend === 0) this.#options.patience.end();
  }

  /** An answer that never comes must not hold the guard for ever. */
  expire(): number {
    const { patience, guard } = this.#options;
    const now = performance.now();
    let next = patience.milliseconds;
    for (const entry of this.#asked) {
      if (entry.answer !== undefined || !entry.waits) continue;
      const left = entry.started + patience.milliseconds - now;
      if (left > 0) {
        next = Math.min(next, left);
        continue;
      }
      const message = `The backend did not answer within ${patience.milliseconds} ms`;
      const error = new TimeoutError(message, { guard, phase: "call_backend" });
      this.#fail(entry, error);
      end(entry, error);
      this.#passOn();
    }
    return next;
  }

  /** Nobody waits any more, and the backend hears it. */
  #giveUp(reason: unknown): void {
    this.#waiting.length = 0;
    for (const entry of this.#asked) {
      if (entry.answer !== undefined) continue;
      this.#fail(entry, reason);
      end(entry, reason);
    }
    this.#options.patience.end();
  }

  #fault(message: string): BackendError {
    return new BackendError(message, { guard: this.#options.guard, phase: "call_backend" });
  }

  #fail(entry: Asked, cause: unknown): void {
    const { guard } = this.#options;
    entry.error = isGuardError(cause)
      ? cause
      : new BackendError(`The backend failed to answer "${entry.question.tool}"`, {
          guard,
          phase: "call_backend",
          cause,
        });
    this.#finish(entry, null);
  }

  #settle(entry: Asked, result: unknown): void {
    try {
      const text = JSON.stringify(result);
      if (text === undefined) throw this.#fault("The backend's answer is not JSON");
      entry.result = result;
      this.#finish(entry, text);
    } catch (error) {
      this.#fail(entry, error);
    }
  }

  #finish(entry: Asked, answer: Answer): void {
    if (this.#options.timed) entry.milliseconds = performance.now() - entry.started;
    entry.answer = answer;
    entry.answered?.(answer);
    if (--this.#unanswered === 0) this.#whenSettled?.();
  }
}
