// What this runtime can do, found by feature and never by name: the one place that probes the platform.

/** Whether a guest can be suspended (JavaScript Promise Integration). */
export function canSuspend(): boolean {
  const { Suspending, promising } = WebAssembly as { readonly Suspending?: unknown; readonly promising?: unknown };
  return typeof Suspending === "function" && typeof promising === "function";
}

/** Whether modules can be compiled out of a response as it arrives. Workers compile nothing in a handler, and do not have this. */
export const canStreamModules = (): boolean => typeof WebAssembly.compileStreaming === "function";

/** Whether there is `crypto.subtle`: not so in pages that came over plain http. */
export const canDigest = (): boolean => (globalThis.crypto as Crypto | undefined)?.subtle !== undefined;

export const hasIndexedDb = (): boolean => typeof indexedDB === "object";

export const hasCacheStorage = (): boolean => typeof caches === "object";

/** Where pages register service workers. */
export const serviceWorkers = (): ServiceWorkerContainer | undefined =>
  (globalThis.navigator as Navigator | undefined)?.serviceWorker as ServiceWorkerContainer | undefined;
