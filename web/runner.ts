// Evaluates scenarios and keeps the last report, so that the page can ask for parts of it. Runs in the worker; in the page where there are none.
import { type GuardSource, inspectGuard, type JudgedItem, type PreviewReport, parsePolicy, preview } from "edge-guard";
import { PreviewError, toErrorView } from "./errors.ts";
import { readSource, sha256 } from "./guard-source.ts";
import type {
  ErrorView,
  GuardInspection,
  InspectRequest,
  PreviewGuardSource,
  RequestOnWire,
  RunOnWire,
  TextRequest,
} from "./protocol.ts";
import { selectItems, toText, toView } from "./to-view.ts";

/** Answers the requests of {@link RequestOnWire}; a later `run` aborts the one before it. */
export interface Runner {
  handle(request: RequestOnWire): Promise<unknown>;
}

type LoadedSource = Uint8Array<ArrayBuffer> | WebAssembly.Module;

function policiesOf(scenario: unknown): [server: string, policy: unknown][] {
  const servers = (scenario as { servers?: unknown } | null)?.servers;
  if (typeof servers !== "object" || servers === null) return [];
  return Object.entries(servers).flatMap(([server, entry]) =>
    typeof entry === "object" && entry !== null && "policy" in entry
      ? [[server, (entry as { policy: unknown }).policy]]
      : [],
  );
}

/** Every policy that cannot be read, not only the first. */
function policyErrors(scenario: unknown): ErrorView[] {
  const errors: ErrorView[] = [];
  for (const [server, policy] of policiesOf(scenario)) {
    try {
      parsePolicy(policy);
    } catch (thrown) {
      const error = toErrorView(thrown, server);
      const id = /^[\w-]+$/.test(server) ? `.${server}` : `[${JSON.stringify(server)}]`;
      const path = (error.path ?? "").replace(/^(?=[^[])/, ".");
      errors.push({ ...error, path: `servers${id}.policy${path}` });
    }
  }
  return errors;
}

export function createRunner(): Runner {
  const sources = new Map<number, PreviewGuardSource>();
  const loaded = new Map<number, Promise<LoadedSource>>();
  let calls: unknown;
  let report: PreviewReport | undefined;
  let running: AbortController | undefined;
  let settled: Promise<unknown> = Promise.resolve();

  function load(key: number): Promise<LoadedSource> {
    const known = loaded.get(key);
    if (known !== undefined) return known;
    const reading = readSource(sources.get(key)!);
    loaded.set(key, reading);
    reading.catch(() => loaded.delete(key));
    return reading;
  }

  async function evaluate({ scenario, guards, backendDelayMs }: RunOnWire, signal: AbortSignal) {
    const errors = policyErrors(scenario);
    if (errors.length > 0) throw new PreviewError(errors);
    const byName: { [name: string]: LoadedSource } = Object.create(null);
    await Promise.all(guards.map(async ({ name, key }) => (byName[name] = await load(key))));
    signal.throwIfAborted();
    const started = performance.now();
    const made = await preview(scenario, {
      guards: (name) => (byName[name] ?? byName["*"]) as GuardSource,
      signal,
      backendDelayMs,
    });
    signal.throwIfAborted();
    report = made;
    return toView(made, performance.now() - started);
  }

  async function run(request: RunOnWire): Promise<unknown> {
    for (const { key, source } of request.guards) if (source !== undefined) sources.set(key, source);
    const { calls: given } = (request.scenario ?? {}) as { calls?: unknown };
    if (request.sameCalls) request = { ...request, scenario: { ...(request.scenario as object), calls } };
    else calls = given;
    running?.abort(new DOMException("A newer evaluation took over", "AbortError"));
    const mine = new AbortController();
    running = mine;
    const before = settled;
    const work = before.then(() => {
      mine.signal.throwIfAborted();
      return evaluate(request, mine.signal);
    });
    settled = work.catch(() => undefined);
    return work;
  }

  function call(index: number): PreviewReport["calls"][number] {
    const found = report?.calls[index];
    if (found === undefined) throw new RangeError(`Reading a call of the report: there is no call ${index}`);
    return found;
  }

  function text({ call: index, part }: TextRequest) {
    const { backendResult, outcome, items } = call(index);
    if (part === "backend") return toText(backendResult);
    if (part === "agent") return toText(outcome.result);
    return toText(items.find((item: JudgedItem) => item.index === part)?.data);
  }

  async function inspect({ source }: InspectRequest): Promise<GuardInspection> {
    const bytes = await readSource(source);
    if (bytes instanceof WebAssembly.Module)
      throw new TypeError("Inspecting a guard: its bytes are needed, got a compiled module");
    return { ...inspectGuard(bytes), sha256: await sha256(bytes) };
  }

  return {
    async handle(request) {
      if (request.type === "run") return run(request);
      if (request.type === "items")
        return selectItems(call(request.call).items, request.filter, request.from, request.count);
      if (request.type === "text") return text(request);
      return inspect(request);
    },
  };
}
