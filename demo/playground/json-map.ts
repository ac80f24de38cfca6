// Where things stand in a JSON text: the offset of every value by its path, keys given twice, and the place where the text stops being JSON.

export interface JsonMap {
  /** Offset of each value: `allow-only.repos[1]` → 42. The root's path is empty. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Paths of keys that one object holds twice. */
  readonly doubled: readonly string[];
  /** Offset of the first character that does not fit; undefined for valid JSON. */
  readonly brokenAt?: number;
}

const space = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const text = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** A key's path, in the spelling of the errors of edge-guard. */
export function at(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Reads a JSON text once. Never throws. */
export function mapJson(source: string): JsonMap {
  const offsets = new Map<string, number>();
  const doubled: string[] = [];
  let position = 0;

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = position;
    const found = pattern.exec(source)?.[0];
    if (found !== undefined) position += found.length;
    return found;
  }
  function skip(character: string): boolean {
    take(space);
    if (source[position] !== character) return false;
    position++;
    return true;
  }
  /** Reads members up to the closing character; false when something does not fit. */
  function members(close: string, one: () => boolean): boolean {
    if (skip(close)) return true;
    do if (!one()) return false;
    while (skip(","));
    return skip(close);
  }
  function value(path: string, depth: number): boolean {
    take(space);
    if (!offsets.has(path)) offsets.set(path, position);
    if (depth > 500) return false;
    if (skip("{")) {
      const seen = new Set<string>();
      return members("}", () => {
        take(space);
        const quoted = take(text);
        if (quoted === undefined) return false;
        const key = JSON.parse(quoted) as string;
        const inner = at(path, key);
        if (seen.has(key)) doubled.push(inner);
        seen.add(key);
        return skip(":") && value(inner, depth + 1);
      });
    }
    if (skip("[")) {
      let index = 0;
      return members("]", () => value(`${path}[${index++}]`, depth + 1));
    }
    return (take(text) ?? take(scalar)) !== undefined;
  }

  const whole = value("", 0);
  take(space);
  return whole && position === source.length ? { offsets, doubled } : { offsets, doubled, brokenAt: position };
}

/** Line and column of an offset, from 1. */
export function place(source: string, offset: number): { readonly line: number; readonly column: number } {
  const before = source.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - start + 1 };
}

/** The offset of a path, or of the closest thing around it. */
export function offsetOf({ offsets }: JsonMap, path: string): number {
  for (let rest = path; rest !== ""; ) {
    const found = offsets.get(rest);
    if (found !== undefined) return found;
    const shorter = rest.replace(/(?:\.?[\w-]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\])$/, "");
    if (shorter === rest) break;
    rest = shorter;
  }
  return offsets.get("") ?? 0;
}

/** A mistake in a text, with where it is. */
export interface Problem {
  readonly message: string;
  readonly path?: string;
  readonly offset: number;
}

/** Parses a text that a person edits: the value, or the mistakes. */
export function parseText(source: string): { readonly value: unknown } | { readonly problems: readonly Problem[] } {
  const map = mapJson(source);
  if (map.brokenAt !== undefined) {
    const found = source.slice(map.brokenAt).trimStart().slice(0, 12);
    const what = found === "" ? "the text ends too early" : `"${found.split("\n", 1)[0]}" does not fit here`;
    return { problems: [{ message: `This is not JSON yet: ${what}`, offset: map.brokenAt }] };
  }
  if (map.doubled.length > 0) {
    return {
      problems: map.doubled.map((path) => ({ path, message: "This key is given twice", offset: offsetOf(map, path) })),
    };
  }
  return { value: JSON.parse(source) as unknown };
}

const lineWidth = 60;

/** JSON for people: arrays and objects that fit stand on one line. */
export function pretty(value: unknown, indent = ""): string {
  const flat = JSON.stringify(value) ?? "null";
  if (typeof value !== "object" || value === null || flat === "[]" || flat === "{}") return flat;
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    const simple = value.every((part) => typeof part !== "object" || part === null);
    if (simple && indent.length + flat.length < lineWidth)
      return `[${value.map((part) => JSON.stringify(part)).join(", ")}]`;
    return `[\n${value.map((part) => deeper + pretty(part, deeper)).join(",\n")}\n${indent}]`;
  }
  const members = Object.entries(value).filter(([, part]) => part !== undefined);
  return `{\n${members.map(([key, part]) => `${deeper}${JSON.stringify(key)}: ${pretty(part, deeper)}`).join(",\n")}\n${indent}}`;
}
