// A backend that is a function of the host: for tests, for tools that live in the same process, for transports of one's own.
import { asFault, askingBackend, checkSignal, closedState, emptyState, failure, isPromise } from "./asking.ts";
import type { Backend } from "./backend.ts";

export interface FunctionBackendOptions {
  /** For events and error messages. @default "function" */
  readonly name?: string;
  /** The function never returns a promise: the guest is answered without suspension. @default false */
  readonly synchronous?: boolean;
  /** False when asking in vain hurts. @default true */
  readonly speculate?: boolean;
}

/**
 * Answers questions with a function: it gets the tool's name, the arguments as a JSON value and `{ signal }`, which fires when
 * nobody waits any more (read it by name: a copy by spreading has none), and returns the MCP tool result as a JSON value. What it
 * throws becomes a BackendError with that as its `cause`, unless it is a fault of this library already.
 *
 * @throws TypeError when `fn` is not a function
 * @example
 * const backend = functionBackend((tool, args) => ({ private: args.repo === "vault" }));
 */
export function functionBackend(
  // biome-ignore lint/suspicious/noExplicitAny: the arguments are whatever the guard sends
  fn: (tool: string, args: any, options: { readonly signal: AbortSignal }) => unknown,
  options: FunctionBackendOptions = {},
): Backend {
  if (typeof fn !== "function")
    throw new TypeError(`Cannot make a backend: "fn" is of type "${typeof fn}", not a function`);
  const { name = "function", synchronous = false, speculate = true } = options;
  if (!synchronous) return askingBackend({ name, speculate }, fn);
  const never = new AbortController().signal;
  let closed = false;
  return {
    name,
    synchronous,
    speculate,
    callTool(tool, args, { signal } = {}) {
      if (closed) throw failure(name, tool, closedState);
      checkSignal(signal);
      let answer: unknown;
      try {
        answer = fn(tool, args, { signal: signal ?? never });
      } catch (error) {
        throw asFault(name, tool, error);
      }
      if (answer === undefined) throw failure(name, tool, emptyState);
      if (!isPromise(answer)) return answer;
      answer.then(null, () => {});
      throw failure(name, tool, 'it returned a promise; leave out the option "synchronous"');
    },
    close() {
      closed = true;
    },
  };
}
