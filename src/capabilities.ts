// What this runtime can do, found by feature and, but for one thing, never by name: the one place that probes the platform.

/** What the platform has there, or nothing where it may not even be looked at: in sandboxed frames `caches` and `navigator.serviceWorker` throw. */
function permitted<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Whether a guest can be suspended (JavaScript Promise Integration). */
export function canSuspend(): boolean {
  const { Suspending, promising } = WebAssembly as { readonly Suspending?: unknown; readonly promising?: unknown };
  return typeof Suspending === "function" && typeof promising === "function";
}

/** Whether modules can be compiled out of a response as it arrives. Workers compile nothing in a handler, and do not have this. */
export const canStreamModules = (): boolean => typeof WebAssembly.compileStreaming === "function";

/** Whether there is `crypto.subtle`: not so in pages that came over plain http. */
export const canDigest = (): boolean => (globalThis.crypto as Crypto | undefined)?.subtle !== undefined;

/** Whether a timer goes with the request that set it, as on Workers: they alone have a default cache. */
export const timersEndWithRequest = (): boolean =>
  "default" in (permitted(() => (globalThis as { caches?: object }).caches) ?? {});

export const hasIndexedDb = (): boolean => typeof indexedDB === "object";

export const hasCacheStorage = (): boolean => permitted(() => typeof caches) === "object";

/** Where pages register service workers. */
export const serviceWorkers = (): ServiceWorkerContainer | undefined =>
  permitted(() => (globalThis.navigator as Navigator | undefined)?.serviceWorker as ServiceWorkerContainer | undefined);

/** Whether this is a page's own thread: while something computes on it, the page is frozen. */
export const isPage = (): boolean => typeof document === "object";

/**
 * Whether ending a worker ends a WebAssembly loop in it at once. Nothing shows that but trying, which takes seconds and may leave a thread
 * that spins for ever; so this one thing goes by what was measured: Node and Firefox end it within milliseconds, Chromium after two
 * seconds, Deno, Bun and WebKit never, and Cloudflare Workers have no threads to end.
 */
export function endsWorkers(): boolean {
  const { navigator, InternalError } = globalThis as {
    readonly navigator?: { readonly userAgent?: string };
    /** SpiderMonkey alone has it. */
    readonly InternalError?: unknown;
  };
  // Node 20 has no navigator, the later ones say who they are; so do Deno, Bun and Workers.
  const isNode = navigator === undefined || /^Node/.test(navigator.userAgent ?? "");
  return isNode || typeof InternalError === "function";
}
