// Numbers that JavaScript cannot hold, above all identifiers of 64 bits: where a text is encoded again they stay as they were written.

type Reviver = (key: string, part: unknown, context: { readonly source?: string }) => unknown;

/** Engines of 2024 and later; in others such numbers come out as JavaScript reads them. */
const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };

/** Many digits, or an exponent. Strings may hold the like, which costs a second look and changes nothing. */
const mayChange = /\d{16}|\d[eE]/;

/**
 * The value of a JSON text, for encoding alone: numbers that would be written otherwise than they were are raw.
 *
 * @param value what the text was parsed to, and the outcome when it holds no such number
 */
export function withExactNumbers(text: string | undefined, value: unknown): unknown {
  if (text === undefined || rawJSON === undefined || !mayChange.test(text)) return value;
  const keep: Reviver = (_, part, { source }) =>
    typeof part === "number" && source !== undefined && `${part}` !== source ? rawJSON(source) : part;
  try {
    return JSON.parse(text, keep as (key: string, part: unknown) => unknown);
  } catch {
    // Deeper than the engine revives: as any other engine encodes it.
    return value;
  }
}
