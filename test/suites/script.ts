// Runs the guard that does what its input says (test/guards/abi/script.wat) on a case of test/vectors/abi, under one strategy.
import type { Backend, GuardError, GuardEvent, LogEntry, WasmGuard } from "edge-guard";
import { equal, ok, rejects } from "./assert.ts";
import type { Library } from "./suite.ts";

export type Strategy = "sync" | "speculative" | "stepwise" | "jspi";

/** The strategies that this runtime has. */
export function strategies(): Strategy[] {
  const jspi = typeof (WebAssembly as { Suspending?: unknown }).Suspending === "function";
  return ["sync", "speculative", "stepwise", ...(jspi ? (["jspi"] as const) : [])];
}

export interface ScriptCase {
  readonly name: string;
  readonly spec?: string;
  /** Which label function; `response` by default. */
  readonly function?: string;
  /** The script; wrapped so that what it writes comes back as data when the case has `seen`. */
  readonly do: string;
  readonly texts?: readonly string[];
  readonly backend?: readonly { tool: string; args?: unknown; result?: unknown; error?: string }[];
  readonly limits?: Record<string, number>;
  readonly logLevel?: string;
  /** What the script wrote: an array of JSON values, separated by `w7`. */
  readonly seen?: readonly unknown[];
  readonly want?: unknown;
  readonly error?: Record<string, unknown> & { readonly message?: string };
  /** Afterwards; `ok` by default. */
  readonly health?: string;
  readonly logs?: readonly unknown[];
  /** The questions that reached the backend and counted, as `[tool, args]`. */
  readonly asked?: readonly unknown[];
}

/** The input's texts: 7 to 9 put what a script writes into labels of the legacy form. */
export function textsOf(texts: readonly string[] = []): Record<string, string> {
  const named = Object.fromEntries(texts.map((text, index) => [`t${index}`, text]));
  return { t7: ",", t8: '{"items":[{"data":[', t9: '],"labels":{"secrecy":[],"integrity":[]}}]}', ...named };
}

