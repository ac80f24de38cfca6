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
  readonly clocks: bigint[];
  readonly randoms: Uint8Array[];
}

export function createRecording(): Recording {
  return { answers: new Map(), clocks: [], randoms: [] };
}

/** Who stands behind a run. Both functions may throw to end it. */
export interface RunHost {
  /** Answers a question at once. `known` tells whether this run has put it before. */
  ask(question: Question, known: boolean): Answer;
  /** Answers in its own time; only for suspending imports. */
  askLater?(question: Question, known: boolean): Promise<Answer>;
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
  /** Keys of this run's questions so far. */
  readonly asked: Set<string>;
  clock(now: () => bigint): bigint;
  random(length: number, fill: (bytes: Uint8Array<ArrayBuffer>) => void): Uint8Array;
  /** How many sleeps lie behind: questions after a sleep are new questions. */
  sleeps: number;
}

const maximumClocks = 1_000_000;
const maximumRandomBytes: number = 4 * 1024 * 1024;

/** A run over a recording: what it holds is repeated in order, what goes beyond it is added to it. */
export function createRun(recording: Recording, host: RunHost): Run {
  let clocks = 0;
  let randoms = 0;
  let randomBytes = 0;
  return {
    ...host,
    recording,
    asked: new Set(),
    sleeps: 0,
    clock(now): bigint {
      const known = recording.clocks[clocks++];
      if (known !== undefined) return known;
      if (clocks > maximumClocks)
        throw new LimitError("clocks", `The guard read the clock more than ${maximumClocks} times in one call`);
      const value = now();
      recording.clocks.push(value);
      return value;
    },
    random(length, fill): Uint8Array {
      const known = recording.randoms[randoms++];
      if (known !== undefined && known.length === length) return known;
      randomBytes += length;
      if (randomBytes > maximumRandomBytes) {
        throw new LimitError("randoms", `The guard took more than ${maximumRandomBytes} random bytes in one call`);
      }
      const bytes = new Uint8Array(length);
      fill(bytes);
      recording.randoms.splice(randoms - 1, recording.randoms.length, bytes);
      return bytes;
    },
  };
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
