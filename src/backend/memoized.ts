// Answers kept for a while: a question asked again, or by several guards at once, reaches the inner backend one time.
import { askingBackend, checkNumber, checkSignal, jsonCopy } from "./asking.ts";
import type { AskOptions, Backend } from "./backend.ts";
import { questionKey } from "./canonical-json.ts";

export interface MemoizedOptions {
  /** How long an answer is good for, in milliseconds; 0 only merges questions asked at the same time. @default 60000 */
  readonly ttlMs?: number;
  /** Answers kept at most; the least recently used one goes first. @default 1000 */
  readonly maxEntries?: number;
  /** The time in milliseconds. @default Date.now */
  readonly now?: () => number;
}

interface Flight {
  readonly answer: Promise<unknown>;
  readonly controller: AbortController;
  waiters: number;
}

/** Copied once and frozen, an answer can be handed to any number of callers, and the inner backend's own object stays free. */
function frozenCopy(value: unknown): unknown {
  const copy = jsonCopy(value);
  const open = [copy];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    for (const part of Object.values(Object.freeze(next))) open.push(part);
  }
  return copy;
}

/**
 * Keeps answers by question (key order and absent arguments aside). Failures are not kept. Callers that ask the same at
 * the same time share one question; an abort takes one of them out, the last one's abort reaches the inner backend.
 * Answers are frozen copies. A kept answer is returned as a plain value, not as a promise.
 *
 * @throws TypeError, RangeError for an option that is not a number in its range
 */
export function memoized(inner: Backend, options: MemoizedOptions = {}): Backend {
  const ttlMs = checkNumber("ttlMs", options.ttlMs ?? 60_000, 0);
  const maxEntries = checkNumber("maxEntries", options.maxEntries ?? 1000, 1);
  const now = options.now ?? Date.now;
  const kept = new Map<string, { readonly answer: unknown; readonly until: number }>();
  const flights = new Map<string, Flight>();

  const store = (key: string, result: unknown): unknown => {
    const answer = frozenCopy(result);
    kept.delete(key);
    if (ttlMs > 0 && answer !== undefined) kept.set(key, { answer, until: now() + ttlMs });
    for (const oldest of kept.keys()) {
      if (kept.size <= maxEntries) break;
      kept.delete(oldest);
    }
    return answer;
  };

  const fly = (key: string, tool: string, args: unknown): Flight => {
    const controller = new AbortController();
    const { signal } = controller;
    const run = async (): Promise<unknown> => {
      try {
        const result = await inner.callTool(tool, args, { signal });
        return signal.aborted ? result : store(key, result);
      } finally {
        if (flights.get(key) === flight) flights.delete(key);
      }
    };
    const flight: Flight = { answer: Promise.resolve().then(run), controller, waiters: 0 };
    flights.set(key, flight);
    return flight;
  };

  const asked = askingBackend(
    inner,
    (tool, args, { signal }) => {
      const key = questionKey(tool, args);
      const flight = flights.get(key) ?? fly(key, tool, args);
      flight.waiters++;
      signal.addEventListener("abort", () => {
        if (--flight.waiters > 0) return;
        if (flights.get(key) === flight) flights.delete(key);
        flight.controller.abort(signal.reason);
      });
      return flight.answer;
    },
    () => inner.close?.(),
  );

  return {
    ...asked,
    synchronous: inner.synchronous ?? false,
    callTool(tool: string, args: unknown, options?: AskOptions) {
      checkSignal(options?.signal);
      let key: string;
      try {
        key = questionKey(tool, args);
      } catch {
        return inner.callTool(tool, args, options);
      }
      const entry = kept.get(key);
      if (entry) {
        kept.delete(key);
        if (now() < entry.until) {
          kept.set(key, entry);
          return entry.answer;
        }
      }
      return inner.synchronous ? store(key, inner.callTool(tool, args, options)) : asked.callTool(tool, args, options);
    },
    close() {
      kept.clear();
      return asked.close();
    },
  };
}
