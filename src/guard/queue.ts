// One call at a time on one instance, first come first served (guard-abi.md: a module instance is single-threaded).
import type { Deadline } from "./deadline.ts";
import { stayAwake } from "./waiting.ts";

export interface Queue {
  /** Waits for the turn; `undefined` when it is there already. The caller leaves it with `leave`. */
  enter(deadline: Deadline): Promise<void> | undefined;
  leave(): void;
  /** Rejects everybody who waits. */
  clear(reason: Error): void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export function createQueue(): Queue {
  let busy = false;
  let waiting: Waiter[] = [];

  const leave = (): void => {
    // The usual case.
    const next = waiting.length === 0 ? undefined : waiting.shift();
    if (next === undefined) busy = false;
    else next.resolve();
  };

  return {
    enter(deadline): Promise<void> | undefined {
      if (!busy) {
        busy = true;
        return undefined;
      }
      let waiter: Waiter | undefined;
      const turn = new Promise<void>((resolve, reject) => {
        waiter = { resolve, reject };
        waiting.push(waiter);
      });
      return stayAwake(deadline.race(turn)).catch((error: unknown) => {
        // Either it still waits and goes, or its turn has come in the meantime and is passed on.
        const length = waiting.length;
        waiting = waiting.filter((other) => other !== waiter);
        if (waiting.length === length) turn.then(leave, () => {});
        else turn.catch(() => {});
        throw error;
      });
    },
    leave,
    clear(reason): void {
      const all = waiting;
      waiting = [];
      for (const waiter of all) waiter.reject(reason);
    },
  };
}
