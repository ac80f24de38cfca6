// One instance of a guard's module: its exports, its state, and how that state is captured and put back (design.md, Checkpoint).
import { LimitError, ModuleError } from "../errors.ts";
import { type Checkpoint, capture, type HostBuffers, putBack, type StateHolder } from "./checkpoint.ts";
import { fuelImport, type LabelFunction, pageSize, reserved, wasiModule } from "./contract.ts";
import { callBackend, callBackendLater, hostLog } from "./imports.ts";
import type { Budget, createMeter, Meter } from "./meter.ts";
import type { Preparation } from "./prepare.ts";
import { type LogLevel, type Run, readClock as recordedClock } from "./run.ts";
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

interface JspiNamespace {
  Suspending?: new (body: unknown) => unknown;
  promising?: (body: unknown) => (...parameters: number[]) => Promise<number>;
}
const jspi = WebAssembly as unknown as JspiNamespace;

const ranks: { readonly [level in LogLevel | "none"]: number } = {
  debug: 0,
  info: 1,
  unknown: 1,
  warn: 2,
  error: 3,
  none: 4,
};

export interface InstanceOptions {
  readonly suspends: boolean;
  /** Log lines below this level are not decoded; `none` when nobody listens. */
  readonly logLevel: LogLevel | "none";
  /** How far a session's clocks are ahead: a sleep that was not slept for real must still show on them. */
  readonly clocks: { ahead: bigint };
  /** What a guest that counts may burn while it starts: its start function and `_initialize`, each. Default: without bounds. */
  readonly startBudget?: Budget | undefined;
}

function promising(body: unknown): (...parameters: number[]) => Promise<number> {
  return (jspi.promising as NonNullable<JspiNamespace["promising"]>)(body);
}

/** Instantiates the module. Runs its start function, if it has one, but not `_initialize`. Throws what the engine throws. */
export async function createGuest(source: GuestModule, options: InstanceOptions): Promise<Guest> {
  let memory: WebAssembly.Memory | undefined;
  let view: Uint8Array<ArrayBuffer> | undefined;
  let exports: WebAssembly.Exports = {};
  let wasi: WasiHost | undefined;
  /** Nothing but the start function has run. */
  let untouched = true;
  /** Looking an export up takes longer than calling it. */
  const labels: { [name in LabelFunction]?: LabelExport } = {};
  const suspending = options.suspends
    ? (body: unknown): unknown => new (jspi.Suspending as NonNullable<JspiNamespace["Suspending"]>)(body)
    : undefined;

  // A guard that started from stored state has read the clocks in another process: they must not begin anew in this one.
  const readClock = (clock: number): bigint =>
    options.clocks.ahead +
    (clock === 0
      ? BigInt(Date.now()) * 1_000_000n
      : BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)));

  const meter = source.createMeter?.(() => guest.run, options.startBudget);

  const guest: Guest = {
    get memory(): WebAssembly.Memory {
      return memory as WebAssembly.Memory;
    },
    get bytes(): Uint8Array<ArrayBuffer> {
      // A detached view has no length, and looking at it is cheaper than asking for the memory's buffer.
      if (view === undefined || view.length === 0)
        view = new Uint8Array((memory as WebAssembly.Memory).buffer as ArrayBuffer);
      return view;
    },
    suspends: options.suspends,
    wantedLevel: ranks[options.logLevel],
    meter,
    run: undefined,
    buffers: {},
    inputView: undefined,
    lastTool: undefined,
    get alloc() {
      untouched = false;
      return exports["alloc"] as Guest["alloc"];
    },
    get dealloc() {
      return exports["dealloc"] as Guest["dealloc"];
    },
    get initialize() {
      untouched = false;
      const body = exports["_initialize"];
      const entry = (body !== undefined && options.suspends ? promising(body) : body) as Guest["initialize"];
      return meter === undefined || entry === undefined ? entry : () => meter.start(entry);
    },
    label(name): LabelExport {
      untouched = false;
      let found = labels[name];
      if (found === undefined) {
        const body = options.suspends ? promising(exports[name]) : (exports[name] as unknown as LabelExport);
        found = meter?.label(body) ?? body;
        labels[name] = found;
      }
      return found;
    },
    now(clock): bigint {
      const read = (): bigint => readClock(clock);
      return guest.run === undefined ? read() : recordedClock(guest.run, clock === 0 ? 0 : 1, read);
    },
    sleep(milliseconds): void {
      const { run } = guest;
      if (run === undefined) return;
      run.host.sleep(milliseconds, run.sleeps);
      run.sleeps++;
    },
    async sleepLater(milliseconds): Promise<void> {
      const { run } = guest;
      if (run === undefined) return;
      const { host, sleeps } = run;
      if (host.sleepLater === undefined) host.sleep(milliseconds, sleeps);
      else await host.sleepLater(milliseconds, sleeps);
      run.sleeps++;
    },
    suspending: suspending as Guest["suspending"],
    flush: () => wasi?.flush(),
    checkpoint: (recycled) => capture(holder(), recycled),
    restore(checkpoint): boolean {
      const first = untouched;
      untouched = false;
      return putBack(holder(), checkpoint, first);
    },
  };

  const holder = (): StateHolder => ({
    memory: guest.memory,
    buffers: guest.buffers,
    globals: globalsOf(exports, source),
  });
  const imports: WebAssembly.Imports = {
    env: {
      call_backend: (suspending === undefined
        ? (...parameters: number[]) => callBackend(guest, parameters)
        : suspending((...parameters: number[]) => callBackendLater(guest, parameters))) as never,
      host_log: (level: number, pointer: number, length: number) => hostLog(guest, level, pointer, length),
    },
  };
  if (source.createWasi !== undefined) {
    const names = WebAssembly.Module.imports(source.module).flatMap(({ module, name }) =>
      module === wasiModule ? [name] : [],
    );
    wasi = source.createWasi(guest, names);
    imports[wasiModule] = wasi.imports;
  }
  if (meter === undefined) exports = (await instantiate(source.module, imports)).exports;
  else {
    imports[fuelImport.module] = meter.imports;
    exports = meter.attach((await meter.start(() => instantiate(source.module, imports))).exports);
  }
  memory = exports["memory"] as WebAssembly.Memory;
  checkFirstMemory(memory, source);
  for (const name of ["label_agent", "label_resource", "label_response"]) {
    if ((exports[name] as { length?: number } | undefined)?.length !== 4) {
      throw new ModuleError("bad-signature", `Cannot use the module: its export "${name}" does not take four i32`);
    }
  }
  return guest;
}

