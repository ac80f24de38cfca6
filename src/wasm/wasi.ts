// WASI preview 1 with nothing behind it: empty stdin, no arguments, no files; stdout and stderr go to the log. The shim does the
// plain calls; clock, randomness, sleep and exit are ours, because they must be recorded, must not block, must not be trusted.
import { wasi as definitions, Fd, WASI } from "@bjorn3/browser_wasi_shim";
import { ExitSignal } from "./faults.ts";
import type { Guest } from "./guest.ts";
import { viewOf } from "./imports.ts";
import { takeRandom, writeLog } from "./run.ts";

const errno = { success: 0, badDescriptor: 8, fault: 21, invalid: 28, notSupported: 52 } as const;
const eventType = { clock: 0, read: 1 } as const;
const maximumLine = 16384;
/** What one fd_write takes; libraries write the rest in another call. A guest must not keep the host busy for long with one import. */
const maximumVectors = 1024;
const maximumWrite = 65536;

class EmptyInput extends Fd {
  override fd_read(): { ret: number; data: Uint8Array } {
    return { ret: errno.success, data: new Uint8Array() };
  }
  override fd_fdstat_get(): { ret: number; fdstat: definitions.Fdstat } {
    return { ret: errno.success, fdstat: new definitions.Fdstat(definitions.FILETYPE_CHARACTER_DEVICE, 0) };
  }
}

/** Collects bytes into lines; a line that the guest never ends is handed out when the run ends, or when it gets too long. */
class LineOutput extends EmptyInput {
  readonly #emit: ((line: string) => void) | undefined;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #rest = "";

  constructor(emit: ((line: string) => void) | undefined) {
    super();
    this.#emit = emit;
  }

