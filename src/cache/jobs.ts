// One piece of work for everybody who asks for it at the same time; it is given up when nobody waits any more.
import { abortError } from "../errors.ts";

/** What the work may tell those who wait; also afterwards, about what it left to do. */
export type Notice<N> = (notice: N) => void;

interface Job<T, N> {
  readonly result: Promise<T>;
  readonly waiting: Set<Notice<N>>;
  readonly controller: AbortController;
}

export interface Waiter<N> {
  readonly signal: AbortSignal | undefined;
  readonly hear: Notice<N>;
}

export type Work<T, N> = (signal: AbortSignal, tell: Notice<N>) => Promise<T>;

/** A function that joins the job under a key, or starts it. A waiter's abort, or a listener that throws, ends that waiter only. */
export function createJobs<T, N>(): (key: string, waiter: Waiter<N>, work: Work<T, N>) => Promise<T> {
  const jobs = new Map<string, Job<T, N>>();

  const start = (key: string, work: Work<T, N>): Job<T, N> => {
    const controller = new AbortController();
    const waiting = new Set<Notice<N>>();
    const tell = (notice: N): void => {
      for (const hear of [...waiting]) hear(notice);
    };
    // Not before the first waiter is in: the work may have something to tell at once.
    const result = Promise.resolve().then(() => work(controller.signal, tell));
    const job = { result, waiting, controller };
    jobs.set(key, job);
    const end = (): void => {
      if (jobs.get(key) === job) jobs.delete(key);
    };
    result.then(end, end);
    return job;
  };

  return (key, { signal, hear }, work) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal.reason, { phase: "load" }));
      const job = jobs.get(key) ?? start(key, work);
      const leave = (): void => signal?.removeEventListener("abort", abort);
      const giveUp = (error: unknown): void => {
        leave();
        job.waiting.delete(listen);
        reject(error);
        if (job.waiting.size > 0) return;
        if (jobs.get(key) === job) jobs.delete(key);
        job.controller.abort(error);
      };
      const listen = (notice: N): void => {
        try {
          hear(notice);
        } catch (error) {
          giveUp(error);
        }
      };
      const abort = (): void => giveUp(abortError(signal?.reason, { phase: "load" }));
      job.waiting.add(listen);
      signal?.addEventListener("abort", abort);
      job.result.then(
        (value) => {
          leave();
          resolve(value);
        },
        (error) => {
          leave();
          reject(error);
        },
      );
    });
}
