// The faults of a guard and of what surrounds it: one base class, a fixed code per class, a brand that survives duplicated bundles.

const brand: unique symbol = Symbol.for("edge-guard.error") as never;

/** What is wrong with a module, as {@link ModuleError} reports it. */
export type ModuleErrorCode =
  | "bad-module"
  | "missing-export"
  | "bad-signature"
  | "unknown-import"
  | "memory-limit"
  | "integrity-mismatch"
  | "not-compilable-here"
  | "load-failed"
  | "state-not-capturable";

/** Every `code` that a {@link GuardError} can carry. */
export type GuardErrorCode =
  | ModuleErrorCode
  | "trap"
  | "exit"
  | "guard-return"
  | "protocol"
  | "limit"
  | "out-of-fuel"
  | "timeout"
  | "aborted"
  | "poisoned"
  | "closed"
  | "policy"
  | "scenario"
  | "backend"
  | "state"
  | "cache";

/** Where a fault happened. */
export interface FaultContext {
  /** The guard's name. */
  readonly guard?: string | undefined;
  /** What was going on: `load`, `label_agent`, `label_resource`, `label_response`, … */
  readonly phase?: string | undefined;
  readonly cause?: unknown;
}

// Names are spelled out: minifiers rename classes.

/** The base of all faults. Denials are values; a fault is always one of these. */
export class GuardError extends Error {
  override readonly name: string = "GuardError";
  readonly code: GuardErrorCode;
  readonly guard?: string;
  readonly phase?: string;

  constructor(code: GuardErrorCode, message: string, context: FaultContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    if (context.guard !== undefined) this.guard = context.guard;
    if (context.phase !== undefined) this.phase = context.phase;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** The module cannot be a guard, or not here. The message says what is wrong and how to mend it. */
export class ModuleError extends GuardError {
  override readonly name: string = "ModuleError";
  declare readonly code: ModuleErrorCode;
  constructor(code: ModuleErrorCode, message: string, context?: FaultContext) {
    super(code, message, context);
  }
}

/** The guest trapped, exhausted its stack, or exited with a code other than 0. Poisons the guard (guard-abi.md, Faults). */
export class TrapError extends GuardError {
  override readonly name: string = "TrapError";
  /** The exit code, when the trap was `proc_exit(n)` with n ≠ 0. */
  readonly exitCode?: number;
  constructor(message: string, context?: FaultContext & { readonly exitCode?: number | undefined }) {
    super("trap", message, context);
    if (context?.exitCode !== undefined) this.exitCode = context.exitCode;
  }
}

/** The guest called `proc_exit(0)` instead of answering. The guard stays usable. */
export class ExitError extends GuardError {
  override readonly name: string = "ExitError";
  readonly exitCode: number = 0;
  constructor(message: string, context?: FaultContext) {
    super("exit", message, context);
  }
}

/** The guard reported an error of its own by a negative return value. */
export class GuardReturnError extends GuardError {
  override readonly name: string = "GuardReturnError";
  /** The value that the guard returned. */
  readonly returnCode: number;
  constructor(returnCode: number, message: string, context?: FaultContext) {
    super("guard-return", message, context);
    this.returnCode = returnCode;
  }
}

/** The guard's answer breaks the contract: lengths that do not fit, bytes that are not JSON, labels that cannot be read. */
export class ProtocolError extends GuardError {
  override readonly name: string = "ProtocolError";
  constructor(message: string, context?: FaultContext) {
    super("protocol", message, context);
  }
}

/**
 * Something grew above a limit: input, output, questions, live suspensions. A guard that burned its budget (`limit` is "fuel") has a
 * code of its own, `out-of-fuel`.
 */
export class LimitError extends GuardError {
  override readonly name: string = "LimitError";
  /** Which limit, by the name of its option. */
  readonly limit: string;
  constructor(limit: string, message: string, context?: FaultContext) {
    super(limit === "fuel" ? "out-of-fuel" : "limit", message, context);
    this.limit = limit;
  }
}

/** A deadline passed. */
export class TimeoutError extends GuardError {
  override readonly name: string = "TimeoutError";
  constructor(message: string, context?: FaultContext) {
    super("timeout", message, context);
  }
}

/** The caller's AbortSignal fired; `cause` is the signal's reason. */
export class AbortError extends GuardError {
  override readonly name: string = "AbortError";
  constructor(message: string, context?: FaultContext) {
    super("aborted", message, context);
  }
}

/** The guard was poisoned by an earlier fault, which is the `cause`. */
export class PoisonedError extends GuardError {
  override readonly name: string = "PoisonedError";
  constructor(message: string, context?: FaultContext) {
    super("poisoned", message, context);
  }
}

/** The guard, cache or monitor was closed. */
export class ClosedError extends GuardError {
  override readonly name: string = "ClosedError";
  constructor(message: string, context?: FaultContext) {
    super("closed", message, context);
  }
}

/** A policy breaks policy.md. `path` leads to the offending value: `allow-only.repos[1]`. */
export class PolicyError extends GuardError {
  override readonly name: string = "PolicyError";
  readonly path: string;
  constructor(path: string, message: string, context?: FaultContext) {
    super("policy", message, context);
    this.path = path;
  }
}

/** A scenario breaks scenario.md. `path` leads to the offending value: `calls[0].expect.status`. */
export class ScenarioError extends GuardError {
  override readonly name: string = "ScenarioError";
  readonly path: string;
  constructor(path: string, message: string, context?: FaultContext) {
    super("scenario", message, context);
    this.path = path;
  }
}

/** A question to the backend failed. Reaches the guest as `-1` and the host as an event, or as the error of a monitored call. */
export class BackendError extends GuardError {
  override readonly name: string = "BackendError";
  /** True when asking again may help: a time-out, a lost connection, HTTP 429, 502, 503, 504. */
  readonly transient: boolean;
  constructor(message: string, context?: FaultContext & { readonly transient?: boolean | undefined }) {
    super("backend", message, context);
    this.transient = context?.transient ?? false;
  }
}

/** The store of agent labels failed: everything is withheld. */
export class StateError extends GuardError {
  override readonly name: string = "StateError";
  constructor(message: string, context?: FaultContext) {
    super("state", message, context);
  }
}

/** A module cache failed. Reported as an event, never thrown to the caller: a broken cache means a slower load. */
export class CacheError extends GuardError {
  override readonly name: string = "CacheError";
  constructor(message: string, context?: FaultContext) {
    super("cache", message, context);
  }
}

/** Tells whether a value is a fault of this library, also one from another copy of it or from another realm. */
export function isGuardError(value: unknown): value is GuardError {
  return value instanceof Error && (value as { [brand]?: unknown })[brand] === true;
}

/** The error for an aborted signal: {@link TimeoutError} when the reason is a time-out, else {@link AbortError}. */
export function abortError(reason: unknown, context: FaultContext = {}): AbortError | TimeoutError {
  if (reason instanceof TimeoutError || reason instanceof AbortError) return reason;
  if ((reason as { name?: unknown } | null | undefined)?.name === "TimeoutError") {
    return new TimeoutError("The deadline passed", { ...context, cause: reason });
  }
  return new AbortError("The call was aborted", { ...context, cause: reason });
}

/** Adds where it happened to a fault that does not say so yet; gives the same object back. */
export function locate<T extends GuardError>(error: T, context: FaultContext): T {
  const open = error as { guard?: string; phase?: string };
  if (context.guard !== undefined) open.guard ??= context.guard;
  if (context.phase !== undefined) open.phase ??= context.phase;
  return error;
}
