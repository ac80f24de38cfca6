// Reads the single values of a policy: trimmed, checked, normalised; each error has the path of its value (policy.md, the tables).
import { PolicyError } from "../errors.ts";
import type { IntegrityLevel } from "./policy.ts";
import { isAcceptedTag, isScope } from "./scopes.ts";

/** Reads one value; throws PolicyError with the path. */
export type Reader<T> = (value: unknown, path: string) => T;

const LEVELS: readonly IntegrityLevel[] = ["none", "unapproved", "approved", "merged"];
const MAX_QUOTED = 60;

/** Throws the error for a value that is not what it must be. */
export function refuse(path: string, must: string, value: unknown): never {
  throw new PolicyError(path, `${cannotRead(path)}: it must be ${must}, got ${quote(value)}`);
}

/** The head of every message. */
export function cannotRead(path: string): string {
  return path === "" ? "Cannot read the policy" : `Cannot read the policy at ${path}`;
}

/** A value as an error message shows it, on one line and of bounded length. */
export function quote(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}…` : value);
  }
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** The path of a property. */
export function at(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${quote(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** The own entries of an object, each read once. */
export function entriesOf(value: unknown, path: string, must: string): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(path, must, value);
  return readOnce(path, () => Object.entries(value));
}

function elementsOf(value: unknown, path: string, must: string): unknown[] {
  return Array.isArray(value) ? readOnce(path, () => Array.from(value)) : refuse(path, must, value);
}

function readOnce<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new PolicyError(path, `${cannotRead(path)}: a property threw`, { cause });
  }
}

function oneOf<T extends string>(words: readonly T[]): Reader<T> {
  const must = `one of ${words.map((word) => `"${word}"`).join(", ")}`;
  return (value, path) => {
    const word = typeof value === "string" ? value.trim().toLowerCase() : undefined;
    return words.find((candidate) => candidate === word) ?? refuse(path, must, value);
  };
}

export const readLevel: Reader<IntegrityLevel> = oneOf(LEVELS);
export const readVisibility: Reader<"public" | "private" | "internal"> = oneOf(["public", "private", "internal"]);

/** `"all"`, `"public"`, or scopes, sorted. */
export const readRepos: Reader<"all" | "public" | readonly string[]> = (value, path) => {
  const must = '"all", "public" or a non-empty array of scopes';
  if (typeof value === "string") {
    const word = value.trim().toLowerCase();
    return word === "all" || word === "public" ? word : refuse(path, must, value);
  }
  const scopes = uniqueElements(value, path, must, (scope, where) => {
    if (isScope(scope)) return;
    const mend = isScope(scope.toLowerCase()) ? " in lower case" : "";
    refuse(where, `"owner/repo", "owner/*" or "owner/prefix*"${mend}`, scope);
  });
  return Object.freeze(scopes.sort());
};

/** `["*"]` alone, or `[visibility:]scope` tags in the order given. */
export const readAccept: Reader<readonly string[]> = (value, path) => {
  const must = 'a non-empty array: ["*"] alone, or tags "[visibility:]scope"';
  const alone = Array.isArray(value) && value.length === 1;
  return Object.freeze(
    uniqueElements(value, path, must, (tag, where) => {
      if (isAcceptedTag(tag) || (tag === "*" && alone)) return;
      const form = '"[visibility:]scope" with visibility private, public or internal';
      refuse(where, tag === "*" ? `${form}, because "*" stands alone` : form, tag);
    }),
  );
};

/** A string; blank counts as none. */
export const readLabel: Reader<string | undefined> = (value, path) =>
  typeof value === "string" ? value.trim() || undefined : refuse(path, "a string", value);

/** Strings without blanks, the first spelling of each kept. */
export const readNames: Reader<readonly string[]> = (value, path) => {
  const names = elementsOf(value, path, "an array of non-blank strings").map((name, index) => {
    return nonBlank(name, `${path}[${index}]`);
  });
  return withoutRepetitions(names);
};

export const readBots: Reader<readonly string[]> = (value, path) => {
  const bots = readNames(value, path);
  return bots.length > 0 ? bots : refuse(path, "a non-empty array of non-blank strings", value);
};

export const readReactions: Reader<readonly string[]> = (value, path) =>
  Object.freeze(readNames(value, path).map((reaction) => reaction.toUpperCase()));

/** Names, or one string split at commas and newlines. */
export const readNamesOrText: Reader<readonly string[]> = (value, path) => {
  if (typeof value !== "string") {
    if (Array.isArray(value)) return readNames(value, path);
    refuse(path, "an array of non-blank strings, or one string with commas or newlines between the labels", value);
  }
  const names = value
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.length > 0 ? withoutRepetitions(names) : refuse(path, "a string that holds at least one label", value);
};

/** Tool names to limits; without a prototype, so that no tool is called `toString`. */
export const readLimits: Reader<Readonly<Record<string, number>>> = (value, path) => {
  const limits: Record<string, number> = Object.create(null);
  for (const [tool, limit] of entriesOf(value, path, "an object of tool names and integers")) {
    const where = at(path, tool);
    if (tool.trim() === "") throw new PolicyError(where, `${cannotRead(where)}: a tool's name is blank`);
    if (!Number.isSafeInteger(limit) || (limit as number) < 0)
      refuse(where, "an integer of at least 0 (0: no limit)", limit);
    limits[tool] = (limit as number) + 0;
  }
  return Object.freeze(limits);
};

function nonBlank(value: unknown, path: string): string {
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" ? refuse(path, "a non-blank string", value) : text;
}

function uniqueElements(
  value: unknown,
  path: string,
  must: string,
  check: (text: string, path: string) => void,
): string[] {
  const elements = elementsOf(value, path, must);
  if (elements.length === 0) refuse(path, must, elements);
  const seen = new Set<string>();
  elements.forEach((element, index) => {
    const where = `${path}[${index}]`;
    const text = nonBlank(element, where);
    check(text, where);
    if (seen.has(text)) throw new PolicyError(where, `${cannotRead(where)}: ${quote(text)} is there twice`);
    seen.add(text);
  });
  return [...seen];
}

function withoutRepetitions(names: readonly string[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const name of names) {
    const key = name.toLowerCase();
    if (!byName.has(key)) byName.set(key, name);
  }
  return Object.freeze([...byName.values()]);
}