/** An engine without address space for another memory throws RangeError: browsers hold a few hundred, until they collect the unused ones. */
async function instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports): Promise<WebAssembly.Instance> {
  try {
    // Without a detour through the engine's task queue, which takes longer than the work itself.
    return new WebAssembly.Instance(module, imports);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  // They are collected between tasks, not between the steps of one. Chromium refuses modules above 8 MiB on its main thread in the same way.
  await new Promise((resolve) => setTimeout(resolve));
  try {
    return await WebAssembly.instantiate(module, imports);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new LimitError(
      "instances",
      "Cannot start the guard: the engine has no memory for another instance (or its start function exhausted the stack); close guards that are not needed, or share one through guardSessions",
      { cause },
    );
  }
}

/** For a module that came compiled; examine() looks at the bytes of the others. */
function checkFirstMemory(memory: WebAssembly.Memory, source: GuestModule): void {
  if (!(memory.buffer instanceof ArrayBuffer)) {
    throw new ModuleError(
      "bad-module",
      "Cannot use the module: its memory is shared, a guard is single-threaded; build it without threads",
    );
  }
  const pages = memory.buffer.byteLength / pageSize;
  if (pages <= source.memoryPages) return;
  throw new ModuleError(
    "memory-limit",
    `Cannot use the module: its memory starts at ${pages} pages, the limit is ${source.memoryPages}; raise limits.memoryPages or build it with a smaller initial memory`,
  );
}

/** The fault of a memory above the cap: possible only for a module that was not prepared. */
export function memoryExcess(guest: Guest, source: GuestModule): LimitError | undefined {
  // The engine holds a prepared module to its cap.
  if (source.preparation !== undefined && source.preparation.memoryPages <= source.memoryPages) return undefined;
  if (guest.memory.buffer.byteLength <= source.memoryPages * pageSize) return undefined;
  return new LimitError(
    "memoryPages",
    `The guard's memory has grown to ${guest.memory.buffer.byteLength / pageSize} pages, the limit is ${source.memoryPages}; prepare the module so that it cannot`,
  );
}

function globalsOf(exports: WebAssembly.Exports, source: GuestModule): WebAssembly.Global[] {
  return (source.preparation?.globals ?? []).map((index) => exports[`${reserved}g${index}`] as WebAssembly.Global);
}

/** Why an instance's state cannot be captured; `undefined` when it can. */
export function captureObstacle(source: GuestModule): string | undefined {
  if (source.preparation === undefined)
    return "the module was not prepared (edge-guard prepare), so its mutable globals are out of reach";
  return source.preparation.obstacle;
}
