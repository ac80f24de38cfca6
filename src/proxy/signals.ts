// Waits that end: with a signal, or with a time.
import { TimeoutError } from "../errors.ts";

/** Calls when the signal fires, also when it has already; gives the function that withdraws it. */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) action();
  else signal.addEventListener("abort", action, { once: true });
  return () => signal.removeEventListener("abort", action);
}

/** The promise, or a rejection as soon as the signal fires, whatever the work still waits for. */
export function abortable<T>(work: Promise<T> | T, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const withdraw = onAbort(signal, () => reject(signal.reason));
    Promise.resolve(work).then(resolve, reject).finally(withdraw);
  });
}

/** The promise, or a TimeoutError after so many milliseconds. */
export async function within<T>(ms: number, work: T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError("The deadline passed")), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
