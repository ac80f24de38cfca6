// Assertions without any runtime's own module, so that the suites run everywhere.

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) => {
      if (typeof part === "object" && part !== null && !Array.isArray(part)) {
        return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
      }
      return part === undefined ? null : part;
    }) ?? "undefined"
  );
}

/** Fails unless the condition holds. */
export function ok(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Fails unless both are the same JSON value, the order of keys aside; `undefined` properties count as absent. */
export function equal(actual: unknown, expected: unknown, message = "Values differ"): void {
  const strip = (value: unknown): unknown =>
    value === undefined ? undefined : JSON.parse(JSON.stringify(value) ?? "null");
  const left = canonical(strip(actual));
  const right = canonical(strip(expected));
  if (left !== right) throw new Error(`${message}\n  expected: ${right}\n  actual:   ${left}`);
}

/** Fails unless the promise rejects (or the function throws); gives the error back. */
export async function rejects(
  action: Promise<unknown> | (() => unknown),
  message = "Expected a rejection",
): Promise<Error> {
  try {
    await (typeof action === "function" ? action() : action);
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`${message}: something other than an Error was thrown: ${String(error)}`);
  }
  throw new Error(`${message}: nothing was thrown`);
}
