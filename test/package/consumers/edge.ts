// The consumer on Workers: the guard is prepared by edge-guard's esbuild plugin and arrives compiled.
import guard from "edge-guard/repo-guard.wasm";
import { triage } from "./triage.ts";

export default {
  async fetch(): Promise<Response> {
    return new Response(await triage(guard));
  },
};
