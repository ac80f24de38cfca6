// JSON values from strangers: own properties only, comparison with bounded depth, encoding that fails as a fault.
import { ProtocolError } from "../errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 1000;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own property, or undefined: never what a prototype offers. */
export function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as JsonObject)[key] : undefined;
}

/** Tells whether two JSON values hold the same data; key order does not count. False below 1000 levels, where nobody looked. */
export function sameJson(a: unknown, b: unknown, depth = 0): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null || depth > MAX_DEPTH) return false;
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((element, index) => sameJson(element, b[index], depth + 1))
    );
  }
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && sameJson(own(a, key), own(b, key), depth + 1));
}

/** A copy of an object with one property replaced, in its place. */
export function withProperty(object: JsonObject, key: string, value: unknown): JsonObject {
  return { ...object, [key]: value };
}

/** JSON text of a tool result; what has none (undefined, a function) becomes `null`. */
export function encodeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (cause) {
    throw new ProtocolError("Cannot encode the tool result as JSON: it is cyclic, too deep, or holds a BigInt", {
      cause,
    });
  }
}
