// Every suite in a Worker's handler. Guards come as compiled modules with the deployment: `modules` by key, `guards` as bytes by name.
import * as library from "edge-guard";
import { reportSuites, type Settings } from "../every-suite.ts";
import { offerCompile, type Replace, withPrecompiled } from "../precompiled.ts";

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
      const settings = (await request.json()) as Settings;
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const encoder = new TextEncoder();
      const guard = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
        const bytes = guards[name];
        if (bytes === undefined) throw new Error(`There is no guard "${name}" to test with`);
        return new Uint8Array(bytes.slice(0));
      };
      const write = (line: string): void => void writer.write(encoder.encode(`${line}\n`));
      void reportSuites(precompiled, { name: settings.name, guard }, settings, "workerd", write).finally(() =>
        writer.close(),
      );
      return new Response(readable);
    },
  };
}
