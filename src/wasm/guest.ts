// What a guard's instance is to the host: its exports, its buffers, its state; and what instances of one module share.
import type { Checkpoint, HostBuffers } from "./checkpoint.ts";
import type { LabelFunction } from "./contract.ts";
import type { Budget, createMeter, Meter } from "./meter.ts";
import type { Preparation } from "./prepare.ts";
import type { LogLevel, Run } from "./run.ts";
import type { WasiHost } from "./wasi.ts";

export type { BufferRange, Checkpoint, GlobalValue, HostBuffers } from "./checkpoint.ts";

/** What instances of one module share. */
export interface GuestModule {
  readonly module: WebAssembly.Module;
  readonly preparation: Preparation | undefined;
  readonly memoryPages: number;
  /** Present when the module imports WASI; loaded only then. */
  readonly createWasi?: (guest: Guest, names: readonly string[]) => WasiHost;
  /** Present when the module counts what it burns; loaded only then. */
  readonly createMeter?: typeof createMeter;
  /** The state after `_initialize`, so that not every instance needs to run it. */
  readonly warm?: WarmStart;
}

/** A checkpoint taken after `_initialize`, and who wants one when there is none. */
export interface WarmStart {
  readonly image: Checkpoint | undefined;
  /** The image is in place. */
  used(): void;
  take(checkpoint: Checkpoint): void;
  /** The image does not fit an instance after all. */
  refuse(): void;
  /** Where the state after label_agent is kept; absent when it is not wanted. */
  readonly told?: FindTold;
}

/** Where an instance was after `label_agent`, its first call, and what it answered. */
export interface ToldState {
  readonly checkpoint: Checkpoint;
  readonly answer: string;
}

/** The place of one such state. */
export interface ToldPlace {
  readonly state: ToldState | undefined;
  keep(state: ToldState): void;
  /** What was found does not fit after all. */
  refuse(): void;
}

/** Looks for the state by label_agent's input and the limits that it runs under; `check` throws for an answer that is none. */
export type FindTold = (input: string, limits: object, check: (answer: string) => unknown) => Promise<ToldPlace>;

export type LabelExport = (
  input: number,
  inputLength: number,
  output: number,
  outputCap: number,
) => number | Promise<number>;

export interface Guest {
  readonly memory: WebAssembly.Memory;
  /** All of the memory as it is now. Not to be kept: growth detaches it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly suspends: boolean;
  readonly wantedLevel: number;
  /** Present when the guest counts what it burns. */
  readonly meter: Meter | undefined;
  /** The run that the guest is in; imports do nothing outside of one. */
  run: Run | undefined;
  readonly buffers: HostBuffers;
  /** A view of the input buffer; detached after growth. */
  inputView: Uint8Array<ArrayBuffer> | undefined;
  /** The tool that the guest asked for last. */
  lastTool: string | undefined;
  readonly alloc: ((size: number) => number) | undefined;
  readonly dealloc: ((pointer: number, size: number) => void) | undefined;
  /** `_initialize`; in a suspending instance it may suspend too. */
  readonly initialize: (() => void | Promise<void>) | undefined;
  label(name: LabelFunction): LabelExport;
  now(clock: number): bigint;
  sleep(milliseconds: number): void;
  sleepLater(milliseconds: number): Promise<void>;
  readonly suspending: ((body: (...parameters: number[]) => Promise<number>) => unknown) | undefined;
  /** Hands out what the guest wrote to its streams without ending the line. */
  flush(): void;
  /** Captures the state; `recycled` gives its memory up for it and must not be used any more. */
  checkpoint(recycled?: Checkpoint): Checkpoint;
  /** Puts a state back in place. False when the memory has grown beyond it: then only a fresh instance will do. */
  restore(checkpoint: Checkpoint): boolean;
}

export interface InstanceOptions {
  readonly suspends: boolean;
  /** Log lines below this level are not decoded; `none` when nobody listens. */
  readonly logLevel: LogLevel | "none";
  /** How far a session's clocks are ahead: a sleep that was not slept for real must still show on them. */
  readonly clocks: { ahead: bigint };
  /** What a guest that counts may burn while it starts: its start function and `_initialize`, each. Default: without bounds. */
  readonly startBudget?: Budget | undefined;
}
