// One timer for everything that a request may wait for too long. One for each would be four per request, of which none ever fires.
import { TimeoutError } from "../errors.ts";
import { unless } from "./signals.ts";

export interface Alarm {
  /** Calls after so many milliseconds, unless it is withdrawn before; gives the function that withdraws it. */
  after(ms: number, action: () => void): () => void;
  /** Settles as the work does, or rejects with a TimeoutError after so many milliseconds. */
  within<T>(ms: number, work: T | Promise<T>): Promise<T>;
  /** Withdraws everything. */
  stop(): void;
}

interface Entry {
  readonly due: number;
  readonly action: () => void;
}

/** Longer delays overflow to "at once". */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * `usualMs`: how soon the earliest of all is due, so that the timer need not be set again for that. When nothing is left the
 * timer may still fire once within this time, for nothing.
 */
export function createAlarm(usualMs: number): Alarm {
  let entries: Entry[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let rings = Number.POSITIVE_INFINITY;
  let isBrief = true;

  const stop = (): void => {
    entries = [];
    clearTimeout(timer);
    timer = undefined;
    rings = Number.POSITIVE_INFINITY;
  };

  const set = (now: number, at: number): void => {
    clearTimeout(timer);
    rings = at;
    isBrief = at <= now + usualMs;
    timer = setTimeout(ring, Math.min(Math.max(at - now, 0), MAX_DELAY_MS));
  };

  const ring = (): void => {
    timer = undefined;
    rings = Number.POSITIVE_INFINITY;
    const now = performance.now();
    // Timers may fire a little early.
    const due = entries.filter((entry) => entry.due <= now + 1);
    entries = entries.filter((entry) => entry.due > now + 1);
    for (const { action } of due) action();
    if (timer === undefined && entries.length > 0) set(now, Math.min(...entries.map((entry) => entry.due)));
  };

  const after: Alarm["after"] = (ms, action) => {
    const now = performance.now();
    const entry = { due: now + ms, action };
    entries.push(entry);
    if (entry.due < rings) set(now, timer === undefined ? Math.min(entry.due, now + usualMs) : entry.due);
    return () => {
      const place = entries.indexOf(entry);
      if (place >= 0) entries.splice(place, 1);
      // To clear it and set it again for whatever comes next would cost more.
      if (entries.length === 0 && !isBrief) stop();
    };
  };

  return {
    after,
    within: (ms, work) => unless((giveUp) => after(ms, () => giveUp(new TimeoutError("The deadline passed"))), work),
    stop,
  };
}
