// Which repository something belongs to: owner and name as ranges of the input, read from names and addresses.

import { isText } from "./json";
import { lower, sameName } from "./text";

/** A repository's name where it was found. No owner: unknown. An owner without a name: all of the owner's. */
@unmanaged
export class Repo {
  owner: usize;
  ownerLength: usize;
  name: usize;
  nameLength: usize;

  // @ts-ignore: decorator
  @inline
  get isFull(): bool {
    return this.nameLength != 0;
  }

  forget(): void {
    this.owner = this.ownerLength = this.name = this.nameLength = 0;
  }

  copy(other: Repo): void {
    this.owner = other.owner;
    this.ownerLength = other.ownerLength;
    this.name = other.name;
    this.nameLength = other.nameLength;
  }

  is(other: Repo): bool {
    return (
      this.ownerLength == other.ownerLength &&
      this.nameLength == other.nameLength &&
      sameName(this.owner, other.owner, this.ownerLength) &&
      sameName(this.name, other.name, this.nameLength)
    );
  }
}

/** The end of the name that starts at `p`: letters, digits, `_`, `-` and `.` only. */
function nameEnd(p: usize): usize {
  while (true) {
    const c = <u32>load<u8>(p);
    if (!((c | 0x20) - 0x61 < 26 || c - 0x30 < 10 || c == 0x5f || c == 0x2d || c == 0x2e)) return p;
    ++p;
  }
}

/** Reads a whole JSON string as one name into `owner` or `name`; anything but a plain name leaves the repository unknown. */
export function readName(repo: Repo, v: usize, isOwner: bool): bool {
  if (!isText(v)) return false;
  const end = nameEnd(v + 1);
  const n = end - v - 1;
  if (load<u8>(end) != 0x22 || n == 0 || n > 100) return false;
  if (isOwner) {
    repo.owner = v + 1;
    repo.ownerLength = n;
  } else {
    repo.name = v + 1;
    repo.nameLength = n;
  }
  return true;
}

/** Reads `owner/name` at `p`, followed by the byte `stop` (or, when that is 0, by the end of a path segment). */
export function readPair(repo: Repo, p: usize, stop: u8): bool {
  repo.forget();
  const slash = nameEnd(p);
  if (load<u8>(slash) != 0x2f) return false;
  const end = nameEnd(slash + 1);
  const c = load<u8>(end);
  if (stop != 0 ? c != stop : c != 0x22 && c != 0x2f && c != 0x3f && c != 0x23) return false;
  const n = slash - p;
  const m = end - slash - 1;
  if (n == 0 || m == 0 || n > 100 || m > 100) return false;
  repo.owner = p;
  repo.ownerLength = n;
  repo.name = slash + 1;
  repo.nameLength = m;
  return true;
}

export function readFullName(repo: Repo, v: usize): bool {
  if (!isText(v)) {
    repo.forget();
    return false;
  }
  return readPair(repo, v + 1, 0x22);
}

/** Reads the repository out of an address: after `/repos/` in one of the API, else the first two segments of a page's. */
export function readAddress(repo: Repo, v: usize): bool {
  repo.forget();
  if (!isText(v)) return false;
  let p = v + 1;
  while (load<u8>(p) != 0x3a) {
    if (load<u8>(p) == 0x22 || load<u8>(p) == 0x2f) return false;
    ++p;
  }
  if (load<u8>(p + 1) != 0x2f || load<u8>(p + 2) != 0x2f) return false;
  p += 3;
  const host = p;
  while (load<u8>(p) != 0x2f) {
    if (load<u8>(p) == 0x22) return false;
    ++p;
  }
  // Segments on gist.github.com name a user and a gist.
  if (startsWith(host, "gist.")) return false;
  ++p;
  if (startsWith(p, "api/v3/")) p += 7;
  if (startsWith(p, "repos/")) return readPair(repo, p + 6, 0);
  if (startsWith(host, "api.")) return false;
  if (startsWith(p, "orgs/") || startsWith(p, "users/") || startsWith(p, "apps/") || startsWith(p, "enterprises/")) return false;
  return readPair(repo, p, 0);
}

/** Whether the bytes at `p`, inside a JSON string, begin with `s`. */
export function startsWith(p: usize, s: string): bool {
  for (let i: usize = 0, n = <usize>s.length; i < n; i++) {
    if (<u32>load<u8>(p + i) != <u32>load<u16>(changetype<usize>(s) + (i << 1))) return false;
  }
  return true;
}

/** The same in any case; `s` is in lower case. */
export function startsWithName(p: usize, s: string): bool {
  for (let i: usize = 0, n = <usize>s.length; i < n; i++) {
    if (lower(load<u8>(p + i)) != <u32>load<u16>(changetype<usize>(s) + (i << 1))) return false;
  }
  return true;
}
