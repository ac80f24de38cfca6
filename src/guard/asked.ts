// One question of a guard, and how its backend hears that nobody waits for the answer any more.
import type { AskOptions } from "../backend/backend.ts";
import type { GuardError } from "../errors.ts";
import type { Answer, Question } from "../wasm/run.ts";
import { createDeadline, type Deadline } from "./deadline.ts";

/** One question and what has become of it. */
export interface Asked {
  readonly question: Question;
  /** When it reached the backend. */
  started: number;
  /** The last run that asked it. */
  run: number;
  result: unknown;
  error: GuardError | undefined;
  milliseconds: number;
  /** Absent while there is none. */
  answer: Answer | undefined;
  /** Whether the backend is at it. */
  waits: boolean;
  /** Hears when nobody waits for this one any more: others may go on. Most backends have one listener, and need no signal. */
  listener: ((reason: unknown) => void) | undefined;
  life: Deadline | undefined;
  /** Who waits for the answer. */
  answered: ((answer: Answer) => void) | undefined;
}

// Classes: an object literal with a getter takes microseconds to make, as long as all else that a question costs.

/** For a backend that answers at once: the call's own. */
export class CallLife implements AskOptions {
  readonly #deadline: Deadline;

  constructor(deadline: Deadline) {
    this.#deadline = deadline;
  }

  get signal(): AbortSignal {
    return this.#deadline.signal;
  }

  subscribe(listener: (reason: unknown) => void): () => void {
    return this.#deadline.subscribe(listener);
  }
}

export class QuestionLife implements AskOptions {
  readonly #entry: Asked;

  constructor(entry: Asked) {
    this.#entry = entry;
  }

  get signal(): AbortSignal {
    return this.#life().signal;
  }

  subscribe(listener: (reason: unknown) => void): () => void {
    const entry = this.#entry;
    if (entry.listener !== undefined || entry.answer !== undefined) return this.#life().subscribe(listener);
    entry.listener = listener;
    return () => {
      if (entry.listener === listener) entry.listener = undefined;
    };
  }

  #life(): Deadline {
    const entry = this.#entry;
    entry.life ??= createDeadline(undefined, undefined, {});
    if (entry.error !== undefined) entry.life.end(entry.error);
    return entry.life;
  }
}

/** Tells the backend that nobody waits any more. */
export function end(entry: Asked, reason: unknown): void {
  entry.listener?.(reason);
  entry.life?.end(reason);
}