/** Runs a script and gives what it wrote. */
export async function script(
  guard: WasmGuard,
  steps: string,
  texts: readonly string[] = [],
  options = {},
): Promise<unknown[]> {
  const labels = await guard.labelResponse(
    { tool: "t", args: { do: `w8${steps}w9R`, ...textsOf(texts) } },
    null,
    options,
  );
  ok(labels !== null && "items" in labels, "The script's labels are items");
  return labels.items[0]?.data as unknown[];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export function caseBackend(library: Library, entries: ScriptCase["backend"], strategy: Strategy): Backend {
  const answer = (tool: string, args: unknown): unknown => {
    const entry = (entries ?? []).find((one) => one.tool === tool && (!("args" in one) || same(one.args, args)));
    if (entry === undefined || entry.error !== undefined) throw new Error(entry?.error ?? "Nobody knows");
    return entry.result;
  };
  if (strategy === "sync") return library.functionBackend(answer, { synchronous: true });
  return library.functionBackend(async (tool, args) => {
    await null;
    return answer(tool, args);
  });
}

export async function loadScript(
  library: Library,
  bytes: Uint8Array<ArrayBuffer>,
  strategy: Strategy,
  options: Record<string, unknown>,
): Promise<WasmGuard> {
  return library.loadGuard(bytes, {
    name: "script",
    suspension: strategy === "jspi" ? "jspi" : "replay",
    speculate: strategy !== "stepwise",
    ...options,
  });
}

export interface ScriptOutcome {
  readonly value?: unknown;
  readonly error?: unknown;
  readonly health: string;
  readonly logs: readonly unknown[];
  readonly questions: readonly unknown[];
}

function spell(error: GuardError): unknown {
  const { name, code, guard, phase, message } = error;
  const { returnCode, exitCode, limit } = error as { returnCode?: number; exitCode?: number; limit?: string };
  return { name, code, guard, phase, message, returnCode, exitCode, limit };
}

/** Runs a case, holds it against what it wants, and gives its outcome for comparison with other strategies. */
export async function runCase(
  library: Library,
  bytes: Uint8Array<ArrayBuffer>,
  test: ScriptCase,
  strategy: Strategy,
): Promise<ScriptOutcome> {
  const logs: LogEntry[] = [];
  const events: GuardEvent[] = [];
  const guard = await loadScript(library, bytes, strategy, {
    backend: caseBackend(library, test.backend, strategy),
    log: (entry: LogEntry) => logs.push(entry),
    onEvent: (event: GuardEvent) => events.push(event),
    ...(test.limits === undefined ? {} : { limits: test.limits }),
    ...(test.logLevel === undefined ? {} : { logLevel: test.logLevel }),
  });
  const steps = test.seen === undefined ? test.do : `w8${test.do}w9R`;
  const args = { do: steps, ...textsOf(test.texts) };
  const call = (): Promise<unknown> =>
    test.function === "agent"
      ? guard.labelAgent(args)
      : test.function === "resource"
        ? guard.labelResource({ tool: "t", args })
        : guard.labelResponse({ tool: "t", args }, null);
  let value: unknown;
  let error: GuardError | undefined;
  try {
    value = await call();
  } catch (thrown) {
    error = thrown as GuardError;
  }
  const questions = events.flatMap((event) =>
    event.type === "question" && event.used ? [[event.tool, event.args, event.result ?? event.error?.code]] : [],
  );
  const outcome = {
    ...(error === undefined ? { value } : { error: spell(error) }),
    health: guard.health,
    logs: logs.map(({ guard: _, ...line }) => line),
    questions,
  };
  check(library, test, outcome, error);
  await afterwards(library, guard, test, error, logs);
  return outcome;
}

function check(library: Library, test: ScriptCase, outcome: ScriptOutcome, error: GuardError | undefined): void {
  if (test.error === undefined) {
    if (error !== undefined) throw error;
    if (test.seen !== undefined)
      equal((outcome.value as { items: [{ data: unknown }] }).items[0].data, test.seen, "Seen");
    else equal(outcome.value, test.want, "Labels");
  } else {
    ok(error !== undefined, `An error is thrown, not ${JSON.stringify(outcome.value)}`);
    ok(library.isGuardError(error), `The error is a GuardError: ${error}`);
    const { message = "", ...fields } = test.error;
    equal(
      Object.fromEntries(Object.keys(fields).map((key) => [key, error[key as never]])),
      fields,
      `Error (${error.message})`,
    );
    ok(error.message.includes(message), `The message says ${message}: ${error.message}`);
    ok(error.guard === "script", "The error names the guard");
    ok(error.phase === `label_${test.function ?? "response"}`, `The error names the phase: ${error.phase}`);
  }
  equal(outcome.health, test.health ?? "ok", "Health");
  if (test.logs !== undefined) equal(outcome.logs, test.logs, "Logs");
  if (test.asked !== undefined)
    equal(
      (outcome.questions as unknown[][]).map(([tool, args]) => [tool, args]),
      test.asked,
      "Asked",
    );
}

/** A guard that is well answers the next call, a poisoned one refuses it until it is recovered; neither remembers a failed call. */
async function afterwards(
  library: Library,
  guard: WasmGuard,
  test: ScriptCase,
  first: GuardError | undefined,
  logs: LogEntry[],
): Promise<void> {
  if (guard.health === "poisoned") {
    const refused = await rejects(script(guard, "k"));
    ok(
      refused instanceof library.PoisonedError && refused.cause === first,
      "Later calls have the first fault as their cause",
    );
    await guard.recover();
    equal(guard.health, "ok", "Health after recovery");
  }
  const before = logs.length;
  if (test.limits === undefined) equal(await script(guard, "k"), [1001], "The next call");
  equal(logs.length, before, "Nothing is left over for the next call's log");
  await guard.close();
  ok((await rejects(script(guard, "k"))) instanceof library.ClosedError, "A closed guard says so");
}
