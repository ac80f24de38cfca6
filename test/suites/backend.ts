// Every transport and every wrapper against the conformance kit, in any runtime, without a network.
import type { Backend } from "edge-guard";
import { testBackend } from "edge-guard/testing";
import { fakeServer } from "./backend-server.ts";
import type { Library, Runner } from "./suite.ts";

type UnderTest = Parameters<typeof testBackend>[0];
type Create = UnderTest["create"];
type BackendCapabilities = NonNullable<UnderTest["capabilities"]>;
type BackendHandler = Parameters<Create>[0];

/** What the handler would answer, as entries: for backends that know their answers in advance. */
async function recordAll(library: Library, handler: BackendHandler, questions: Parameters<Create>[1]) {
  const recorder = library.recordingBackend(library.functionBackend(handler));
  for (const { tool, args } of questions) await Promise.resolve(recorder.callTool(tool, args)).catch(() => {});
  return recorder.entries();
}

export function backendSuite(runner: Runner, library: Library): void {
  const { functionBackend, mcpBackend, messagePortBackend, serveBackend, recordedBackend, recordingBackend } = library;
  const { withTimeout, withRetry, withLimit, memoized } = library;

  const register = (name: string, create: Create, capabilities: BackendCapabilities = {}): void => {
    for (const { name: title, run } of testBackend({ name, create, capabilities })) runner.test(title, run);
  };

  register("functionBackend", (handler) => functionBackend(handler));
  register("functionBackend, synchronous", (handler) => functionBackend(handler, { synchronous: true }), {
    live: false,
  });

  register("mcpBackend with a client of v1's shape", (handler) =>
    mcpBackend({
      callTool: async (
        params: { name: string; arguments?: unknown },
        schema = {},
        options?: { signal: AbortSignal },
      ) => {
        if ("signal" in schema) throw new TypeError("The options came in the place of the schema");
        return await handler(params.name, params.arguments, options!);
      },
    }),
  );
  register("mcpBackend with a client of v2's shape", (handler) =>
    mcpBackend({
      callTool: async (params: { name: string; arguments?: unknown }, options: { signal: AbortSignal }) =>
        handler(params.name, params.arguments, options),
    }),
  );

  for (const era of ["stateless", "sessions"] as const) {
    for (const body of ["json", "sse"] as const) {
      const create: Create = (handler) =>
        mcpBackend("https://mcp.example/mcp", { fetch: fakeServer(handler, { era, body }).fetch });
      register(`mcpBackend with a URL, ${era}, ${body}`, create);
    }
  }

  const overPort = (served: Backend): Backend => {
    const { port1, port2 } = new MessageChannel();
    const server = serveBackend(port1 as never, served);
    const backend = messagePortBackend(port2 as never);
    return {
      ...backend,
      async close() {
        await backend.close?.();
        server.close();
        port1.close();
        await served.close?.();
      },
    };
  };
  register("messagePortBackend", (handler) => overPort(functionBackend(handler)));
  register("messagePortBackend over two ports", (handler) => overPort(overPort(functionBackend(handler))));

  const recorded = { live: false };
  register(
    "recordedBackend",
    async (handler, questions) => recordedBackend(await recordAll(library, handler, questions)),
    recorded,
  );
  register(
    "recordedBackend with a delay",
    async (handler, questions) => recordedBackend(await recordAll(library, handler, questions), { delayMs: 1 }),
    recorded,
  );
  register("recordingBackend", (handler) => recordingBackend(functionBackend(handler)));
  register(
    "recordingBackend, synchronous",
    (handler) => recordingBackend(functionBackend(handler, { synchronous: true })),
    recorded,
  );

  const wrappers: Readonly<Record<string, (inner: Backend) => Backend>> = {
    withTimeout: (inner) => withTimeout(inner, 30_000),
    withRetry: (inner) => withRetry(inner),
    withLimit: (inner) => withLimit(inner, { concurrency: 3 }),
    memoized: (inner) => memoized(inner),
    "all wrappers at once": (inner) => memoized(withLimit(withRetry(withTimeout(inner, 30_000)))),
  };
  for (const [name, wrap] of Object.entries(wrappers)) {
    register(name, (handler) => wrap(functionBackend(handler)));
    register(
      `${name} around a synchronous backend`,
      (handler) => wrap(functionBackend(handler, { synchronous: true })),
      recorded,
    );
  }
}
