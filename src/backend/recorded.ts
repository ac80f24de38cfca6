// Answers known in advance, as a scenario lists them, and the recorder that writes them down.
import { askingBackend, checkNumber, failure, isPromise, jsonCopy, quote, sleep } from "./asking.ts";
import type { AskOptions, Backend } from "./backend.ts";
import { canonicalJson, questionKey } from "./canonical-json.ts";
import { functionBackend } from "./function.ts";

/** One question and its answer (scenario.md, `backend`): exactly one of `result` and `error`. */
export interface RecordedEntry {
  readonly tool: string;
  /** A JSON value; absent equals `{}`. */
  readonly args?: unknown;
  readonly result?: unknown;
  /** What went wrong, in words. */
  readonly error?: string;
}

export interface RecordedBackendOptions {
  /** For events and error messages. @default "recorded" */
  readonly name?: string;
  /** Answers after this many milliseconds, and so asynchronously. @default no delay, synchronous */
  readonly delayMs?: number;
}

export interface RecordedBackend extends Backend {
  /** The questions that no entry answers, each once, in the order they were first asked, as entries to paste into a scenario. */
  readonly missing: readonly RecordedEntry[];
}

export interface RecordingBackend extends Backend {
  /** What was asked so far, each question once with its latest answer, ready for {@link recordedBackend}. */
  entries(): RecordedEntry[];
}

const entryOf = (tool: string, args: unknown): { tool: string; args?: unknown } =>
  args === undefined || canonicalJson(args) === "{}" ? { tool } : { tool, args: jsonCopy(args) };

/**
 * Answers from a list, whatever its order and the order of keys in the arguments. A question that no entry answers fails
 * with a BackendError that shows the missing entry, and is listed in `missing`.
 *
 * @throws TypeError when an entry has no tool, has both or neither of `result` and `error`, or contradicts another one
 */
export function recordedBackend(
  entries: readonly RecordedEntry[],
  options: RecordedBackendOptions = {},
): RecordedBackend {
  const { name = "recorded", delayMs } = options;
  if (delayMs !== undefined) checkNumber("delayMs", delayMs, 0, 2 ** 31 - 1);
  const answers = new Map<string, RecordedEntry>();
  const missing = new Map<string, RecordedEntry>();

  for (const [index, entry] of entries.entries()) {
    const refuse = (state: string): never => {
      throw new TypeError(`Cannot use entry ${index} of the recorded backend: ${state}`);
    };
    if (typeof entry?.tool !== "string") refuse(`"tool" must be a string`);
    if ((entry.result === undefined) === (entry.error === undefined)) refuse(`it needs one of "result" and "error"`);
    const key = questionKey(entry.tool, entry.args);
    const earlier = answers.get(key);
    const same = (a: RecordedEntry): string => canonicalJson([a.result, a.error]);
    if (earlier && same(earlier) !== same(entry)) refuse(`an earlier entry answers ${key} differently`);
    answers.set(key, entry);
  }

  const answer = (tool: string, args: unknown): unknown => {
    let key: string;
    try {
      key = questionKey(tool, args);
    } catch (cause) {
      throw failure(name, tool, "its arguments cannot be compared", { cause });
    }
    const entry = answers.get(key);
    if (!entry) {
      const wanted = entryOf(tool, args);
      missing.set(key, missing.get(key) ?? { ...wanted, error: "No answer is recorded" });
      throw failure(name, tool, `no entry answers ${quote(wanted)}`);
    }
    if (entry.error !== undefined) throw failure(name, tool, `the recorded error is "${entry.error}"`);
    return entry.result;
  };

  const backend =
    delayMs === undefined
      ? functionBackend(answer, { name, synchronous: true })
      : askingBackend({ name }, async (tool, args, { signal }) => {
          await sleep(delayMs, signal);
          return answer(tool, args);
        });
  return {
    ...backend,
    get missing() {
      return [...missing.values()];
    },
  };
}

/** Writes down what another backend is asked and answers, its faults as their messages. Aborted questions are left out. */
export function recordingBackend(inner: Backend): RecordingBackend {
  const entries = new Map<string, RecordedEntry>();
  const record = (tool: string, args: unknown, outcome: { result: unknown } | { error: string }): void => {
    try {
      entries.set(questionKey(tool, args), { ...entryOf(tool, args), ...(jsonCopy(outcome) as typeof outcome) });
    } catch {
      // What JSON cannot hold cannot be recorded; the answer itself must not suffer from that.
    }
  };
  const succeed = (tool: string, args: unknown, result: unknown): unknown => {
    record(tool, args, { result });
    return result;
  };
  const fail = (tool: string, args: unknown, error: unknown, signal: AbortSignal | undefined): never => {
    if (!signal?.aborted) record(tool, args, { error: error instanceof Error ? error.message : String(error) });
    throw error;
  };
  return {
    name: inner.name,
    synchronous: inner.synchronous ?? false,
    speculate: inner.speculate ?? true,
    close: () => inner.close?.(),
    entries: () => [...entries.values()],
    callTool(tool: string, args: unknown, options?: AskOptions) {
      let answer: unknown;
      try {
        answer = inner.callTool(tool, args, options);
      } catch (error) {
        return fail(tool, args, error, options?.signal);
      }
      if (!isPromise(answer)) return succeed(tool, args, answer);
      return answer.then(
        (result) => succeed(tool, args, result),
        (error) => fail(tool, args, error, options?.signal),
      );
    },
  };
}
