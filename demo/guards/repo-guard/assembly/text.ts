// Bytes of JSON strings: comparing and decoding them in place, ASCII letters in any case where names are meant.

export const QUOTE: u8 = 0x22;
export const BACKSLASH: u8 = 0x5c;

// Eight bytes at a time: a set high bit marks a quote, a backslash or (below 0x20) a control character, or a false alarm.
// @ts-ignore: decorator
@inline
export function special(x: u64): u64 {
  const quote = x ^ 0x2222222222222222;
  const slash = x ^ 0x5c5c5c5c5c5c5c5c;
  return (
    ((quote - 0x0101010101010101) | (slash - 0x0101010101010101) | (x - 0x2020202020202020)) &
    ~x &
    0x8080808080808080
  );
}

let escapeEnd: usize = 0;
const encoded = memory.data(8);

// @ts-ignore: decorator
@inline
export function lower(c: u32): u32 {
  return c - 0x41 < 26 ? c | 0x20 : c;
}

function hex4(p: usize): u32 {
  let n: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const c = <u32>load<u8>(p + i);
    n = (n << 4) | (c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57);
  }
  return n;
}

/** The code point of the escape at `p`; leaves the byte after it in `escapeEnd`. Half a surrogate pair becomes U+FFFD. */
function unescape(p: usize): u32 {
  const c = <u32>load<u8>(p + 1);
  escapeEnd = p + 2;
  switch (c) {
    case 0x6e: return 0x0a;
    case 0x74: return 0x09;
    case 0x72: return 0x0d;
    case 0x62: return 0x08;
    case 0x66: return 0x0c;
    case 0x75: break;
    default: return c;
  }
  const high = hex4(p + 2);
  escapeEnd = p + 6;
  if (high - 0xd800 >= 0x800) return high;
  if (high < 0xdc00 && load<u8>(p + 6) == BACKSLASH && load<u8>(p + 7) == 0x75) {
    const low = hex4(p + 8);
    if (low - 0xdc00 < 0x400) {
      escapeEnd = p + 12;
      return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
  }
  return 0xfffd;
}

function encode(c: u32, to: usize): usize {
  if (c < 0x80) {
    store<u8>(to, <u8>c);
    return 1;
  }
  if (c < 0x800) {
    store<u8>(to, <u8>(0xc0 | (c >> 6)));
    store<u8>(to + 1, <u8>(0x80 | (c & 63)));
    return 2;
  }
  if (c < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (c >> 12)));
    store<u8>(to + 1, <u8>(0x80 | ((c >> 6) & 63)));
    store<u8>(to + 2, <u8>(0x80 | (c & 63)));
    return 3;
  }
  store<u8>(to, <u8>(0xf0 | (c >> 18)));
  store<u8>(to + 1, <u8>(0x80 | ((c >> 12) & 63)));
  store<u8>(to + 2, <u8>(0x80 | ((c >> 6) & 63)));
  store<u8>(to + 3, <u8>(0x80 | (c & 63)));
  return 4;
}

/** Decodes the JSON string at `v` to `to`, which may overlap it from below. Returns the length, at most that of the source. */
export function decode(v: usize, to: usize): usize {
  const start = to;
  const limit = ((<usize>memory.size()) << 16) - 8;
  let p = v + 1;
  while (true) {
    while (p <= limit) {
      const x = load<u64>(p);
      const hit = special(x);
      // No more than was read before is overwritten, because `to` is at or before `p` or elsewhere altogether.
      if (hit == 0) {
        store<u64>(to, x);
        to += 8;
        p += 8;
        continue;
      }
      for (let plain = ctz(hit) >> 3; plain != 0; plain--) store<u8>(to++, load<u8>(p++));
      break;
    }
    const c = load<u8>(p);
    if (c == QUOTE) return to - start;
    if (c == BACKSLASH) {
      const code = unescape(p);
      p = escapeEnd;
      to += encode(code, to);
    } else {
      store<u8>(to++, c);
      ++p;
    }
  }
  return 0;
}

/** Whether the JSON value at `v` is the string `s` (ASCII, without quotes). */
export function isString(v: usize, s: string): bool {
  if (v == 0 || load<u8>(v) != QUOTE) return false;
  let p = v + 1;
  let q = changetype<usize>(s);
  const end = q + (<usize>s.length << 1);
  for (; q < end; q += 2) {
    let c = <u32>load<u8>(p);
    if (c == BACKSLASH) {
      c = unescape(p);
      p = escapeEnd;
    } else ++p;
    if (c != <u32>load<u16>(q)) return false;
  }
  return load<u8>(p) == QUOTE;
}

/** The same in any case; `s` is in lower case. */
export function isName(v: usize, s: string): bool {
  if (v == 0 || load<u8>(v) != QUOTE) return false;
  let p = v + 1;
  let q = changetype<usize>(s);
  const end = q + (<usize>s.length << 1);
  for (; q < end; q += 2) {
    let c = <u32>load<u8>(p);
    if (c == BACKSLASH) {
      c = unescape(p);
      p = escapeEnd;
    } else ++p;
    if (lower(c) != <u32>load<u16>(q)) return false;
  }
  return load<u8>(p) == QUOTE;
}

/** Whether the JSON string at `v` is, in any case, the `n` lower-case UTF-8 bytes at `q`. */
export function isBytes(v: usize, q: usize, n: usize): bool {
  let p = v + 1;
  const end = q + n;
  while (true) {
    const c = <u32>load<u8>(p);
    if (c == QUOTE) return q == end;
    if (c == BACKSLASH) {
      const size = encode(lower(unescape(p)), encoded);
      p = escapeEnd;
      for (let i: usize = 0; i < size; i++, q++) {
        if (q >= end || load<u8>(q) != load<u8>(encoded + i)) return false;
      }
    } else {
      if (q >= end || <u32>load<u8>(q) != lower(c)) return false;
      ++q;
      ++p;
    }
  }
}

/** The first character of a key, unescaped. */
// @ts-ignore: decorator
@inline
export function initial(key: usize): u32 {
  const c = <u32>load<u8>(key + 1);
  return c == BACKSLASH ? unescape(key + 1) : c;
}

/** Whether two ranges of the same length hold the same ASCII name in any case. */
export function sameName(a: usize, b: usize, n: usize): bool {
  for (let i: usize = 0; i < n; i++) if (lower(load<u8>(a + i)) != lower(load<u8>(b + i))) return false;
  return true;
}
