// Every suite in a Worker's handler. Guards come as compiled modules with the deployment: `modules` by key, `guards` as bytes by name.
import * as library from "edge-guard";
import type { Settings } from "../every-suite.ts";
import { offerCompile, type Replace, withPrecompiled } from "../precompiled.ts";
import { answerWith } from "./worker-answer.ts";

export interface Deployed {
  readonly modules: Readonly<Record<string, WebAssembly.Module>>;
  readonly guards: Readonly<Record<string, ArrayBuffer>>;
}

export function createHandler({ modules, guards }: Deployed): { fetch(request: Request): Promise<Response> } {
  const deployed: Replace = (key) => (Object.hasOwn(modules, key) ? modules[key] : undefined);
  const precompiled = withPrecompiled(library, deployed);
  offerCompile(deployed);
  return {
    async fetch(request) {
      return answerWith(precompiled, guards, (await request.json()) as Settings);
    },
  };
}
