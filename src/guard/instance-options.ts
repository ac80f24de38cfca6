// What a guard may be given when it is loaded, and what that comes to: checked, with the defaults in place.
import type { Backend } from "../backend/backend.ts";
import { canSuspend } from "../capabilities.ts";
import { defaultBackendCalls, maximumOutputBytes } from "../wasm/contract.ts";
import type { ExchangeOptions } from "../wasm/exchange.ts";
import type { LogLevel } from "../wasm/run.ts";
import type { GuardEvent, LogEntry } from "./events.ts";
import { inputLimit } from "./input.ts";
import type { GuardModule } from "./module.ts";

/** What a guard may use. */
export interface GuardLimits {
  /** The cap on its linear memory in pages of 64 KiB. Default: 512 (32 MiB). */
  readonly memoryPages?: number;
  /** The largest input in bytes. Default and maximum: 8 MiB. */
  readonly inputBytes?: number;
  /** The largest answer in bytes. Default and maximum: 16 MiB. */
  readonly outputBytes?: number;
  /** Different questions to the backend in one label call; further ones are answered -1. Default: 128. */
  readonly backendCalls?: number;
  /** How long one answer of the backend may take, in milliseconds; then the question has failed. Default: 60 000. */
  readonly backendTimeoutMs?: number;
  /**
   * The deadline of a label call in milliseconds, and of the guard's start. While the guard computes only fuel can hold it: without
   * (see `fuel` of {@link CompileGuardOptions}), it is looked at when the guest asks or returns. Default: none.
   */
  readonly timeoutMs?: number;
  /**
   * The fuel that a label call may burn, and the guard's start: instructions, roughly; what a call burns is in its `label-call` event. The
   * same everywhere, so a call that fits its budget here fits it in every runtime. Default: 10 000 000 000 where the guard
   * counts and the call has no deadline, else without bounds.
   */
  readonly fuel?: number;
}

/** How an instance of a guard behaves. */
export interface InstantiateOptions {
  /** For messages and events. Default: the file's name, else "guard". */
  readonly name?: string;
  /** Who answers call_backend. Default: nobody, every question is answered -1. */
  readonly backend?: Backend;
  /** Hears the guard's log lines. Default: nobody, and then they are not decoded. */
  readonly log?: (entry: LogEntry) => void;
  /** Log lines below this level are not decoded. Default: "debug", all of them. */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  readonly onEvent?: (event: GuardEvent) => void;
  readonly limits?: GuardLimits;
  /** How a synchronous question meets an asynchronous backend (design.md, Suspension). Default: "auto". */
  readonly suspension?: "auto" | "replay" | "jspi";
  /** False: replay asks one question at a time, so that none is asked in vain. Default: true. */
  readonly speculate?: boolean;
  /** How many questions are under way at once under replay. Default: 16. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
}

/** What a fork may have of its own. */
export type ForkOptions = Pick<InstantiateOptions, "backend" | "log" | "onEvent">;

function positive(value: number | undefined, name: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`Cannot load the guard: "${name}" must be a positive whole number, got ${value}`);
  return value;
}

/** The options of one guard, each with its value. */
export interface InstanceSettings {
  readonly name: string;
  /** Absent when the guard does not count. */
  readonly fuel: { readonly limit: number | undefined } | undefined;
  readonly suspension: "auto" | "replay" | "jspi";
  readonly backendCalls: number;
  readonly backendTimeoutMs: number;
  readonly inputBytes: number;
  readonly exchange: ExchangeOptions;
  readonly timeoutMs: number | undefined;
  readonly concurrency: number;
  readonly logLevel: LogLevel | "none";
}

/** Throws RangeError naming the option. */
export function readOptions(module: GuardModule, options: InstantiateOptions): InstanceSettings {
  const { limits = {}, suspension = "auto", logLevel = "debug" } = options;
  if (!["auto", "replay", "jspi"].includes(suspension)) {
    throw new RangeError(`Cannot load the guard: "suspension" must be "auto", "replay" or "jspi", got "${suspension}"`);
  }
  if (suspension === "jspi" && !canSuspend()) {
    throw new RangeError(
      'Cannot load the guard: "suspension" is "jspi", but this runtime has no WebAssembly.Suspending; use "auto" or "replay"',
    );
  }
  if (!["debug", "info", "warn", "error"].includes(logLevel)) {
    throw new RangeError(
      `Cannot load the guard: "logLevel" must be "debug", "info", "warn" or "error", got "${logLevel}"`,
    );
  }
  if (limits.timeoutMs !== undefined && !(limits.timeoutMs > 0)) {
    throw new RangeError(
      `Cannot load the guard: "limits.timeoutMs" must be a positive number of milliseconds, got ${limits.timeoutMs}`,
    );
  }
  const fuel = limits.fuel === undefined ? undefined : positive(limits.fuel, "limits.fuel", 1);
  if (fuel !== undefined && !module.counts) {
    throw new RangeError(
      'Cannot load the guard: "limits.fuel" needs a module that counts; load it from its bytes with "fuel" not false, or prepare it with fuel (edge-guard prepare --fuel)',
    );
  }
  return {
    name: options.name ?? module.name,
    fuel: module.counts ? { limit: fuel } : undefined,
    suspension,
    backendCalls:
      limits.backendCalls === 0 ? 0 : positive(limits.backendCalls, "limits.backendCalls", defaultBackendCalls),
    backendTimeoutMs: positive(limits.backendTimeoutMs, "limits.backendTimeoutMs", 60_000),
    inputBytes: inputLimit(positive(limits.inputBytes, "limits.inputBytes", Number.MAX_SAFE_INTEGER)),
    exchange: {
      outputBytes: Math.min(positive(limits.outputBytes, "limits.outputBytes", maximumOutputBytes), maximumOutputBytes),
    },
    timeoutMs: limits.timeoutMs,
    concurrency: positive(options.concurrency, "concurrency", 16),
    logLevel: options.log === undefined ? "none" : logLevel,
  };
}
