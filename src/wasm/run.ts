// One run of a guest function, as its imports see it: who answers, what time it is, what was logged. Everything that the host
// tells the guest goes through a recording, so that the same run can be had again.
import { LimitError } from "../errors.ts";
import type { Budget } from "./meter.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "unknown";

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly source: "host_log" | "stdout" | "stderr" | "host";
}

/** A question as the guest put it; `key` is the same for the same question within one label call. */
export interface Question {
  readonly key: string;
  readonly tool: string;
  readonly args: unknown;
}

/** The answer's JSON text, or `null` for -1. */
export type Answer = string | null;

/** Answers by the questions' keys. */
export interface Answers {
  get(key: string): Answer | undefined;
  forEach(each: (answer: Answer, key: string) => void): void;
}

/** What the host told the guest during one label call. What is absent was never needed: most calls ask for nothing. */
export interface Recording {
  answers?: Answers | undefined;
  /**
   * Readings by clock and by how many sleeps lay behind: a speculative run never gets past a sleep, so what the guest reads after one
   * is never older than the sleep.
   */
  clocks?: Map<string, bigint[]> | undefined;
  randoms?: Uint8Array[] | undefined;
  /** What the label function burned, of a guest that counts. */
  fuel?: number | undefined;
}

/** What a recording holds, roughly, in bytes. */
export function recordingBytes({ answers, clocks, randoms }: Recording): number {
  // The usual case, and this runs for every call.
  if (answers === undefined && clocks === undefined && randoms === undefined) return 0;
  let bytes = 0;
  answers?.forEach((answer, key) => {
    bytes += key.length + (answer?.length ?? 0);
  });
  for (const readings of clocks?.values() ?? []) bytes += readings.length * 24;
  for (const random of randoms ?? []) bytes += random.length + 64;
  return bytes;
}

/** Who stands behind a run. Both functions may throw to end it. */
export interface RunHost {
  /** Answers a question at once. */
  ask(question: Question): Answer;
  /** Calls back in its own time, which may be at once, also when the run has to end: `check` says so; only for suspending imports. */
  askLater?(question: Question, answered: (answer: Answer) => void): void;
  /** The guest sleeps for the n-th time in this run. Returning means that the time has passed. */
  sleep(milliseconds: number, index: number): void;
  sleepLater?(milliseconds: number, index: number): Promise<void>;
  /** A log line that somebody wants. */
  log(line: LogLine): void;
  /** Called at every import: throws once the deadline has passed. */
  check?: (() => void) | undefined;
  /** Called when the guest is out of the run, however it came out. */
  left?(): void;
}

/** One run, a plain record: it is made for every call. */
export interface Run {
  readonly host: RunHost;
  readonly recording: Recording;
  /** What a guest that counts may burn in its label function. Absent: without bounds. */
  readonly budget: Budget | undefined;
  /** How many sleeps lie behind: questions after a sleep are new questions. */
  sleeps: number;
  clocks: number;
  positions: Map<string, number> | undefined;
  randoms: number;
  randomBytes: number;
  lines: number;
  logLength: number;
}

const maximumClocks = 1_000_000;
const maximumRandoms = 65_536;
const maximumRandomBytes: number = 4 * 1024 * 1024;
const maximumLogLines = 16_384;
const maximumLogLength: number = 4 * 1024 * 1024;

/** A run over a recording: what it holds is repeated in order, what goes beyond it is added to it. */
export function createRun(recording: Recording, host: RunHost, budget?: Budget): Run {
  return {
    host,
    recording,
    budget,
    sleeps: 0,
    clocks: 0,
    positions: undefined,
    randoms: 0,
    randomBytes: 0,
    lines: 0,
    logLength: 0,
  };
}

export function readClock(run: Run, id: number, now: () => bigint): bigint {
  if (++run.clocks > maximumClocks)
    throw new LimitError("clocks", `The guard read the clock more than ${maximumClocks} times in one call`);
  const key = `${run.sleeps}:${id}`;
  run.positions ??= new Map();
  const position = run.positions.get(key) ?? 0;
  run.positions.set(key, position + 1);
  run.recording.clocks ??= new Map();
  let readings = run.recording.clocks.get(key);
  if (readings === undefined) {
    readings = [];
    run.recording.clocks.set(key, readings);
  }
  const known = readings[position];
  if (known !== undefined) return known;
  const value = now();
  readings.push(value);
  return value;
}

export function takeRandom(run: Run, length: number, fill: (bytes: Uint8Array<ArrayBuffer>) => void): Uint8Array {
  run.randomBytes += length;
  const position = run.randoms++;
  if (position >= maximumRandoms || run.randomBytes > maximumRandomBytes) {
    throw new LimitError("randoms", `The guard took more than ${maximumRandomBytes} random bytes in one call`);
  }
  run.recording.randoms ??= [];
  const { randoms } = run.recording;
  const known = randoms[position];
  if (known !== undefined && known.length === length) return known;
  const bytes = new Uint8Array(length);
  fill(bytes);
  randoms.splice(position, randoms.length, bytes);
  return bytes;
}

/** Hands a line on. A run's lines are held back until it counts: a guard that never stops logging must not exhaust the host. */
export function writeLog(run: Run, line: LogLine): void {
  if (run.lines >= maximumLogLines || run.logLength >= maximumLogLength) return;
  run.lines++;
  run.logLength += line.message.length;
  run.host.log(line);
  if (run.lines < maximumLogLines && run.logLength < maximumLogLength) return;
  const message = "The guard logs too much: the rest of this call's lines is left out";
  run.host.log({ level: "warn", source: "host", message });
}

/** For repeating a finished run. Guests are deterministic: one that burns more this time is up to something. */
export function repeatingBudget({ fuel }: Recording): Budget | undefined {
  return fuel === undefined ? undefined : { fuel, milliseconds: Number.POSITIVE_INFINITY };
}

/** A host for repeating a finished run: answers come from the recording, logs and sleeps go nowhere. */
export function repeatingHost(recording: Recording): RunHost {
  const ask = (question: Question): Answer => recording.answers?.get(question.key) ?? null;
  return {
    ask,
    askLater: (question, answered) => answered(ask(question)),
    sleep: () => {},
    sleepLater: async () => {},
    log: () => {},
  };
}
