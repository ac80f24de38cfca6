// JSON Pointers (RFC 6901) over own properties only.
import { ProtocolError } from "../errors.ts";
import { isObject, own } from "./json.ts";

/** The unescaped tokens of a pointer; throws ProtocolError when it is none. */
export function pointerTokens(pointer: string): string[] {
  if (pointer === "") return [];
  if (pointer[0] !== "/" || /~(?![01])/.test(pointer)) {
    throw new ProtocolError('Cannot read items_path: it is not a JSON Pointer (RFC 6901), such as "/items"');
  }
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The pointer of unescaped tokens. */
export function pointerOf(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The member of a value that one token names; undefined when there is none. */
export function member(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return value[arrayIndex(token, 0, token.length, value.length)];
  return isObject(value) ? own(value, token) : undefined;
}

/** The decimal digits of `text` from `start` to `end` as an index below `length`; -1 when they are none. */
export function arrayIndex(text: string, start: number, end: number, length: number): number {
  if (start >= end || (text.charCodeAt(start) === 48 && end - start > 1)) return -1;
  let index = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    index = index * 10 + digit;
    if (index >= length) return -1;
  }
  return index;
}
