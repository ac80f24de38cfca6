// Faults across a worker's border: structured cloning keeps neither classes nor codes.
import {
  AbortError,
  BackendError,
  ClosedError,
  ExitError,
  type FaultContext,
  type GuardError,
  GuardReturnError,
  isGuardError,
  LimitError,
  ModuleError,
  PoisonedError,
  PolicyError,
  ProtocolError,
  TimeoutError,
  TrapError,
} from "../errors.ts";
import type { GuardEvent } from "./events.ts";
import type { WireEvent, WireFault } from "./worker-messages.ts";

const details = ["path", "returnCode", "exitCode", "limit", "transient"] as const;

export function toWire(error: unknown): WireFault {
  const fault = isGuardError(error) ? error : undefined;
  const carried = (fault ?? {}) as { readonly [key: string]: unknown };
  const detail = Object.fromEntries(
    details.flatMap((key) => {
      const value = carried[key];
      return ["string", "number", "boolean"].includes(typeof value) ? [[key, value as string | number | boolean]] : [];
    }),
  );
  return {
    name: error instanceof Error ? error.name : "Error",
    code: fault?.code ?? "",
    message: error instanceof Error ? error.message : String(error),
    detail,
    ...(fault?.guard === undefined ? {} : { guard: fault.guard }),
    ...(fault?.phase === undefined ? {} : { phase: fault.phase }),
    ...(fault?.cause === undefined
      ? {}
      : { cause: fault.cause instanceof Error ? fault.cause.message : String(fault.cause) }),
  };
}

type Reviver = (message: string, context: FaultContext, detail: WireFault["detail"], code: string) => GuardError;

const revivers: { readonly [name: string]: Reviver } = {
  ModuleError: (message, context, _detail, code) => new ModuleError(code as ModuleError["code"], message, context),
  TrapError: (message, context, { exitCode }) =>
    new TrapError(message, { ...context, ...(typeof exitCode === "number" ? { exitCode } : {}) }),
  ExitError: (message, context) => new ExitError(message, context),
  GuardReturnError: (message, context, { returnCode }) => new GuardReturnError(Number(returnCode), message, context),
  ProtocolError: (message, context) => new ProtocolError(message, context),
  LimitError: (message, context, { limit }) => new LimitError(String(limit), message, context),
  TimeoutError: (message, context) => new TimeoutError(message, context),
  AbortError: (message, context) => new AbortError(message, context),
  PoisonedError: (message, context) => new PoisonedError(message, context),
  ClosedError: (message, context) => new ClosedError(message, context),
  PolicyError: (message, context, { path }) => new PolicyError(String(path), message, context),
  BackendError: (message, context, { transient }) =>
    new BackendError(message, { ...context, transient: transient === true }),
};

export function fromWire(fault: WireFault): Error {
  const context: FaultContext = {
    guard: fault.guard,
    phase: fault.phase,
    ...(fault.cause === undefined ? {} : { cause: new Error(fault.cause) }),
  };
  if (fault.name === "TypeError") return new TypeError(fault.message);
  if (fault.name === "RangeError") return new RangeError(fault.message);
  const revive = Object.hasOwn(revivers, fault.name) ? revivers[fault.name] : undefined;
  // Whatever else it is, the call has failed, and the caller must see a fault.
  return (
    revive?.(fault.message, context, fault.detail, fault.code) ??
    new TrapError(`The worker failed: ${fault.message}`, context)
  );
}

/** An event whose faults survive structured cloning; results and arguments are JSON anyway. */
export function eventToWire(event: GuardEvent): WireEvent {
  const { error, cause, ...plain } = event as GuardEvent & { readonly error?: unknown; readonly cause?: unknown };
  return {
    ...plain,
    ...(error === undefined ? {} : { error: toWire(error) }),
    ...(cause === undefined ? {} : { cause: toWire(cause) }),
  };
}

export function eventFromWire({ error, cause, ...plain }: WireEvent): GuardEvent {
  return {
    ...plain,
    ...(error === undefined ? {} : { error: fromWire(error) }),
    ...(cause === undefined ? {} : { cause: fromWire(cause) }),
  } as GuardEvent;
}
