// Reads the parts of a scenario by tables of keys; every error names the path of what is wrong and what is allowed there.
import { ScenarioError } from "../errors.ts";
import { at, quote } from "../policy/values.ts";

export { at };

/** Reads one value; throws ScenarioError with the path. */
export type Reader<T> = (value: unknown, path: string) => T;

type Fields<T> = {
  readonly [K in keyof T]-?: { readonly read: Reader<Exclude<T[K], undefined>>; readonly required?: true };
};

/** The head of every message. */
export function cannotRead(path: string): string {
  return path === "" ? "Cannot read the scenario" : `Cannot read the scenario at ${path}`;
}

/** Throws the error for a value that is not what it must be. */
export function refuse(path: string, must: string, value: unknown): never {
  throw new ScenarioError(path, `${cannotRead(path)}: it must be ${must}, got ${quote(value)}`);
}

/** An object with these keys and no others. */
export function object<T extends object>(fields: Fields<T>): Reader<T> {
  const allowed = Object.keys(fields);
  return (value, path) => {
    const entries = entriesOf(value, path);
    const found: Record<string, unknown> = {};
    for (const [key, part] of entries) {
      const where = at(path, key);
      if (!Object.hasOwn(fields, key)) {
        const names = allowed.map((name) => `"${name}"`).join(", ");
        throw new ScenarioError(where, `${cannotRead(where)}: unknown key ${quote(key)}; allowed are ${names}`);
      }
      if (part !== undefined) found[key] = (fields[key as keyof T].read as Reader<unknown>)(part, where);
    }
    for (const key of allowed) {
      if (fields[key as keyof T].required && found[key] === undefined) {
        const where = at(path, key);
        throw new ScenarioError(where, `${cannotRead(where)}: the key "${key}" is missing`);
      }
    }
    return found as T;
  };
}

/** An object with any keys, at least one, all of one kind. Without a prototype: its keys are a stranger's words. */
export function record<T>(element: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, path) => {
    const found: Record<string, T> = Object.create(null);
    const entries = entriesOf(value, path);
    if (entries.length === 0) throw new ScenarioError(path, `${cannotRead(path)}: it is empty, name at least one`);
    for (const [key, part] of entries) found[key] = element(part, at(path, key));
    return found;
  };
}

export function list<T>(element: Reader<T>): Reader<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) refuse(path, "an array", value);
    return Array.from(value as unknown[], (part, position) => element(part, `${path}[${position}]`));
  };
}

/** The same without repetitions. */
export function unique<T>(reader: Reader<readonly T[]>): Reader<readonly T[]> {
  return (value, path) => {
    const parts = reader(value, path);
    parts.forEach((part, position) => {
      if (parts.indexOf(part) < position) {
        const where = `${path}[${position}]`;
        throw new ScenarioError(where, `${cannotRead(where)}: ${quote(part)} is there twice`);
      }
    });
    return parts;
  };
}

export function oneOf<const T extends string>(words: readonly T[]): Reader<T> {
  const must = `one of ${words.map((word) => `"${word}"`).join(", ")}`;
  return (value, path) => (words.includes(value as T) ? (value as T) : refuse(path, must, value));
}

export function matching(pattern: RegExp, must: string): Reader<string> {
  return (value, path) => (typeof value === "string" && pattern.test(value) ? value : refuse(path, must, value));
}

export const string: Reader<string> = (value, path) =>
  typeof value === "string" ? value : refuse(path, "a string", value);
export const nonBlank: Reader<string> = matching(/\S/, "a non-blank string");
export const tags: Reader<readonly string[]> = unique(list(nonBlank));
export const anything: Reader<unknown> = (value) => value;

export const index: Reader<number> = (value, path) =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : refuse(path, "an integer of at least 0", value);

function entriesOf(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(path, "an object", value);
  return Object.entries(value as object);
}
