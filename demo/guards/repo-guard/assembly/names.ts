// Lists of the policy in memory, and whether a name of a result is on one: a count, then length and lower-case bytes of each.

import { isText } from "./json";
import { isBytes, isName, isString, lower } from "./text";

/** Whether the JSON value at `v` is a string of the list, in any case. */
export function inList(names: usize, v: usize): bool {
  if (names == 0 || !isText(v)) return false;
  let p = names + 4;
  for (let i = load<u32>(names); i != 0; i--) {
    const n = <usize>load<u32>(p);
    if (isBytes(v, p + 4, n)) return true;
    p += 4 + n;
  }
  return false;
}

/** Whether a list of reactions names this one, as GraphQL (THUMBS_UP) or as REST (+1) spells it. */
export function inReactions(names: usize, v: usize): bool {
  if (names == 0 || !isText(v)) return false;
  if (isString(v, "+1")) return hasName(names, "thumbs_up") || hasName(names, "+1");
  if (isString(v, "-1")) return hasName(names, "thumbs_down") || hasName(names, "-1");
  if (inList(names, v)) return true;
  return isName(v, "thumbs_up") ? hasName(names, "+1") : isName(v, "thumbs_down") && hasName(names, "-1");
}

function hasName(names: usize, s: string): bool {
  let p = names + 4;
  for (let i = load<u32>(names); i != 0; i--) {
    const n = <usize>load<u32>(p);
    if (n == <usize>s.length && bytesAre(p + 4, n, s)) return true;
    p += 4 + n;
  }
  return false;
}

/** Whether `n` bytes at `p` are, in any case, the lower-case `s`. */
export function bytesAre(p: usize, n: usize, s: string): bool {
  if (n != <usize>s.length) return false;
  for (let i: usize = 0; i < n; i++) if (lower(load<u8>(p + i)) != <u32>load<u16>(changetype<usize>(s) + (i << 1))) return false;
  return true;
}
