// One instance of a guard's module: its exports, its state, and how that state is captured and put back (design.md, Checkpoint).
import { LimitError, ModuleError } from "../errors.ts";
import { type Checkpoint, capture, type HostBuffers, putBack, type StateHolder } from "./checkpoint.ts";
import { fuelImport, type LabelFunction, pageSize, reserved, wasiModule } from "./contract.ts";
import type { Guest, GuestModule, InstanceOptions, LabelExport } from "./guest.ts";
import { callBackend, callBackendLater, hostLog } from "./imports.ts";
import type { Meter } from "./meter.ts";
import { type LogLevel, type Run, readClock as recordedClock } from "./run.ts";
import type { WasiHost } from "./wasi.ts";

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

function suspending(body: (...parameters: number[]) => unknown): unknown {
  return new (jspi.Suspending as NonNullable<JspiNamespace["Suspending"]>)(body);
}

function promising(body: unknown): (...parameters: number[]) => Promise<number> {
  return (jspi.promising as NonNullable<JspiNamespace["promising"]>)(body);
}

// A class: to the engines an object literal with getters is a dictionary, and a call looks at its instance dozens of times.
class Instance implements Guest {
  readonly #source: GuestModule;
  readonly #clocks: InstanceOptions["clocks"];
  readonly suspends: boolean;
  readonly wantedLevel: number;
  readonly meter: Meter | undefined;
  readonly buffers: HostBuffers = { input: undefined, output: undefined, spare: undefined };
  run: Run | undefined = undefined;
  inputView: Uint8Array<ArrayBuffer> | undefined = undefined;
  lastTool: string | undefined = undefined;
  /** Absent while the start function runs. */
  #memory: WebAssembly.Memory | undefined = undefined;
  #bytes: Uint8Array<ArrayBuffer> | undefined = undefined;
  #exports: WebAssembly.Exports = {};
  #wasi: WasiHost | undefined = undefined;
  /** Nothing but the start function has run. */
  #untouched = true;
  /** Looking an export up takes longer than calling it. */
  readonly #labels: { [name in LabelFunction]: LabelExport | undefined } = {
    label_agent: undefined,
    label_resource: undefined,
    label_response: undefined,
  };

  constructor(source: GuestModule, options: InstanceOptions) {
    this.#source = source;
    this.#clocks = options.clocks;
    this.suspends = options.suspends;
    this.wantedLevel = ranks[options.logLevel];
    this.meter = source.createMeter?.(() => this.run, options.startBudget);
  }

  async start(): Promise<void> {
    const { meter } = this;
    const { module } = this.#source;
    const imports = this.#imports();
    if (meter === undefined) this.#exports = (await instantiate(module, imports)).exports;
    else {
      imports[fuelImport.module] = meter.imports;
      this.#exports = meter.attach((await meter.start(() => instantiate(module, imports))).exports);
    }
    this.#memory = this.#exports["memory"] as WebAssembly.Memory;
    checkFirstMemory(this.#memory, this.#source);
    for (const name of ["label_agent", "label_resource", "label_response"]) {
      if ((this.#exports[name] as { length?: number } | undefined)?.length !== 4) {
        throw new ModuleError("bad-signature", `Cannot use the module: its export "${name}" does not take four i32`);
      }
    }
  }

  #imports(): WebAssembly.Imports {
    const imports: WebAssembly.Imports = {
      env: {
        call_backend: (this.suspends
          ? suspending((...parameters: number[]) => callBackendLater(this, parameters))
          : (...parameters: number[]) => callBackend(this, parameters)) as never,
        host_log: (level: number, pointer: number, length: number) => hostLog(this, level, pointer, length),
      },
    };
    const { createWasi, module } = this.#source;
    if (createWasi === undefined) return imports;
    const all = WebAssembly.Module.imports(module);
    this.#wasi = createWasi(
      this,
      all.flatMap(({ module: from, name }) => (from === wasiModule ? [name] : [])),
    );
    imports[wasiModule] = this.#wasi.imports;
    return imports;
  }

  get memory(): WebAssembly.Memory {
    return this.#memory as WebAssembly.Memory;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    // A detached view has no length, and looking at it is cheaper than asking for the memory's buffer.
    if (this.#bytes === undefined || this.#bytes.length === 0)
      this.#bytes = new Uint8Array(this.memory.buffer as ArrayBuffer);
    return this.#bytes;
  }

  get alloc(): Guest["alloc"] {
    this.#untouched = false;
    return this.#exports["alloc"] as Guest["alloc"];
  }

  get dealloc(): Guest["dealloc"] {
    return this.#exports["dealloc"] as Guest["dealloc"];
  }

  get initialize(): Guest["initialize"] {
    this.#untouched = false;
    const { meter } = this;
    const body = this.#exports["_initialize"];
    const entry = (body !== undefined && this.suspends ? promising(body) : body) as Guest["initialize"];
    return meter === undefined || entry === undefined ? entry : () => meter.start(entry);
  }

  label(name: LabelFunction): LabelExport {
    this.#untouched = false;
    let found = this.#labels[name];
    if (found === undefined) {
      const body = this.#exports[name];
      const entry = this.suspends ? promising(body) : (body as unknown as LabelExport);
      found = this.meter?.label(entry) ?? entry;
      this.#labels[name] = found;
    }
    return found;
  }

  now(clock: number): bigint {
    const read = (): bigint => this.#readClock(clock);
    return this.run === undefined ? read() : recordedClock(this.run, clock === 0 ? 0 : 1, read);
  }

  // A guard that started from stored state has read the clocks in another process: they must not begin anew in this one.
  #readClock(clock: number): bigint {
    return (
      this.#clocks.ahead +
      (clock === 0
        ? BigInt(Date.now()) * 1_000_000n
        : BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)))
    );
  }

  sleep(milliseconds: number): void {
    const { run } = this;
    if (run === undefined) return;
    run.host.sleep(milliseconds, run.sleeps);
    run.sleeps++;
  }

  async sleepLater(milliseconds: number): Promise<void> {
    const { run } = this;
    if (run === undefined) return;
    const { host, sleeps } = run;
    if (host.sleepLater === undefined) host.sleep(milliseconds, sleeps);
    else await host.sleepLater(milliseconds, sleeps);
    run.sleeps++;
  }

  get suspending(): Guest["suspending"] {
    return this.suspends ? suspending : undefined;
  }

  flush(): void {
    this.#wasi?.flush();
  }

  checkpoint(recycled?: Checkpoint): Checkpoint {
    return capture(this.#holder(), recycled);
  }

  restore(checkpoint: Checkpoint): boolean {
    const first = this.#untouched;
    this.#untouched = false;
    return putBack(this.#holder(), checkpoint, first);
  }

  #holder(): StateHolder {
    const { memory, buffers } = this;
    const globals = (this.#source.preparation?.globals ?? []).map(
      (index) => this.#exports[`${reserved}g${index}`] as WebAssembly.Global,
    );
    return { memory, buffers, globals };
  }
}

/** Instantiates the module. Runs its start function, if it has one, but not `_initialize`. Throws what the engine throws. */
export async function createGuest(source: GuestModule, options: InstanceOptions): Promise<Guest> {
  const guest = new Instance(source, options);
  await guest.start();
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

/** Why an instance's state cannot be captured; `undefined` when it can. */
export function captureObstacle(source: GuestModule): string | undefined {
  if (source.preparation === undefined)
    return "the module was not prepared (edge-guard prepare), so its mutable globals are out of reach";
  return source.preparation.obstacle;
}
