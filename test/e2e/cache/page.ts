// What runs in the page: loads with a cache of choice, and what a test does to the stores behind the library's back.
import {
  type CacheEvent,
  cacheStorageCache,
  compileGuard,
  defaultCache,
  indexedDbCache,
  loadGuard,
  type ModuleCache,
  memoryCache,
  tieredCache,
  type WasmGuard,
} from "edge-guard";
import * as browser from "edge-guard/browser";
import { testCache } from "edge-guard/testing";

/** `default`: what the page would choose; `process`: no cache option at all; the others by their names. */
export type CacheName = "default" | "indexeddb" | "cache-storage" | "tiered" | "service-worker" | "process";

export interface LoadReport {
  readonly events: string[];
  readonly errors: string[];
  readonly milliseconds: number;
  readonly mode: string;
  /** The error's code, when the load failed. */
  readonly failed?: string;
}

export interface LoadRequest {
  readonly cache: CacheName;
  readonly url: string;
  readonly integrity?: string;
  readonly minimumBytes?: number;
  /** How often label_agent runs afterwards. */
  readonly calls?: number;
  /** Keeps the guard, as a page does that works with it; default: closes it. */
  readonly keep?: boolean;
  /** How long to listen on after the load, in milliseconds: writing goes on in the background. */
  readonly listen?: number;
}

const database = "edge-guard";
const policy = { "allow-only": { repos: ["acme/*"], "min-integrity": "approved" } };

function open({ cache, minimumBytes }: LoadRequest): ModuleCache | undefined {
  const options = minimumBytes === undefined ? {} : { minimumBytes };
  switch (cache) {
    case "default":
      return defaultCache();
    case "indexeddb":
      return indexedDbCache();
    case "cache-storage":
      return cacheStorageCache();
    case "tiered":
      return tieredCache(memoryCache(), indexedDbCache());
    case "service-worker":
      return browser.defaultCache(options);
    default:
      return undefined;
  }
}

