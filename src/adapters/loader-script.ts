// The program of the dynamic Workers that host guards, as text: the build bundles loader-host.ts and puts it in here.

declare const edgeGuardLoaderHost: string;

/** Calls the host with the guard's module; `cloudflare:workers` exists inside of Workers only. */
const main = `import { WorkerEntrypoint } from "cloudflare:workers";
import guard from "./guard.wasm";
import { hostGuard } from "./host.js";
const host = hostGuard(guard);
export default class extends WorkerEntrypoint {
  perform(request, caller) {
    return host.perform(request, caller);
  }
}
`;

export const loaderScripts: { readonly [name: string]: string } = { "main.js": main, "host.js": edgeGuardLoaderHost };
