// Waiting for what somebody else's call will settle.

/**
 * Settles like the promise. Workers end a request as hung when it waits for nothing of its own; a timer is something of its own. In
 * Node a pending call keeps the process, as one would expect.
 */
export async function stayAwake<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 10_000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}
