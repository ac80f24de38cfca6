// What `npm run test:everywhere` runs in each runtime: every suite, one line of JSON per test.
import * as proxies from "edge-guard/proxy";
import { cacheSuite } from "../suites/cache.ts";
import { type Suite, suites } from "../suites/index.ts";
import { proxySuite } from "../suites/proxy.ts";
import { proxyBodySuite } from "../suites/proxy-bodies.ts";
import type { Environment, Library } from "../suites/suite.ts";
import { toolchainsSuite } from "../suites/toolchains.ts";
import { warmSuite } from "../suites/warm.ts";
import { workerSuite } from "../suites/worker.ts";
import { runSuites } from "./all-suites.ts";
import { driversSuite } from "./drivers.ts";
import { elementSuite } from "./element.ts";
import { playgroundSuite } from "./playground.ts";

export const everySuite: Readonly<Record<string, Suite>> = {
  ...suites,
  proxy: (runner, library) => {
    proxySuite(runner, library, proxies);
    proxyBodySuite(runner, library, proxies);
  },
  cache: (runner, library, environment) => {
    cacheSuite(runner, library);
    warmSuite(runner, library, environment);
  },
  drivers: driversSuite,
  worker: workerSuite,
  toolchains: toolchainsSuite,
  element: elementSuite,
  playground: playgroundSuite,
};

/** What a run is told by whoever started the runtime. */
export interface Settings {
  readonly name: string;
  readonly endsLoops: boolean;
  /** Parts of `suite: test`; only tests with one of them run. Empty: all. */
  readonly only: readonly string[];
  /** The suites to run; absent: all. */
  readonly suites?: readonly string[];
}

/**
 * Runs every suite and writes a line of JSON for each test, `{ suite, name, failure?, milliseconds }`, before them one with the
 * runtime's own name, `{ runtime, jspi }`, and after them `{ ended }` with their number.
 */
export async function reportSuites(
  library: Library,
  environment: Environment,
  { only, suites: wantedSuites }: Settings,
  runtime: string,
  write: (line: string) => void,
): Promise<void> {
  const jspi = "Suspending" in WebAssembly;
  write(JSON.stringify({ runtime, jspi }));
  let count = 0;
  let last = Date.now();
  const wanted = (suite: string, name: string): boolean =>
    (wantedSuites?.includes(suite) ?? true) &&
    (only.length === 0 || only.some((part) => `${suite}: ${name}`.includes(part)));
  await runSuites(
    library,
    environment,
    (result) => {
      const now = Date.now();
      write(JSON.stringify({ ...result, milliseconds: now - last }));
      last = now;
      count++;
    },
    wanted,
    everySuite,
  );
  write(JSON.stringify({ ended: count }));
}
