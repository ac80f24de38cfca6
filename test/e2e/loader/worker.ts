// A Worker that loads guards from bytes at run time. Each case is asked for by its path; `guards`: bytes by name.
import { edgeCache, type LoaderGuard, type LoaderGuardOptions, loaderGuard } from "edge-guard/cloudflare";
import { cases, type Tools } from "./cases.ts";

type Loader = LoaderGuardOptions["loader"];
type Bytes = Uint8Array<ArrayBuffer>;

/** What outlives a request. */
const kept = new Map<string, unknown>();

export function createHandler(guards: Readonly<Record<string, ArrayBuffer>>) {
  return {
    async fetch(request: Request, { LOADER }: { readonly LOADER: Loader }): Promise<Response> {
      const { pathname, searchParams } = new URL(request.url);
      const run = cases[decodeURIComponent(pathname.slice(1))];
      const bytes = (name: string): Bytes => new Uint8Array((guards[name] as ArrayBuffer).slice(0));
      const opened: LoaderGuard[] = [];
      const tools: Tools = {
        loader: LOADER,
        bytes,
        kept,
        upstream: searchParams.get("upstream") ?? "",
        cache: edgeCache(),
        async load(name, options = {}) {
          const guard = await loaderGuard(bytes(name), { loader: LOADER, name, ...options });
          opened.push(guard);
          return guard;
        },
      };
      try {
        await run?.(tools);
        return new Response(run === undefined ? "There is no such case" : "");
      } catch (error) {
        return new Response(error instanceof Error ? (error.stack ?? error.message) : String(error));
      } finally {
        if (!searchParams.has("keep")) await Promise.all(opened.map((guard) => guard.close()));
      }
    },
  };
}
