// Waits that end with a signal.

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
    Promise.resolve(work).then(
      (value) => {
        withdraw();
        resolve(value);
      },
      (error) => {
        withdraw();
        reject(error);
      },
    );
  });
}
