// A backend that is a function of the host: for tests, for tools that live in the same process, for transports of one's own.
import { asFault, checkSignal, createAsking, failure, isPromise } from "./asking.ts";
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
 * Answers questions with a function: it gets the tool's name, the arguments as a JSON value and a signal that fires when
 * nobody waits any more, and returns the MCP tool result as a JSON value. What it throws becomes a BackendError
 * with that as its `cause`, unless it is a fault of this library already.
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
  const asking = createAsking(name);
  const never = new AbortController().signal;
  let closed = false;

  const checked = (tool: string, answer: unknown): unknown => {
    if (answer === undefined)
      throw failure(name, tool, "the function returned nothing, and null is the answer for that");
    return answer;
  };

  return {
    name,
    synchronous,
    speculate,
    callTool(tool, args, { signal } = {}) {
      if (!synchronous) {
        return asking.ask(tool, signal, async (signal) => {
          try {
            return checked(tool, await fn(tool, args, { signal }));
          } catch (error) {
            throw asFault(name, tool, error);
          }
        });
      }
      if (closed) throw failure(name, tool, "it was closed");
      checkSignal(signal);
      let answer: unknown;
      try {
        answer = fn(tool, args, { signal: signal ?? never });
      } catch (error) {
        throw asFault(name, tool, error);
      }
      if (isPromise(answer)) {
        answer.then(null, () => {});
        throw failure(name, tool, 'it returned a promise; leave out the option "synchronous"');
      }
      return checked(tool, answer);
    },
    close() {
      closed = true;
      asking.close();
    },
  };
}
