// Scopes of the policy, and the tags that follow from them (the sample guard's specification, Scope and Secrecy of an item).

import { put, putByte, putBytes, putLower } from "./out";
import { lower, sameName } from "./text";
import { Repo } from "./repo";

export const BLOCKED: i32 = 0;
export const NONE: i32 = 1;
export const UNAPPROVED: i32 = 2;
export const APPROVED: i32 = 3;
export const MERGED: i32 = 4;

/** What is known about a repository's visibility. ASSUMED: nobody could say, so it is kept secret, and proves nothing. */
export const UNTOLD: i32 = 0;
export const PUBLIC: i32 = 1;
export const PRIVATE: i32 = 2;
export const ASSUMED: i32 = 3;

const MOST_SCOPES: i32 = 1000;
const ALL: i32 = 1;
const PUBLIC_ONLY: i32 = 2;
const LISTED: i32 = 3;

let kind: i32 = 0;
let count: i32 = 0;
// Sorted, 8 bytes each: where the text is, and its length.
const scopes = memory.data(8 * 1000);
// Per level, 8 bytes: the in-scope integrity tags up to it, as JSON.
const fragments = memory.data(8 * 5);

export function forgetScopes(): void {
  kind = 0;
  count = 0;
}

export function setScopeWord(p: usize, n: usize): bool {
  if (n == 3 && at(p, 0) == 0x61 && at(p, 1) == 0x6c && at(p, 2) == 0x6c) kind = ALL;
  else if (n == 6 && at(p, 0) == 0x70 && at(p, 1) == 0x75 && at(p, 2) == 0x62 && at(p, 3) == 0x6c && at(p, 4) == 0x69 && at(p, 5) == 0x63) kind = PUBLIC_ONLY;
  return kind != 0;
}

// @ts-ignore: decorator
@inline
function at(p: usize, i: usize): u32 {
  return lower(load<u8>(p + i));
}

/** Adds a lower-case scope in its sorted place; false when it is malformed, doubled or one too many. */
export function addScope(p: usize, n: usize): bool {
  kind = LISTED;
  if (count == MOST_SCOPES || !wellFormed(p, n)) return false;
  let i = count;
  while (i > 0) {
    const order = compare(text(i - 1), length(i - 1), p, n);
    if (order == 0) return false;
    if (order < 0) break;
    --i;
  }
  memory.copy(scopes + (i + 1) * 8, scopes + i * 8, (count - i) * 8);
  store<u32>(scopes + i * 8, <u32>p);
  store<u32>(scopes + i * 8, <u32>n, 4);
  ++count;
  return true;
}

// @ts-ignore: decorator
@inline
function text(i: i32): usize {
  return load<u32>(scopes + i * 8);
}

// @ts-ignore: decorator
@inline
function length(i: i32): usize {
  return load<u32>(scopes + i * 8, 4);
}

function compare(a: usize, n: usize, b: usize, m: usize): i32 {
  const order = memory.compare(a, b, min(n, m));
  return order != 0 ? order : <i32>n - <i32>m;
}

