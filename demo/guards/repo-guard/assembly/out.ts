// Writes JSON straight into the host's buffer. Past its end it only counts, so that -2 can tell the size needed.

import { lower } from "./text";

let start: usize = 0;
let at: usize = 0;
let end: usize = 0;

export function open(to: usize, capacity: usize): void {
  start = at = to;
  end = to + capacity;
}

/** How many bytes have been written, or would have been. */
// @ts-ignore: decorator
@inline
export function written(): usize {
  return at - start;
}

/** The return value of a label function: the length, or -2 with the needed size in the first four bytes. */
export function close(): i32 {
  if (at <= end) return <i32>written();
  if (end - start >= 4) store<u32>(start, <u32>written());
  return -2;
}

// @ts-ignore: decorator
@inline
export function putByte(c: u32): void {
  if (at < end) store<u8>(at, <u8>c);
  ++at;
}

export function put(s: string): void {
  const from = changetype<usize>(s);
  const n = <usize>s.length;
  if (at + n <= end) for (let i: usize = 0; i < n; i++) store<u8>(at + i, load<u8>(from + (i << 1)));
  at += n;
}

export function putBytes(from: usize, n: usize): void {
  if (at + n <= end) memory.copy(at, from, n);
  at += n;
}

/** An ASCII name in lower case. */
export function putLower(from: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) putByte(lower(load<u8>(from + i)));
}

export function putNumber(n: u32): void {
  let divisor: u32 = 1;
  while (n / divisor >= 10) divisor *= 10;
  for (; divisor != 0; divisor /= 10) putByte(0x30 + ((n / divisor) % 10));
}

/** UTF-8 text as a JSON string. */
export function putString(from: usize, n: usize): void {
  putByte(0x22);
  for (let i: usize = 0; i < n; i++) {
    const c = <u32>load<u8>(from + i);
    if (c == 0x22 || c == 0x5c) putByte(0x5c);
    if (c < 0x20) {
      put("\\u00");
      putByte(0x30 + (c >> 4));
      putByte((c & 15) < 10 ? 0x30 + (c & 15) : 0x57 + (c & 15));
    } else putByte(c);
  }
  putByte(0x22);
}

/** The inside of the JSON string at `v`, as it is; cut after about `most` bytes, never inside a character or an escape. */
export function putRaw(v: usize, most: usize): void {
  const stop = v + 1 + most;
  let p = v + 1;
  while (true) {
    const c = load<u8>(p);
    if (c == 0x22 || (p >= stop && (c & 0xc0) != 0x80)) return;
    putByte(c);
    ++p;
    if (c == 0x5c) {
      const e = load<u8>(p++);
      putByte(e);
      if (e == 0x75) for (const u = p + 4; p < u; p++) putByte(load<u8>(p));
    }
  }
}
