// One run of a guest function, as its imports see it: who answers, what time it is, what was logged. Everything that the host
// tells the guest goes through a recording, so that the same run can be had again.
import { LimitError } from "../errors.ts";

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

/** The answer's bytes, or `null` for -1. */
export type Answer = Uint8Array | null;

/** What the host told the guest during one label call. */
export interface Recording {
  readonly answers: Map<string, Answer>;
  /**
   * Readings by clock and by how many sleeps lay behind: a speculative run never gets past a sleep, so what the guest reads after one
   * is never older than the sleep.
   */
  readonly clocks: Map<string, bigint[]>;
  readonly randoms: Uint8Array[];
}

export function createRecording(): Recording {
  return { answers: new Map(), clocks: new Map(), randoms: [] };
}

/** What a recording holds, roughly, in bytes. */
export function recordingBytes({ answers, clocks, randoms }: Recording): number {
  let bytes = 0;
  for (const [key, answer] of answers) bytes += key.length + (answer?.length ?? 0);
  for (const readings of clocks.values()) bytes += readings.length * 24;
  for (const random of randoms) bytes += random.length + 64;
  return bytes;
}

/** Who stands behind a run. Both functions may throw to end it. */
export interface RunHost {
  /** Answers a question at once. */
  ask(question: Question): Answer;
  /** Answers in its own time; only for suspending imports. */
  askLater?(question: Question): Promise<Answer>;
  /** The guest sleeps for the n-th time in this run. Returning means that the time has passed. */
  sleep(milliseconds: number, index: number): void;
  sleepLater?(milliseconds: number, index: number): Promise<void>;
  /** A log line that somebody wants. */
  log(line: LogLine): void;
  /** Called at every import: throws once the deadline has passed. */
  check?(): void;
}

export interface Run extends RunHost {
  readonly recording: Recording;
  clock(id: number, now: () => bigint): bigint;
  random(length: number, fill: (bytes: Uint8Array<ArrayBuffer>) => void): Uint8Array;
  /** How many sleeps lie behind: questions after a sleep are new questions. */
  sleeps: number;
}

const maximumClocks = 1_000_000;
const maximumRandoms = 65_536;
const maximumRandomBytes: number = 4 * 1024 * 1024;
const maximumLogLines = 16_384;
const maximumLogLength: number = 4 * 1024 * 1024;

/** A run over a recording: what it holds is repeated in order, what goes beyond it is added to it. */
export function createRun(recording: Recording, host: RunHost): Run {
  let clocks = 0;
  let randoms = 0;
  let randomBytes = 0;
  let lines = 0;
  let logLength = 0;
  const positions = new Map<string, number>();
  const run: Run = {
    ...host,
    recording,
    sleeps: 0,
    clock(id, now): bigint {
      if (++clocks > maximumClocks)
        throw new LimitError("clocks", `The guard read the clock more than ${maximumClocks} times in one call`);
      const key = `${run.sleeps}:${id}`;
      const position = positions.get(key) ?? 0;
      positions.set(key, position + 1);
      let readings = recording.clocks.get(key);
      if (readings === undefined) {
        readings = [];
        recording.clocks.set(key, readings);
      }
      const known = readings[position];
      if (known !== undefined) return known;
      const value = now();
      readings.push(value);
      return value;
    },
    log(line): void {
      // A run's lines are held back until it counts: a guard that never stops logging must not exhaust the host.
      if (lines >= maximumLogLines || logLength >= maximumLogLength) return;
      lines++;
      logLength += line.message.length;
      host.log(line);
      if (lines < maximumLogLines && logLength < maximumLogLength) return;
      host.log({
        level: "warn",
        source: "host",
        message: "The guard logs too much: the rest of this call's lines is left out",
      });
    },
    random(length, fill): Uint8Array {
      randomBytes += length;
      if (++randoms > maximumRandoms || randomBytes > maximumRandomBytes) {
        throw new LimitError("randoms", `The guard took more than ${maximumRandomBytes} random bytes in one call`);
      }
      const known = recording.randoms[randoms - 1];
      if (known !== undefined && known.length === length) return known;
      const bytes = new Uint8Array(length);
      fill(bytes);
      recording.randoms.splice(randoms - 1, recording.randoms.length, bytes);
      return bytes;
    },
  };
  return run;
}

/** A host for repeating a finished run: answers come from the recording, logs and sleeps go nowhere. */
export function repeatingHost(recording: Recording): RunHost {
  const ask = (question: Question): Answer => recording.answers.get(question.key) ?? null;
  return {
    ask,
    askLater: async (question) => ask(question),
    sleep: () => {},
    sleepLater: async () => {},
    log: () => {},
  };
}