function wellFormed(p: usize, n: usize): bool {
  let slash: usize = 0;
  for (let i: usize = 0; i < n; i++) {
    const c = load<u8>(p + i);
    if (c == 0x2f) {
      if (slash != 0 || i == 0 || i > 39) return false;
      slash = i;
    } else if (c == 0x2a) {
      if (i != n - 1 || slash == 0) return false;
    } else if (!((c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c == 0x5f || c == 0x2d || c == 0x2e)) return false;
  }
  return slash != 0 && n > slash + 1 && n - slash - 1 <= 101;
}

function slashOf(p: usize): usize {
  let i: usize = 0;
  while (load<u8>(p + i) != 0x2f) ++i;
  return i;
}

function matches(i: i32, repo: Repo): bool {
  const p = text(i);
  const n = length(i);
  const slash = slashOf(p);
  if (slash != repo.ownerLength || !sameName(p, repo.owner, slash)) return false;
  const name = p + slash + 1;
  let size = n - slash - 1;
  if (load<u8>(p + n - 1) == 0x2a) {
    --size;
    return size == 0 || (size <= repo.nameLength && sameName(name, repo.name, size));
  }
  return size == repo.nameLength && sameName(name, repo.name, size);
}

/** Whether the policy's `repos` covers this repository. */
export function inScope(repo: Repo, visibility: i32): bool {
  if (kind == ALL) return true;
  if (kind == PUBLIC_ONLY) return repo.isFull && visibility == PUBLIC;
  if (repo.ownerLength == 0) return false;
  for (let i = 0; i < count; i++) if (matches(i, repo)) return true;
  return false;
}

function putScopeSecrecy(i: i32): void {
  const p = text(i);
  let n = length(i);
  // `owner/*` is the owner alone.
  if (n >= 2 && load<u16>(p + n - 2) == 0x2a2f) n -= 2;
  put('"private:');
  putBytes(p, n);
  putByte(0x22);
}

function putOwnerTag(repo: Repo): void {
  put('"private:');
  putLower(repo.owner, repo.ownerLength);
  putByte(0x22);
}

function putRepoTag(repo: Repo): void {
  put('"private:');
  putRepo(repo);
  putByte(0x22);
}

function putRepo(repo: Repo): void {
  putLower(repo.owner, repo.ownerLength);
  putByte(0x2f);
  putLower(repo.name, repo.nameLength);
}

/** The secrecy tags of what is private in `repo`; `own`: the repository's own tags even in scope. */
export function putPrivate(repo: Repo, visibility: i32, own: bool): void {
  if (!own && kind == ALL) {
    put('"private"');
    return;
  }
  if (!own && kind == LISTED && inScope(repo, visibility)) {
    let some = false;
    for (let i = 0; i < count; i++) {
      if (!matches(i, repo)) continue;
      if (some) putByte(0x2c);
      some = true;
      putScopeSecrecy(i);
    }
    return;
  }
  if (repo.ownerLength == 0) {
    put(own ? '"private:unknown"' : '"private"');
    return;
  }
  // An alert in a public repository is secret without the owner being so.
  if (visibility != PUBLIC || !repo.isFull) {
    putOwnerTag(repo);
    if (!repo.isFull) return;
    putByte(0x2c);
  }
  putRepoTag(repo);
}

/** The integrity tags up to `level`. */
export function putIntegrity(repo: Repo, visibility: i32, level: i32): void {
  if (level == BLOCKED) return;
  if (inScope(repo, visibility)) {
    putBytes(load<u32>(fragments + level * 8), load<u32>(fragments + level * 8, 4));
    return;
  }
  if (!repo.isFull) return;
  for (let i = NONE; i <= level; i++) {
    putByte(i == NONE ? 0x22 : 0x2c);
    if (i != NONE) putByte(0x22);
    addLevel(i);
    putByte(0x3a);
    putRepo(repo);
    putByte(0x22);
  }
}

export function addLevel(level: i32): void {
  put(level == NONE ? "none" : level == UNAPPROVED ? "unapproved" : level == APPROVED ? "approved" : "merged");
}

/** Writes the in-scope tags of each level at `to`, once per policy; returns the address after them. */
export function writeFragments(to: usize): usize {
  for (let level = NONE; level <= MERGED; level++) {
    store<u32>(fragments + level * 8, <u32>to);
    for (let i = NONE; i <= level; i++) {
      if (i != NONE) to = copy(",", to);
      to = copy('"', to);
      if (kind == LISTED && count > 1) to = copy("integrity=", to);
      to = copy(i == NONE ? "none" : i == UNAPPROVED ? "unapproved" : i == APPROVED ? "approved" : "merged", to);
      if (kind == LISTED) {
        to = copy(count > 1 ? ";scopes=" : ":", to);
        for (let s = 0; s < count; s++) {
          if (s != 0) to = copy(",", to);
          memory.copy(to, text(s), length(s));
          to += length(s);
        }
      }
      to = copy('"', to);
    }
    store<u32>(fragments + level * 8, <u32>(to - load<u32>(fragments + level * 8)), 4);
  }
  return to;
}

function copy(s: string, to: usize): usize {
  const n = <usize>s.length;
  for (let i: usize = 0; i < n; i++) store<u8>(to + i, load<u8>(changetype<usize>(s) + (i << 1)));
  return to + n;
}

export function putAgentSecrecy(): void {
  if (kind == ALL) put('"private"');
  for (let i = 0; i < count; i++) {
    if (i != 0) putByte(0x2c);
    putScopeSecrecy(i);
  }
}

export function putAgentIntegrity(minimum: i32): void {
  putBytes(load<u32>(fragments + minimum * 8), load<u32>(fragments + minimum * 8, 4));
}

export function putRepos(): void {
  if (kind != LISTED) {
    put(kind == ALL ? '"all"' : '"public"');
    return;
  }
  for (let i = 0; i < count; i++) {
    putByte(i == 0 ? 0x5b : 0x2c);
    putByte(0x22);
    putBytes(text(i), length(i));
    putByte(0x22);
  }
  putByte(0x5d);
}
