// Waits that end before their work does: with a signal, or with whatever else calls.

/** Settles as the work does, or rejects as soon as what `watch` was given is called; `watch` gives the function that withdraws it. */
export function unless<T>(watch: (stop: (reason: unknown) => void) => () => void, work: Promise<T> | T): Promise<T> {
  return new Promise((resolve, reject) => {
    const withdraw = watch(reject);
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

/** Calls when the signal fires, also when it has already; gives the function that withdraws it. */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) action();
  else signal.addEventListener("abort", action, { once: true });
  return () => signal.removeEventListener("abort", action);
}

/** The promise, or a rejection as soon as the signal fires, whatever the work still waits for. */
export function abortable<T>(work: Promise<T> | T, signal: AbortSignal): Promise<T> {
  return unless((stop) => onAbort(signal, () => stop(signal.reason)), work);
}
