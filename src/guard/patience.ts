// How long an answer may take: one timer for all questions of a guard. A timer for each would cost more than most of them, above all
// where the answer comes from the same process.
import { timersEndWithRequest } from "../capabilities.ts";

/** Answers out of the same process are there after so few turns of the microtask queue. */
const soonTurns = 12;

/** At the latest after this long the timer looks whether it is still wanted. */
const lookAfterMs = 1000;

/** Who waits for answers. */
export interface Waiting {
  /** Gives up what has waited too long; tells in how many milliseconds the next one will have. */
  expire(): number;
}

interface Holding {
  ref?(): void;
  unref?(): void;
}

// A class, for its methods exist once: every guard has one.
export class Patience {
  readonly milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  /** Looked up once: this is asked after every question. */
  readonly #endsWithRequest: boolean = timersEndWithRequest();
  /** One call at a time. */
  #waiting: Waiting | undefined = undefined;
  /** How many turns are left until the answer is late enough for a timer. */
  #turns = 0;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }

  begin(waiting: Waiting): void {
    this.#waiting = waiting;
    if (this.#timer !== undefined) (this.#timer as Holding).ref?.();
    else if (this.#endsWithRequest) this.#armUnlessSoon();
    else this.#arm(this.milliseconds);
  }

  end(): void {
    this.#waiting = undefined;
    if (this.#timer === undefined) return;
    // The next request could not rely on it.
    if (this.#endsWithRequest) this.close();
    // What is over must not keep a process alive.
    else (this.#timer as Holding).unref?.();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Where a timer serves one question, it is worth a few turns to find that none is needed: it takes longer than they do. */
  async #armUnlessSoon(): Promise<void> {
    const isUnderWay = this.#turns > 0;
    this.#turns = soonTurns;
    if (isUnderWay) return;
    while (this.#turns > 0) {
      await undefined;
      this.#turns = this.#waiting === undefined ? 0 : this.#turns - 1;
    }
    if (this.#waiting !== undefined && this.#timer === undefined) this.#arm(this.milliseconds);
  }

  #arm(milliseconds: number): void {
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        const next = this.#waiting?.expire();
        if (next !== undefined && this.#waiting !== undefined) this.#arm(next);
      },
      Math.min(milliseconds, lookAfterMs),
    );
  }
}
