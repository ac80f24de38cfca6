// Runs in Deno: `kit` for the conformance kit, `load <url>` for one load by the default cache, `corrupt` to change what is stored.
import { cacheStorageCache, closeCache, loadGuard, defaultCache as neutralCache } from "edge-guard";
import { defaultCache } from "edge-guard/deno";
import { testCache } from "edge-guard/testing";

declare const Deno: { readonly args: readonly string[] };
const [what, url = "", kind = "deno"] = Deno.args;

const events: string[] = [];
const print = (value: unknown): void => console.log(JSON.stringify(value));

if (what === "kit") {
  let n = 0;
  const again = () => cacheStorageCache({ cacheName: `kit-${n}` });
  const create = () => {
    n++;
    return again();
  };
  const failures: Record<string, string> = {};
  const cases = testCache({ name: "Deno", create, again });
  for (const { name, run } of cases) {
    await run().catch((error: unknown) => {
      failures[name] = String(error);
    });
  }
  print({ cases: cases.length, failures });
} else if (what === "corrupt") {
  const cache = await caches.open("edge-guard");
  let changed = 0;
  // The guard as it came, and as it was prepared.
  for (const name of [url, `p-${url}-p2-512-true`]) {
    const address = `https://edge-guard.invalid/${name}`;
    const found = await cache.match(address);
    if (found === undefined) continue;
    const bytes = new Uint8Array(await found.arrayBuffer());
    bytes[1000]! ^= 1;
    await cache.put(address, new Response(bytes));
    changed++;
  }
  print(changed);
} else {
  const cache = kind === "neutral" ? neutralCache() : defaultCache();
  const guard = await loadGuard(url, {
    cache,
    onCacheEvent: ({ type, outcome, from }) => void events.push([type, outcome, from].filter(Boolean).join(" ")),
  });
  const { mode } = await guard.labelAgent({});
  await guard.close();
  await closeCache(cache);
  print({ events, mode, cache: cache.name });
}
