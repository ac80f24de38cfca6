// Serves prepared guards out of Cache Storage, under the digest of their bytes: so that Chromium keeps their compiled code.
// Register it as it is, or take it into a service worker of your own with importScripts().
import { helloMessage, preparedCacheName, preparedFolder } from "edge-guard/browser";

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
  readonly location: Location;
};

async function answer(request: Request): Promise<Response> {
  const found = await caches.open(preparedCacheName).then((cache) => cache.match(request.url));
  return found ?? new Response("This guard is not kept here\n", { status: 404 });
}

// The page that registers the worker can use it without being loaded again.
self.addEventListener("activate", (event) => (event as LifecycleEvent).waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request, respondWith } = event as FetchEvent;
  const isOurs = request.method === "GET" && request.url.startsWith(self.registration.scope + preparedFolder);
  if (isOurs) respondWith.call(event, answer(request));
});

self.addEventListener("message", (event) => {
  if (event.data === helloMessage) event.ports[0]?.postMessage(self.registration.scope);
});
