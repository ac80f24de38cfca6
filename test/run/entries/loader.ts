// The suites in a Worker's handler, every guard arriving as bytes and hosted by a dynamic Worker. `guards`: bytes by name.
import * as library from "edge-guard";
import { type LoaderGuard, type LoaderGuardOptions, loaderGuard, type WorkerLoaderLike } from "edge-guard/cloudflare";
import type { Settings } from "../every-suite.ts";
import { answerWith } from "./worker-answer.ts";

/** Suites ask a guard for its module, of which a dynamic Worker tells the name, the digest, and what checkpoints can do. */
function withModule(guard: LoaderGuard): LoaderGuard {
  const { fork, fresh } = guard;
  return Object.defineProperties(guard, {
    module: {
      get: () => ({ name: guard.name, digest: guard.digest, counts: guard.counts, checkpoint: guard.checkpoint }),
    },
    fork: { value: async () => withModule(await fork()) },
    fresh: { value: async () => withModule(await fresh()) },
  });
}

export function createHandler(guards: Readonly<Record<string, ArrayBuffer>>) {
  // What a suite compiles itself stays bytes: a dynamic Worker takes nothing else.
  Object.assign(globalThis, { compileForSuite: async (bytes: Uint8Array) => bytes });
  return {
    async fetch(request: Request, { LOADER: loader }: { readonly LOADER: WorkerLoaderLike }): Promise<Response> {
      const load = async (source: library.GuardSource, options: Omit<LoaderGuardOptions, "loader"> = {}) =>
        withModule(await loaderGuard(source, { ...options, loader }));
      const hosted = { ...library, loadGuard: load } as unknown as typeof library;
      return answerWith(hosted, guards, (await request.json()) as Settings);
    },
  };
}
