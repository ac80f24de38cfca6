// Numbers that JavaScript cannot hold, above all identifiers of 64 bits: where a text is encoded again they stay as they were written.

type Reviver = (key: string, part: unknown, context: { readonly source: string }) => unknown;

/** Engines of 2024 and later; in others such numbers come out as JavaScript reads them. */
const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };

/**
 * The value of a JSON text, for encoding alone: numbers that would be written otherwise than they were are raw.
 *
 * @param value what the text was parsed to, and the outcome when it holds no such number
 */
export function withExactNumbers(text: string | undefined, value: unknown): unknown {
  if (text === undefined || rawJSON === undefined) return value;
  const keep: Reviver = (_, part, { source }) =>
    typeof part === "number" && `${part}` !== source ? rawJSON(source) : part;
  try {
    return holdsLarge(value) ? JSON.parse(text, keep as (key: string, part: unknown) => unknown) : value;
  } catch {
    // Deeper than the stack: as any other engine encodes it.
    return value;
  }
}

/** Whether a number is above all that JavaScript counts one by one. */
function holdsLarge(value: unknown): boolean {
  if (typeof value === "number") return Math.abs(value) > Number.MAX_SAFE_INTEGER;
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) ? value.some(holdsLarge) : Object.values(value).some(holdsLarge);
}
