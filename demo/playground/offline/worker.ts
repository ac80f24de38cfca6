// The playground's service worker: keeps every file of one build, so that the page works without a network after the first visit.
// Files of one build never mix with those of another; the next build waits until somebody asks for it or no page is open.
import { takeOver } from "./messages.ts";

declare const BUILD: string;
declare const FILES: readonly string[];

interface LifecycleEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends LifecycleEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
declare const self: typeof globalThis & {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
};

// Another playground may stand elsewhere on this origin: its files are its own.
const family = `edge-guard-playground ${self.registration.scope} `;
const cacheName = family + BUILD;

async function keepAll(): Promise<void> {
  const cache = await caches.open(cacheName);
  await Promise.all(
    FILES.map(async (file) => {
      const address = new URL(file, self.registration.scope).href;
      const response = await fetch(address, { cache: "reload" });
      if (!response.ok) throw new Error(`Keeping "${file}": the server answered ${response.status}`);
      // A response that was redirected cannot answer for a page.
      const { status, headers } = response;
      await cache.put(address, new Response(await response.blob(), { status, headers }));
    }),
  );
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(family) && name !== cacheName).map((name) => caches.delete(name)),
  );
  await self.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const address = new URL(request.url);
  if (address.href.split(/[?#]/)[0] === self.registration.scope) address.pathname += "index.html";
  address.search = "";
  const cache = await caches.open(cacheName);
  return (await cache.match(address.href)) ?? fetch(request);
}

self.addEventListener("install", (event) => (event as LifecycleEvent).waitUntil(keepAll()));
self.addEventListener("activate", (event) => (event as LifecycleEvent).waitUntil(forgetOthers()));
self.addEventListener("message", ({ data }) => {
  if (data === takeOver) void self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const { request } = event as FetchEvent;
  if (request.method === "GET" && request.url.startsWith(self.registration.scope)) {
    (event as FetchEvent).respondWith(answer(request));
  }
});
