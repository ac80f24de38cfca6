// One text per JSON value, whatever the order of its keys: how questions are compared and keyed.

/** Deeper values are refused: a hostile guest may nest its arguments without end, and a cycle ends here too. */
const maxDepth = 1000;

function write(value: unknown, depth: number): string | undefined {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depth === maxDepth) throw new TypeError(`Cannot write canonical JSON: cyclic, or nested deeper than ${maxDepth}`);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return write(toJSON.call(value, ""), depth + 1);
  if (Array.isArray(value)) {
    let items = "";
    for (let i = 0; i < value.length; i++) items += `${i ? "," : ""}${write(value[i], depth + 1) ?? "null"}`;
    return `[${items}]`;
  }
  let members = "";
  for (const key of Object.keys(value).sort()) {
    const text = write((value as Record<string, unknown>)[key], depth + 1);
    if (text !== undefined) members += `${members && ","}${JSON.stringify(key)}:${text}`;
  }
  return `{${members}}`;
}

/**
 * Writes a value as JSON with the keys of every object in code unit order and no white space: two values have the same
 * text exactly when they are the same JSON. Own enumerable properties only, `__proto__` among them; what
 * `JSON.stringify` drops is dropped, lone surrogates are escaped.
 *
 * @throws TypeError for a cycle, a nesting deeper than 1000, a bigint, and a value that has no JSON (undefined, a function)
 */
export function canonicalJson(value: unknown): string {
  const text = write(value, 0);
  if (text === undefined)
    throw new TypeError(`Cannot write canonical JSON: a value of type "${typeof value}" has none`);
  return text;
}

/**
 * The key of one question: equal for equal tools and arguments in any key order; absent arguments equal `{}` (scenario.md).
 *
 * @throws TypeError as {@link canonicalJson}
 */
export function questionKey(tool: string, args?: unknown): string {
  return JSON.stringify(tool) + canonicalJson(args === undefined ? {} : args);
}
