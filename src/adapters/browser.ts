// Browsers: the service worker behind which Chromium keeps compiled code, as an ability added to any cache.
import type { ModuleCache, StreamingStore } from "../cache/cache.ts";
import { defaultCache as neutralCache } from "../cache/default.ts";
import { replaceCache } from "../cache/process-wide.ts";
import { hasCacheStorage, serviceWorkers } from "../capabilities.ts";
import { hex, sha256 } from "../wasm/compile.ts";

export { type BrowserAgentsOptions, browserAgents } from "./browser-agents.ts";

/** The name in Cache Storage that the page writes to and the service worker answers from. */
export const preparedCacheName = "edge-guard-prepared";
/** Below the service worker's scope. */
export const preparedFolder = "edge-guard/";
/** What the page asks the worker that controls it, and the worker answers on the port that came with it. */
export const helloMessage = "edge-guard.hello";

export interface ServiceWorkerCacheOptions {
  /** Prepared modules from this size on go through the service worker. Default: 3 MB; below that, reusing code gains nothing. */
  readonly minimumBytes?: number;
}

/** Whether the service worker that controls this page is edge-guard's; resolves to its scope, or to `undefined`. */
async function controllingScope(): Promise<string | undefined> {
  const controller = serviceWorkers()?.controller;
  if (!controller) return undefined;
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const end = (scope: unknown): void => {
      clearTimeout(timer);
      port1.close();
      resolve(typeof scope === "string" ? scope : undefined);
    };
    // Another application's worker does not answer.
    const timer = setTimeout(end, 500);
    port1.onmessage = ({ data }) => end(data);
    controller.postMessage(helloMessage, [port2]);
  });
}

function preparedStore(minimumBytes: number): StreamingStore {
  const open = (): Promise<Cache> => caches.open(preparedCacheName);
  const scopeOf = async (): Promise<string | undefined> => (await serviceWorkers()?.getRegistration())?.scope;
  const pointer = (scope: string, key: string): string => `${scope}${preparedFolder}${key}`;
  const module = (scope: string, digest: string): string => `${pointer(scope, digest)}.wasm`;

  const digestOf = async (cache: Cache, scope: string, key: string): Promise<string | undefined> =>
    (await cache.match(pointer(scope, key)))?.text();

  return {
    async get(key) {
      // Without a worker in between, the address would be asked of the server.
      if (!serviceWorkers()?.controller || !hasCacheStorage()) return undefined;
      const scope = await scopeOf();
      if (scope === undefined) return undefined;
      const digest = await digestOf(await open(), scope, key);
      return digest === undefined ? undefined : { url: module(scope, digest), digest };
    },
    async set(key, prepared) {
      if (prepared.length < minimumBytes || !hasCacheStorage()) return undefined;
      const scope = await controllingScope();
      if (scope === undefined) return undefined;
      const digest = hex(await sha256(prepared));
      const cache = await open();
      const headers = { "content-type": "application/wasm", "content-length": String(prepared.length) };
      await cache.put(module(scope, digest), new Response(prepared, { headers }));
      // Last, so that it never leads to something that is not there.
      await cache.put(pointer(scope, key), new Response(digest));
      return { url: module(scope, digest), digest };
    },
    async delete(key) {
      const scope = await scopeOf();
      if (scope === undefined) return;
      const cache = await open();
      const digest = await digestOf(cache, scope, key);
      await cache.delete(pointer(scope, key));
      if (digest !== undefined) await cache.delete(module(scope, digest));
    },
  };
}

/**
 * Adds to a cache what edge-guard's service worker can do: serve large prepared modules under `<scope>edge-guard/<digest>.wasm`, so that
 * Chromium keeps their compiled code across page loads. Without such a worker in control of the page it is the cache as it was.
 *
 * @throws {RangeError} when `minimumBytes` is negative or not a number.
 */
export function withServiceWorker(cache: ModuleCache, options: ServiceWorkerCacheOptions = {}): ModuleCache {
  const { minimumBytes = 3_000_000 } = options;
  if (!(minimumBytes >= 0)) {
    throw new RangeError(`Cannot make a cache: "minimumBytes" must be a number of bytes, got ${minimumBytes}`);
  }
  return {
    ...cache,
    name: `${cache.name}+service-worker`,
    streaming: preparedStore(minimumBytes),
    async clear() {
      await cache.clear?.();
      if (hasCacheStorage()) await caches.delete(preparedCacheName);
    },
  };
}

/** The cache for web pages: IndexedDB for bytes; for large modules, what edge-guard's service worker keeps, when it is in control. */
export function defaultCache(options: ServiceWorkerCacheOptions = {}): ModuleCache {
  return withServiceWorker(neutralCache(), options);
}

/**
 * Registers edge-guard's service worker (`edge-guard/service-worker.js`, served from the page's own origin) and makes
 * {@link defaultCache} the cache of loads that name none. Resolves when the worker controls the page, or at the latest after
 * `patienceMs`: it is then used from the next page load on. A page that cannot have service workers goes on without.
 *
 * @param url where the script is served; its folder is its scope.
 * @returns whether the worker controls this page.
 */
export async function registerServiceWorker(
  url: string | URL,
  options: ServiceWorkerCacheOptions & { readonly patienceMs?: number } = {},
): Promise<boolean> {
  replaceCache(defaultCache(options));
  const workers = serviceWorkers();
  if (workers === undefined) return false;
  try {
    await workers.register(url);
  } catch {
    return false;
  }
  if (workers.controller === null) {
    await new Promise<void>((resolve) => {
      workers.addEventListener("controllerchange", () => resolve(), { once: true });
      setTimeout(resolve, options.patienceMs ?? 1_000);
    });
  }
  return (await controllingScope()) !== undefined;
}