  write(data: Uint8Array): void {
    // Nobody wants it: it is not even decoded.
    if (this.#emit === undefined) return;
    const lines = (this.#rest + this.#decoder.decode(data, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#emit(line);
    if (this.#rest.length > maximumLine) this.flush();
  }

  flush(): void {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = "";
    if (rest !== "") this.#emit?.(rest);
  }
}

function pollResult(
  guest: Guest,
  pointers: readonly number[],
): { errno: number; milliseconds: number; finish: () => number } {
  const [input = 0, output = 0, count = 0, countPointer = 0] = pointers.map((pointer) => pointer >>> 0);
  const failed = (code: number): { errno: number; milliseconds: number; finish: () => number } => ({
    errno: code,
    milliseconds: 0,
    finish: () => code,
  });
  const { memory } = guest;
  if (count === 0) return failed(errno.invalid);
  const subscriptions = count > 65536 ? undefined : viewOf(memory, input, count * 48);
  if (
    subscriptions === undefined ||
    viewOf(memory, output, count * 32) === undefined ||
    viewOf(memory, countPointer, 4) === undefined
  ) {
    return failed(errno.fault);
  }
  const view = new DataView(subscriptions.buffer, subscriptions.byteOffset, subscriptions.byteLength);
  const waits: { userdata: bigint; type: number; milliseconds: number }[] = [];
  for (let at = 0; at < subscriptions.length; at += 48) {
    const userdata = view.getBigUint64(at, true);
    const type = view.getUint8(at + 8);
    if (type !== eventType.clock) {
      // Streams without anything behind them are always ready.
      waits.push({ userdata, type, milliseconds: 0 });
      continue;
    }
    const timeout = view.getBigUint64(at + 24, true);
    const absolute = (view.getUint16(at + 40, true) & 1) === 1;
    const left = absolute ? timeout - guest.now(view.getUint32(at + 16, true)) : timeout;
    waits.push({ userdata, type, milliseconds: left > 0n ? Number(left) / 1e6 : 0 });
  }
  const milliseconds = Math.min(...waits.map((wait) => wait.milliseconds));
  const finish = (): number => {
    const ready = waits.filter((wait) => wait.milliseconds <= milliseconds);
    const target = new DataView(memory.buffer);
    ready.forEach((wait, index) => {
      const at = output + index * 32;
      for (let offset = 0; offset < 32; offset += 8) target.setBigUint64(at + offset, 0n, true);
      target.setBigUint64(at, wait.userdata, true);
      target.setUint8(at + 10, wait.type);
      if (wait.type === eventType.read) target.setUint16(at + 24, 1, true);
    });
    target.setUint32(countPointer, ready.length, true);
    return errno.success;
  };
  return { errno: errno.success, milliseconds, finish };
}

export interface WasiHost {
  readonly imports: WebAssembly.ModuleImports;
  /** Hands out what is left of unfinished lines. */
  flush(): void;
}

/** The import object of wasi_snapshot_preview1 for a guest: exactly the names that it imports. */
export function createWasi(guest: Guest, names: readonly string[]): WasiHost {
  const output = (source: "stdout" | "stderr", level: "info" | "warn", rank: number): LineOutput =>
    new LineOutput(
      rank < guest.wantedLevel
        ? undefined
        : (message) => {
            if (guest.run !== undefined) writeLog(guest.run, { level, message, source });
          },
    );
  const stdout = output("stdout", "info", 1);
  const stderr = output("stderr", "warn", 2);
  const shim = new WASI([], [], [new EmptyInput(), stdout, stderr], { debug: false });
  // The shim reads nothing but the memory of the instance, which does not exist yet.
  shim.inst = {
    exports: {
      get memory(): WebAssembly.Memory {
        return guest.memory;
      },
    },
  };

  const own: { readonly [name: string]: (...parameters: never[]) => unknown } = {
    fd_write(fd: number, vectors: number, count: number, pointer: number): number {
      const stream = fd === 1 ? stdout : fd === 2 ? stderr : undefined;
      if (stream === undefined) return errno.badDescriptor;
      if (count >>> 0 > maximumVectors) return errno.invalid;
      const list = viewOf(guest.memory, vectors, count * 8);
      const target = viewOf(guest.memory, pointer, 4);
      if (list === undefined || target === undefined) return errno.fault;
      const view = new DataView(list.buffer, list.byteOffset, list.length);
      let written = 0;
      for (let at = 0; at < list.length && written < maximumWrite; at += 8) {
        const part = viewOf(guest.memory, view.getUint32(at, true), view.getUint32(at + 4, true));
        if (part === undefined) return errno.fault;
        const taken = part.subarray(0, maximumWrite - written);
        stream.write(taken);
        written += taken.length;
      }
      new DataView(target.buffer, target.byteOffset, 4).setUint32(0, written, true);
      return errno.success;
    },
    clock_time_get(id: number, _precision: bigint, pointer: number): number {
      if (id < 0 || id > 3) return errno.invalid;
      const target = viewOf(guest.memory, pointer, 8);
      if (target === undefined) return errno.fault;
      new DataView(target.buffer, target.byteOffset, 8).setBigUint64(0, guest.now(id), true);
      return errno.success;
    },
    random_get(pointer: number, length: number): number {
      const target = viewOf(guest.memory, pointer, length);
      if (target === undefined) return errno.fault;
      const fill = (bytes: Uint8Array<ArrayBuffer>): void => {
        for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
      };
      if (guest.run === undefined) fill(target);
      else target.set(takeRandom(guest.run, target.length, fill));
      return errno.success;
    },
    poll_oneoff(...pointers: number[]): number {
      const poll = pollResult(guest, pointers);
      if (poll.errno === errno.success && poll.milliseconds > 0) guest.sleep(poll.milliseconds);
      return poll.finish();
    },
    proc_exit(code: number): never {
      throw new ExitSignal(code);
    },
    proc_raise(signal: number): never {
      throw new ExitSignal(128 + signal);
    },
    sched_yield: () => errno.success,
    // The streams stay open: a closed one would be state that no checkpoint holds.
    fd_close: (fd: number) => (fd >= 0 && fd <= 2 ? errno.success : errno.badDescriptor),
    fd_renumber: () => errno.notSupported,
  };

  const guarded =
    (body: (...parameters: never[]) => unknown) =>
    (...parameters: never[]): unknown => {
      guest.run?.host.check?.();
      try {
        const result = body(...parameters);
        return Number.isInteger(result) ? result : errno.notSupported;
      } catch (error) {
        // The shim throws RangeErrors for wild pointers and strings for what it lacks; both are the guest's to handle.
        if (error instanceof RangeError || guest.memory === undefined) return errno.fault;
        if (typeof error === "string") return errno.notSupported;
        throw error;
      }
    };

  const imports: WebAssembly.ModuleImports = {};
  const shimmed = shim.wasiImport as { readonly [name: string]: (...parameters: never[]) => unknown };
  for (const name of names) {
    const body = Object.hasOwn(own, name) ? own[name] : Object.hasOwn(shimmed, name) ? shimmed[name] : undefined;
    imports[name] = guarded(body ?? (() => errno.notSupported)) as never;
  }
  if (guest.suspending !== undefined && Object.hasOwn(imports, "poll_oneoff")) {
    imports["poll_oneoff"] = guest.suspending(async (...pointers: number[]) => {
      guest.run?.host.check?.();
      const poll = pollResult(guest, pointers);
      if (poll.errno === errno.success && poll.milliseconds > 0) await guest.sleepLater(poll.milliseconds);
      return poll.finish();
    }) as never;
  }
  return {
    imports,
    flush(): void {
      stdout.flush();
      stderr.flush();
    },
  };
}
