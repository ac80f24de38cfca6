// Runs in workerd: the conformance kit over its Cache API, and a guard that came compiled with the Worker.
import { loadGuard, defaultCache as neutralCache } from "edge-guard";
import { defaultCache, edgeCache } from "edge-guard/cloudflare";
import { testCache } from "edge-guard/testing";
import guardModule from "./guard.wasm";

let stores = 0;
const again = () => edgeCache({ cacheName: `kit-${stores}` });
const create = () => {
  stores++;
  return again();
};
// 12 MB are more than one request should copy around in a Worker.
const cases = testCache({ name: "workerd", create, again, largeBytes: 3_000_000 });

async function load(source: WebAssembly.Module | string) {
  const events: string[] = [];
  try {
    const guard = await loadGuard(source, {
      cache: defaultCache(),
      onCacheEvent: ({ type, reason }) => void events.push(`${type}: ${reason}`),
    });
    const { mode } = await guard.labelAgent({});
    await guard.close();
    return { events, mode };
  } catch (error) {
    return { events, code: (error as { code?: string }).code };
  }
}

/** What workerd does with an entry that has no lifetime. */
async function withoutLifetime(): Promise<boolean> {
  const cache = await caches.open("plain");
  await cache.put("https://edge-guard.invalid/plain", new Response("kept"));
  return (await cache.match("https://edge-guard.invalid/plain")) !== undefined;
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/names") return Response.json(cases.map(({ name }) => name));
    if (pathname === "/kit") {
      const failure = await cases[Number(searchParams.get("case"))]?.run().then(() => "", String);
      return Response.json(failure);
    }
    if (pathname === "/keep") {
      await edgeCache().set("kept", new TextEncoder().encode("kept"));
      return Response.json(null);
    }
    if (pathname === "/kept") return Response.json((await edgeCache().get("kept"))?.length ?? null);
    if (pathname === "/plain") return Response.json(await withoutLifetime());
    if (pathname === "/names-of-defaults") return Response.json([defaultCache().name, neutralCache().name]);
    return Response.json(await load(searchParams.get("url") ?? guardModule));
  },
};
