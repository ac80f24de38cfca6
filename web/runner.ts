// Evaluates scenarios and keeps the last report, so that the page can ask for parts of it. Runs in the worker; in the page where there are none.
import { inspectGuard, type JudgedItem, type PreviewReport, parsePolicy, preview } from "edge-guard";
import type { AnalysisOptions } from "edge-guard/analysis";
import { PreviewError, toErrorView } from "./errors.ts";
import { readSource, sha256 } from "./guard-source.ts";
import { createGuards } from "./guards.ts";
import { childrenOf, find, valueAt } from "./json-nodes.ts";
import type {
  ErrorView,
  GuardInspection,
  InspectRequest,
  Progress,
  RequestOnWire,
  RunOnWire,
  Side,
  TextRequest,
} from "./protocol.ts";
import { partsOf, type ResultPart } from "./result-parts.ts";
import { busyLimits, isRunaway, ranAway, tooBusy } from "./runaway.ts";
import { selectItems, toParts, toText, toView } from "./to-view.ts";

export interface HandleOptions {
  tell(progress: Progress): void;
  /** Ends an analysis; an evaluation is ended by the next one. */
  readonly signal: AbortSignal;
}

/** Answers the requests of {@link RequestOnWire}; a later `run` aborts the one before it. */
export interface Runner {
  handle(request: RequestOnWire, options: HandleOptions): Promise<unknown>;
}

type Analysis<Value> = (
  analyses: typeof import("./analyses.ts"),
  scenario: unknown,
  options: AnalysisOptions,
) => Promise<Value>;

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
  const guards = createGuards();
  let calls: unknown;
  let report: PreviewReport | undefined;
  let parts = new Map<string, readonly ResultPart[]>();
  let running: AbortController | undefined;
  let settled: Promise<unknown> = Promise.resolve();
  let last: RunOnWire | undefined;
  let analyses = new AbortController();

  async function evaluate(
    { scenario, guards: entries, backendDelayMs, deadlineMs }: RunOnWire,
    mine: AbortController,
    tell: HandleOptions["tell"],
  ) {
    const { signal } = mine;
    const errors = policyErrors(scenario);
    if (errors.length > 0) throw new PreviewError(errors);
    const choice = guards.choose(entries, { signal, tell });
    await choice.ready();
    signal.throwIfAborted();
    const started = performance.now();
    let runaway = false;
    const made = await preview(scenario, {
      guards: choice.get,
      signal,
      backendDelayMs,
      limits: busyLimits(deadlineMs, backendDelayMs),
      onEvent(event) {
        runaway ||= ranAway(event);
        // One is enough: what comes after it would only be busy as long again.
        if (runaway) mine.abort();
      },
    }).catch((error: unknown) => {
      throw runaway || isRunaway(error) ? tooBusy(deadlineMs, "it") : error;
    });
    if (runaway) throw tooBusy(deadlineMs, "it");
    signal.throwIfAborted();
    report = made;
    parts = new Map();
    return toView(made, performance.now() - started, choice.digests());
  }

  async function run(request: RunOnWire, tell: HandleOptions["tell"]): Promise<unknown> {
    const { calls: given } = (request.scenario ?? {}) as { calls?: unknown };
    if (request.sameCalls) request = { ...request, scenario: { ...(request.scenario as object), calls } };
    else calls = given;
    guards.take(request.guards);
    const superseded = new DOMException("A newer evaluation took over", "AbortError");
    running?.abort(superseded);
    analyses.abort(superseded);
    analyses = new AbortController();
    last = request;
    const mine = new AbortController();
    running = mine;
    const before = settled;
    const work = before.then(() => {
      mine.signal.throwIfAborted();
      return evaluate(request, mine, tell);
    });
    settled = work.catch(() => undefined);
    return work;
  }

  /** Runs one of the analyses over the last scenario; a newer evaluation ends it. */
  async function analyse<Value>(work: Analysis<Value>, { tell, signal }: HandleOptions): Promise<Value> {
    if (last === undefined) throw new RangeError("Analysing the scenario: none was evaluated yet");
    const { scenario, guards: entries, backendDelayMs, deadlineMs } = last;
    const ended = AbortSignal.any([signal, analyses.signal]);
    await settled;
    ended.throwIfAborted();
    const choice = guards.choose(entries, { signal: ended, tell });
    return work(await import("./analyses.ts"), scenario, {
      guards: choice.get,
      signal: ended,
      backendDelayMs,
      limits: busyLimits(deadlineMs, backendDelayMs),
      onRun: ({ done, total }) => tell({ phase: "evaluate", loaded: done, total }),
    });
  }

  function call(index: number): PreviewReport["calls"][number] {
    const found = report?.calls[index];
    if (found === undefined) throw new RangeError(`Reading a call of the report: there is no call ${index}`);
    return found;
  }

  function partsAt(index: number, side: Side): readonly ResultPart[] {
    const key = `${side} ${index}`;
    const known = parts.get(key) ?? partsOf(call(index), side);
    parts.set(key, known);
    return known;
  }

  function partAt(index: number, side: Side, part: number): ResultPart {
    const found = partsAt(index, side)[part];
    if (found === undefined) throw new RangeError(`Reading a result: it has no part ${part}`);
    return found;
  }

  function text({ call: index, part }: TextRequest) {
    const { backendResult, outcome, items } = call(index);
    if (part === "backend") return toText(backendResult);
    if (part === "agent") return toText(outcome.result);
    if (typeof part === "number") return toText(items.find((item: JudgedItem) => item.index === part)?.data);
    const [side, at, pointer] = part;
    const { value, text: literal } = partAt(index, side, at);
    if (pointer === undefined) return toText(value, literal);
    const found = valueAt(value, pointer);
    return toText(found, typeof found === "string" ? found : undefined);
  }

  async function inspect({ source }: InspectRequest): Promise<GuardInspection> {
    const bytes = await readSource(source);
    if (bytes instanceof WebAssembly.Module)
      throw new TypeError("Inspecting a guard: its bytes are needed, got a compiled module");
    return { ...inspectGuard(bytes), sha256: await sha256(bytes) };
  }

  return {
    async handle(request, options) {
      switch (request.type) {
        case "run":
          return run(request, options.tell);
        case "items":
          return selectItems(call(request.call).items, request);
        case "text":
          return text(request);
        case "parts":
          return toParts(partsAt(request.call, request.side));
        case "nodes":
          return childrenOf(
            partAt(request.call, request.side, request.part),
            request.pointer,
            request.run?.[0],
            request.run?.[1],
          );
        case "find":
          return find(partsAt(request.call, request.side), request.text);
        case "suggest":
          return analyse((analysis, scenario, all) => analysis.suggest(scenario, request, all), options);
        case "modes":
          return analyse((analysis, scenario, all) => analysis.modes(scenario, all), options);
        case "compare":
          return analyse((analysis, scenario, all) => analysis.compare(scenario, request, all), options);
        case "reach": {
          const { probes, agent } = request;
          const wanted = { ...(probes && { probes }), ...(agent && { agent }) };
          return analyse((analysis, scenario, all) => analysis.reach(scenario, { ...all, ...wanted }), options);
        }
        case "coverage": {
          const { tools, server } = request;
          return analyse((analysis, scenario, all) => analysis.toolCoverage(tools, scenario, server, all), options);
        }
        case "record": {
          const { recordExpectations } = await import("./analyses.ts");
          await settled;
          if (last === undefined || report === undefined)
            throw new RangeError("Recording a test: there is no result yet");
          return recordExpectations(last.scenario, report);
        }
        case "inspect":
          return inspect(request);
      }
    },
  };
}
