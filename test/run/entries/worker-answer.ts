// A Worker's answer to a request for suites: their lines as they come. `guards`: bytes by name.
import { reportSuites, type Settings } from "../every-suite.ts";

export function answerWith(
  library: Parameters<typeof reportSuites>[0],
  guards: Readonly<Record<string, ArrayBuffer>>,
  settings: Settings,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const guard = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = guards[name];
    if (bytes === undefined) throw new Error(`There is no guard "${name}" to test with`);
    return new Uint8Array(bytes.slice(0));
  };
  const write = (line: string): void => {
    void writer.write(encoder.encode(`${line}\n`));
    // The runtime may hold the response back until its end: then only the log shows after which test a run hangs.
    console.log(line.slice(0, 200));
  };
  void reportSuites(library, { name: settings.name, guard }, settings, "workerd", write).finally(() => writer.close());
  return new Response(readable);
}
