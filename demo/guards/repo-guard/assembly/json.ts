// JSON read in place: one checking pass, then values are pointers to their first byte. Nothing is copied or allocated.

import { BACKSLASH, QUOTE, special } from "./text";

/** Nesting beyond this is refused. */
export const MAX_DEPTH: i32 = 512;

export const MALFORMED: i32 = -3;
export const TOO_DEEP: i32 = -4;

const kinds = memory.data(512);

/** Checks that `[p, end)` is one JSON value: 0, or MALFORMED or TOO_DEEP. Everything below trusts a checked value. */
export function check(p: usize, end: usize): i32 {
  let depth = 0;
  while (true) {
    p = space(p, end);
    if (p >= end) return MALFORMED;
    const c = load<u8>(p);
    if (c == 0x7b || c == 0x5b) {
      if (depth == MAX_DEPTH) return TOO_DEEP;
      store<u8>(kinds + depth++, c);
      p = space(p + 1, end);
      if (p >= end) return MALFORMED;
      // The closing bracket's code is the opening one's plus 2.
      if (load<u8>(p) == c + 2) {
        ++p;
        --depth;
      } else {
        if (c == 0x7b) {
          p = checkKey(p, end);
          if (p == 0) return MALFORMED;
        }
        continue;
      }
    } else {
      p = c == QUOTE ? checkString(p, end) : checkScalar(p, end);
      if (p == 0) return MALFORMED;
    }
    while (true) {
      p = space(p, end);
      if (depth == 0) return p == end ? 0 : MALFORMED;
      if (p >= end) return MALFORMED;
      const d = load<u8>(p++);
      const open = load<u8>(kinds + depth - 1);
      if (d == 0x2c) {
        if (open == 0x7b) {
          p = checkKey(space(p, end), end);
          if (p == 0) return MALFORMED;
        }
        break;
      }
      if (d != open + 2) return MALFORMED;
      --depth;
    }
  }
}

function space(p: usize, end: usize): usize {
  while (p < end && load<u8>(p) <= 0x20) {
    const c = load<u8>(p);
    if (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09) break;
    ++p;
  }
  return p;
}

function checkKey(p: usize, end: usize): usize {
  if (p >= end || load<u8>(p) != QUOTE) return 0;
  p = checkString(p, end);
  if (p == 0) return 0;
  p = space(p, end);
  return p < end && load<u8>(p) == 0x3a ? p + 1 : 0;
}

function checkString(p: usize, end: usize): usize {
  ++p;
  while (true) {
    while (p + 8 <= end) {
      const hit = special(load<u64>(p));
      if (hit != 0) {
        p += <usize>(ctz(hit) >> 3);
        break;
      }
      p += 8;
    }
    if (p >= end) return 0;
    const c = load<u8>(p++);
    if (c == QUOTE) return p;
    if (c < 0x20) return 0;
    if (c == BACKSLASH) {
      if (p >= end) return 0;
      const e = load<u8>(p++);
      if (e == 0x75) {
        if (p + 4 > end) return 0;
        for (let i: usize = 0; i < 4; i++) if (!isHex(load<u8>(p + i))) return 0;
        p += 4;
      } else if (e != QUOTE && e != BACKSLASH && e != 0x2f && e != 0x62 && e != 0x66 && e != 0x6e && e != 0x72 && e != 0x74) {
        return 0;
      }
    }
  }
  return 0;
}

// @ts-ignore: decorator
@inline
export function isHex(c: u8): bool {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66);
}

// @ts-ignore: decorator
@inline
export function isDigit(c: u8): bool {
  return c >= 0x30 && c <= 0x39;
}

function checkScalar(p: usize, end: usize): usize {
  const c = load<u8>(p);
  if (c == 0x74) return word(p, end, "true");
  if (c == 0x66) return word(p, end, "false");
  if (c == 0x6e) return word(p, end, "null");
  if (c == 0x2d) ++p;
  if (p >= end || !isDigit(load<u8>(p))) return 0;
  if (load<u8>(p) == 0x30) ++p;
  else p = digits(p, end);
  if (p < end && load<u8>(p) == 0x2e) {
    if (p + 1 >= end || !isDigit(load<u8>(p + 1))) return 0;
    p = digits(p + 1, end);
  }
  if (p < end && (load<u8>(p) | 0x20) == 0x65) {
    ++p;
    if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) ++p;
    if (p >= end || !isDigit(load<u8>(p))) return 0;
    p = digits(p, end);
  }
  return p;
}

