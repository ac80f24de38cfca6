// What a guest's throw means, by type and never by the text of a message (guard-abi.md, Faults).
import { ExitError, type FaultContext, type GuardError, isGuardError, TrapError } from "../errors.ts";

/** Thrown by proc_exit to unwind the guest. */
export class ExitSignal extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super("exit");
    this.exitCode = exitCode;
  }
}

/** Thrown by an import to end a run whose result will not count. */
export const stopRun: Error = new Error("The run was ended by its host");

/** SpiderMonkey reports stack exhaustion as InternalError, the others as RangeError. */
const InternalErrorClass = (globalThis as { InternalError?: new () => Error }).InternalError;

function isStackExhaustion(error: unknown): boolean {
  return error instanceof RangeError || (InternalErrorClass !== undefined && error instanceof InternalErrorClass);
}

/** What the engine said, without the piece of the host's code that JavaScriptCore adds. */
const spoken = (message: string): string => message.replace(/ \(evaluating '.*'\)$/s, "");

/** The fault for whatever came out of a call into the guest. */
export function faultOf(error: unknown, context: FaultContext): GuardError {
  if (isGuardError(error)) return error;
  const where = context.phase ?? "the guest";
  if (error instanceof ExitSignal) {
    const { exitCode } = error;
    if (exitCode === 0) return new ExitError(`The guard exited in ${where} instead of answering`, context);
    return new TrapError(`The guard exited in ${where} with code ${exitCode}`, { ...context, exitCode });
  }
  const detail = { ...context, cause: error };
  if (error instanceof WebAssembly.RuntimeError)
    return new TrapError(`The guard trapped in ${where}: ${spoken(error.message)}`, detail);
  if (isStackExhaustion(error)) return new TrapError(`The guard exhausted its stack in ${where}`, detail);
  return new TrapError(
    `The guard broke off in ${where}: ${error instanceof Error ? error.message : "it threw an exception"}`,
    detail,
  );
}