const promised = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const harness = {
  async load(request: LoadRequest): Promise<LoadReport> {
    const events: CacheEvent[] = [];
    const cache = open(request);
    const started = performance.now();
    const result = (mode: string, failed?: string): LoadReport => ({
      events: events.map(({ type, outcome, from }) => [type, outcome, from].filter(Boolean).join(" ")),
      errors: events.flatMap(({ error }) => (error ? [error.message] : [])),
      milliseconds: performance.now() - started,
      mode,
      ...(failed === undefined ? {} : { failed }),
    });
    try {
      const guard = await loadGuard(request.url, {
        ...(cache && { cache }),
        ...(request.integrity !== undefined && { integrity: request.integrity }),
        onCacheEvent: (event) => void events.push(event),
      });
      const { milliseconds } = result("");
      let mode = "";
      for (let n = 0; n < (request.calls ?? 1); n++) ({ mode } = await guard.labelAgent(policy));
      if (request.keep) kept.push(guard);
      else await guard.close();
      await new Promise((resolve) => setTimeout(resolve, request.listen ?? 0));
      return { ...result(mode), milliseconds };
    } catch (error) {
      return result("", (error as { code?: string }).code ?? String(error));
    }
  },

  /** Compiled only: a page cannot have 200 memories, each of which reserves gigabytes of addresses. */
  /** Calls the guard that was kept last. */
  async work(calls: number): Promise<void> {
    for (let n = 0; n < calls; n++) await kept.at(-1)?.labelAgent(policy);
  },
  async many(url: string, count: number): Promise<number> {
    const guards = await Promise.all(Array.from({ length: count }, () => compileGuard(url, { cache: shared })));
    return new Set(guards.map(({ module }) => module)).size;
  },

  /** Milliseconds between the first and the last progress report of the download, how many there were, and whether an abort ended it. */
  async progress(
    url: string,
    abortAt?: number,
  ): Promise<{ reports: number; last: number; total: number; code: string }> {
    const controller = new AbortController();
    let [reports, last, total] = [0, 0, 0];
    let code = "";
    try {
      await loadGuard(url, {
        cache: memoryCache(),
        signal: controller.signal,
        onProgress(step) {
          if (step.phase !== "download") return;
          reports++;
          last = step.loaded;
          total = step.total ?? 0;
          if (abortAt !== undefined && last >= abortAt) controller.abort();
        },
      });
    } catch (error) {
      code = (error as { code: string }).code;
    }
    return { reports, last, total, code };
  },

  /** Every step of a load's progress, `total` null where it is not known. */
  async steps(request: LoadRequest): Promise<[phase: string, loaded: number, total: number | null][]> {
    const cache = open(request);
    const steps: [string, number, number | null][] = [];
    const guard = await loadGuard(request.url, {
      ...(cache && { cache }),
      onProgress: ({ phase, loaded, total }) => void steps.push([phase, loaded, total ?? null]),
    });
    await guard.close();
    return steps;
  },

  conformance(cache: "indexeddb" | "cache-storage"): string[] {
    return kit(cache).map(({ name }) => name);
  },
  async conform(cache: "indexeddb" | "cache-storage", name: string): Promise<string> {
    try {
      await kit(cache)
        .find((item) => item.name === name)
        ?.run();
      return "";
    } catch (error) {
      return String(error);
    }
  },

  /** Changes one byte of every stored module. */
  async corrupt(cache: CacheName): Promise<number> {
    let changed = 0;
    const spoil = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
      const spoiled = bytes.slice();
      spoiled[Math.floor(spoiled.length / 2)]! ^= 1;
      changed++;
      return spoiled;
    };
    if (cache === "indexeddb") {
      const db = await promised(indexedDB.open(database));
      const store = db.transaction("modules", "readwrite").objectStore("modules");
      for (const key of await promised(store.getAllKeys())) {
        const value = await promised(store.get(key));
        if (value.length > 1000) await promised(store.put(spoil(value), key));
      }
      db.close();
    } else {
      const kept = await caches.open(cache === "service-worker" ? "edge-guard-prepared" : "edge-guard");
      for (const request of await kept.keys()) {
        const response = await kept.match(request);
        const bytes = new Uint8Array(await response!.arrayBuffer());
        if (bytes.length > 1000) await kept.put(request, new Response(spoil(bytes), { headers: response!.headers }));
      }
    }
    return changed;
  },

  /** Puts another module in the place of every prepared one, and what leads there in the place of what led to them. */
  async replacePrepared(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const kept = await caches.open("edge-guard-prepared");
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const digest = [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    for (const { url } of await kept.keys()) {
      if (url.endsWith(".wasm")) continue;
      await kept.put(url, new Response(digest));
      const headers = { "content-type": "application/wasm" };
      await kept.put(url.replace(/[^/]*$/, `${digest}.wasm`), new Response(bytes, { headers }));
    }
  },

  deleteDatabase: (): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(database);
      request.onsuccess = () => resolve("deleted");
      request.onblocked = () => resolve("blocked");
      request.onerror = () => reject(request.error);
    }),

  /** Opens the database and never lets go, as another library would; then asks for a newer version, which has to wait. */
  async occupy(): Promise<void> {
    held = await promised(indexedDB.open(database));
    indexedDB.open(database, 99);
  },
  release: (): void => held?.close(),

  deleteCaches: async (): Promise<boolean[]> => Promise.all((await caches.keys()).map((name) => caches.delete(name))),
  register: (minimumBytes: number): Promise<boolean> =>
    browser.registerServiceWorker("/service-worker.js", { minimumBytes, patienceMs: 5_000 }),
  async unregister(): Promise<void> {
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
  },
};

const kept: WasmGuard[] = [];
const shared = indexedDbCache();
let held: IDBDatabase | undefined;
let databases = 0;

const next =
  <T>(make: () => T) =>
  (): T => {
    databases++;
    return make();
  };

function kit(cache: "indexeddb" | "cache-storage") {
  if (cache === "cache-storage") {
    const make = () => cacheStorageCache({ cacheName: `kit-${databases}` });
    return testCache({ name: cache, create: next(make), again: make });
  }
  const make = () => indexedDbCache({ database: `kit-${databases}` });
  return testCache({ name: cache, create: next(make), again: make });
}

export type Harness = typeof harness;
(globalThis as unknown as { harness: Harness }).harness = harness;