function digits(p: usize, end: usize): usize {
  while (p < end && isDigit(load<u8>(p))) ++p;
  return p;
}

function word(p: usize, end: usize, s: string): usize {
  const n = <usize>s.length;
  if (p + n > end) return 0;
  for (let i: usize = 0; i < n; i++) if (load<u8>(p + i) != <u8>load<u16>(changetype<usize>(s) + (i << 1))) return 0;
  return p + n;
}

// The rest reads what check() has passed: brackets match, strings close, so no bounds are needed except for wide loads.

// @ts-ignore: decorator
@inline
function blank(p: usize): usize {
  while (load<u8>(p) <= 0x20) ++p;
  return p;
}

/** The byte after the string that starts at `p`. */
export function afterString(p: usize): usize {
  const limit = ((<usize>memory.size()) << 16) - 8;
  ++p;
  while (true) {
    while (p <= limit) {
      const hit = special(load<u64>(p));
      if (hit != 0) {
        p += <usize>(ctz(hit) >> 3);
        break;
      }
      p += 8;
    }
    const c = load<u8>(p++);
    if (c == QUOTE) return p;
    if (c == BACKSLASH) ++p;
  }
  return p;
}

/** The byte after the value that starts at `p`. Not for a scalar at the root. */
export function after(p: usize): usize {
  const c = load<u8>(p);
  if (c == QUOTE) return afterString(p);
  if (c == 0x7b || c == 0x5b) {
    let depth = 0;
    while (true) {
      const d = load<u8>(p);
      if (d == QUOTE) {
        p = afterString(p);
        continue;
      }
      ++p;
      // Clearing 0x20 makes one case of { and [, and one of } and ].
      const bracket = d & 0xdf;
      if (bracket == 0x5b) ++depth;
      else if (bracket == 0x5d && --depth == 0) return p;
    }
  }
  while (load<u8>(p) > 0x20) {
    const d = load<u8>(p);
    if (d == 0x2c || d == 0x7d || d == 0x5d) break;
    ++p;
  }
  return p;
}

/** The first element of an array or the first key of an object; 0 when it is empty. */
// @ts-ignore: decorator
@inline
export function first(container: usize): usize {
  const p = blank(container + 1);
  const c = load<u8>(p);
  return c == 0x5d || c == 0x7d ? 0 : p;
}

/** The element or key after the value at `p`; 0 at the end. */
// @ts-ignore: decorator
@inline
export function next(p: usize): usize {
  p = blank(after(p));
  return load<u8>(p) == 0x2c ? blank(p + 1) : 0;
}

/** The value of the key at `key`. */
// @ts-ignore: decorator
@inline
export function valueOf(key: usize): usize {
  return blank(blank(afterString(key)) + 1);
}

// @ts-ignore: decorator
@inline
export function isObject(v: usize): bool {
  return v != 0 && load<u8>(v) == 0x7b;
}

// @ts-ignore: decorator
@inline
export function isArray(v: usize): bool {
  return v != 0 && load<u8>(v) == 0x5b;
}

// @ts-ignore: decorator
@inline
export function isText(v: usize): bool {
  return v != 0 && load<u8>(v) == QUOTE;
}

// @ts-ignore: decorator
@inline
export function isTrue(v: usize): bool {
  return v != 0 && load<u8>(v) == 0x74;
}

// @ts-ignore: decorator
@inline
export function isFalse(v: usize): bool {
  return v != 0 && load<u8>(v) == 0x66;
}

// @ts-ignore: decorator
@inline
export function isNull(v: usize): bool {
  return v != 0 && load<u8>(v) == 0x6e;
}

/** The first value in `[p, end)` past leading white space. */
export function root(p: usize, end: usize): usize {
  return space(p, end);
}
