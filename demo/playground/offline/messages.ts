// What the page says to its service worker.

/** The waiting build shall take over now. */
export const takeOver = "take-over";
