// What answers of a server mean: its description, whether it only knows older forms, and waits that others share.
import { isObject, type JsonObject, own } from "../difc/json.ts";
import { BackendError } from "../errors.ts";
import type { Reply } from "./exchange.ts";
import { CODE, MODERN, objectAt, stringAt } from "./messages.ts";
import type { ServerDescription } from "./upstream.ts";

export const OPEN_TIMEOUT_MS = 30_000;

export function describe(result: JsonObject, serverInfo: JsonObject): ServerDescription {
  const instructions = stringAt(result, "instructions");
  return {
    capabilities: objectAt(result, "capabilities"),
    serverInfo,
    ...(instructions !== undefined && { instructions }),
  };
}

/** Tells whether a server refused the stateless form because it only knows the older ones. */
export function isOlder({ status, message }: Reply): boolean {
  const error = message && own(message, "error");
  const code = isObject(error) ? own(error, "code") : undefined;
  if (code === CODE.unsupportedVersion) {
    const known = own(objectAt(error as JsonObject, "data"), "supported");
    return Array.isArray(known) && !known.includes(MODERN);
  }
  if (code === CODE.methodNotFound) return true;
  if (code === CODE.headerMismatch) return false;
  return status >= 400 && status < 500 && ![401, 403, 408, 413, 429].includes(status);
}

/**
 * What others wait for too must not end with one of them. Nor must they wait for ever: in Workers a promise of another request
 * never settles once that request's client has left, so it is forgotten after a while.
 */
export function waitFor<T>(promise: Promise<T>, signal: AbortSignal, forget: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    const stop = (): void => {
      end();
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      forget();
      end();
      reject(
        new BackendError("The server behind the proxy did not answer in time", {
          phase: "backend",
          transient: true,
        }),
      );
    }, OPEN_TIMEOUT_MS);
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(end);
  });
}
