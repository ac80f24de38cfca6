// The drivers that a runtime has, found by feature, against the conformance kits that come with the package.
import type { ModuleCache } from "edge-guard";
import { testAgentStore, testCache } from "edge-guard/testing";
import type { Library, Runner } from "../suites/suite.ts";

export function driversSuite(runner: Runner, library: Library): void {
  const { cacheStorageCache, indexedDbCache, memoryAgents, memoryCache, tieredCache } = library;
  const largeBytes = 3_000_000;
  let stores = 0;
  const named = (make: (name: string) => ModuleCache) => ({
    create: () => make(`kit-${++stores}`),
    again: () => make(`kit-${stores}`),
  });
  const kits = [
    testCache({ name: "memoryCache", largeBytes, create: () => memoryCache() }),
    testCache({ name: "tieredCache", largeBytes, create: () => tieredCache(memoryCache(), memoryCache()) }),
    ...(typeof caches === "object"
      ? [
          testCache({
            name: "cacheStorageCache",
            largeBytes,
            ...named((cacheName) => cacheStorageCache({ cacheName })),
          }),
        ]
      : []),
    ...(typeof indexedDB === "object"
      ? [testCache({ name: "indexedDbCache", largeBytes, ...named((database) => indexedDbCache({ database })) })]
      : []),
    testAgentStore({ name: "memoryAgents", create: () => memoryAgents() }),
  ];
  for (const { name, run } of kits.flat()) runner.test(name, run);
}
