// label_agent: reads an allow-only policy, keeps it for the session, and answers with clearance, integrity and the policy as understood.

import { allocate, release } from "./heap";
import { after, first, isArray, isNull, isObject, isText, next, valueOf } from "./json";
import { addLevel, addScope, forgetScopes, MERGED, NONE, putAgentIntegrity, putAgentSecrecy, putRepos, setScopeWord, writeFragments } from "./scope";
import { decode, isName, lower } from "./text";
import { put, putByte, putString } from "./out";
import { warn } from "./log";
import { bytesAre } from "./names";

export const REFUSED: i32 = -7;
export const OUT_OF_MEMORY: i32 = -5;

export let hasPolicy: bool = false;
export let blockedUsers: usize = 0;
export let trustedUsers: usize = 0;
export let trustedBots: usize = 0;
export let approvalLabels: usize = 0;
export let refusalLabels: usize = 0;
export let endorsements: usize = 0;
export let disapprovals: usize = 0;
export let promotionLabel: usize = 0;
export let demotionLabel: usize = 0;
export let disapprovalLevel: i32 = 0;
export let endorserLevel: i32 = 0;

// Everything the policy says is decoded into one block, from its front to its back.
let arena: usize = 0;
let top: usize = 0;
let text: usize = 0;
let textLength: usize = 0;

/** Forgets the old policy, takes the new one and writes the answer: 0, or a negative code. */
export function takePolicy(payload: usize, size: usize): i32 {
  hasPolicy = false;
  release(arena);
  arena = 0;
  forgetScopes();
  blockedUsers = trustedUsers = trustedBots = approvalLabels = refusalLabels = 0;
  endorsements = disapprovals = promotionLabel = demotionLabel = 0;
  disapprovalLevel = NONE;
  endorserLevel = NONE + 2;
  if (!isObject(payload)) return refuse("Cannot read the policy: the payload is not an object");

  let allowOnly: usize = 0;
  let bots: usize = 0;
  for (let key = first(payload); key != 0; key = next(valueOf(key))) {
    const isPolicy = isName(key, "allow-only") || isName(key, "allowonly");
    if (!isPolicy && !isName(key, "trusted-bots")) {
      return refuse('Cannot read the policy: the payload has a key besides "allow-only" and "trusted-bots"');
    }
    if (isPolicy ? allowOnly != 0 : bots != 0) return refuse("Cannot read the policy: a key of the payload is given twice");
    if (isPolicy) allowOnly = valueOf(key);
    else bots = valueOf(key);
  }
  if (!isObject(allowOnly)) return refuse('Cannot read the policy: "allow-only" is missing or not an object');

  let repos: usize = 0, min: usize = 0, blocked: usize = 0, trusted: usize = 0, approval: usize = 0, refusal: usize = 0;
  let endorse: usize = 0, disapprove: usize = 0, disapproveTo: usize = 0, endorser: usize = 0, promote: usize = 0, demote: usize = 0;
  for (let key = first(allowOnly); key != 0; key = next(valueOf(key))) {
    const v = valueOf(key);
    let old: usize = 0;
    if (isName(key, "repos")) { old = repos; repos = v; }
    else if (isName(key, "min-integrity") || isName(key, "integrity")) { old = min; min = v; }
    else if (isName(key, "blocked-users")) { old = blocked; blocked = v; }
    else if (isName(key, "trusted-users")) { old = trusted; trusted = v; }
    else if (isName(key, "approval-labels")) { old = approval; approval = v; }
    else if (isName(key, "refusal-labels")) { old = refusal; refusal = v; }
    else if (isName(key, "endorsement-reactions")) { old = endorse; endorse = v; }
    else if (isName(key, "disapproval-reactions")) { old = disapprove; disapprove = v; }
    else if (isName(key, "disapproval-integrity")) { old = disapproveTo; disapproveTo = v; }
    else if (isName(key, "endorser-min-integrity")) { old = endorser; endorser = v; }
    else if (isName(key, "promotion-label")) { old = promote; promote = v; }
    else if (isName(key, "demotion-label")) { old = demote; demote = v; }
    else return refuse('Cannot read the policy: "allow-only" has an unknown key');
    if (old != 0) return refuse('Cannot read the policy: a key of "allow-only" is given twice');
  }

  // Each decoded text is at most as long as its source; the four levels' tags repeat the scopes ten times.
  arena = allocate(16 * size + 4096);
  if (arena == 0) {
    warn("Cannot read the policy: no memory is left to keep it");
    return OUT_OF_MEMORY;
  }
  top = arena;

  if (isText(repos)) {
    readText(repos);
    if (!setScopeWord(text, textLength)) return refuse('Cannot read the policy: "repos" is neither "all", "public" nor an array of scopes');
  } else if (isArray(repos) && first(repos) != 0) {
    for (let v = first(repos); v != 0; v = next(v)) {
      if (!readText(v)) return refuse('Cannot read the policy: a scope of "repos" is not a text');
      for (let i: usize = 0; i < textLength; i++) store<u8>(text + i, <u8>lower(load<u8>(text + i)));
      if (!addScope(text, textLength)) return refuse('Cannot read the policy: a scope of "repos" is malformed or given twice');
      top = text + textLength;
    }
  } else return refuse('Cannot read the policy: "repos" is neither "all", "public" nor an array of scopes');
  const minimum = readLevel(min);
  if (minimum == 0) return refuse('Cannot read the policy: "min-integrity" is not an integrity level');
  top = writeFragments(top);

  put('{"agent":{"secrecy":[');
  putAgentSecrecy();
  put('],"integrity":[');
  putAgentIntegrity(minimum);
  put(']},"difc_mode":"filter","normalized_policy":{"allow-only":{"repos":');
  putRepos();
  put(',"min-integrity":"');
  addLevel(minimum);
  putByte(0x22);

  if (!takeList("blocked-users", blocked, false, false)) return REFUSED;
  blockedUsers = list;
  if (!takeList("trusted-users", trusted, false, false)) return REFUSED;
  trustedUsers = list;
  if (!takeList("approval-labels", approval, false, false)) return REFUSED;
  approvalLabels = list;
  if (!takeList("refusal-labels", refusal, false, true)) return REFUSED;
  refusalLabels = list;
  if (!takeList("endorsement-reactions", endorse, true, false)) return REFUSED;
  endorsements = list;
  if (!takeList("disapproval-reactions", disapprove, true, false)) return REFUSED;
  disapprovals = list;
  if (disapproveTo != 0) {
    disapprovalLevel = takeLevel("disapproval-integrity", disapproveTo);
    if (disapprovalLevel == 0) return REFUSED;
  }
  if (endorser != 0) {
    endorserLevel = takeLevel("endorser-min-integrity", endorser);
    if (endorserLevel == 0) return REFUSED;
  }
  if (!takeOne("promotion-label", promote)) return REFUSED;
  promotionLabel = list;
  if (!takeOne("demotion-label", demote)) return REFUSED;
  demotionLabel = list;
  putByte(0x7d);
  if (!takeList("trusted-bots", bots, false, false)) return REFUSED;
  trustedBots = list;
  put("}}");
  hasPolicy = true;
  return 0;
}

let list: usize = 0;

function refuse(message: string): i32 {
  warn(message);
  return REFUSED;
}

// Decodes the string at `v` to the top of the arena, trimmed; it stays only when the caller moves `top`.
function readText(v: usize): bool {
  if (!isText(v)) return false;
  trim(top, decode(v, top));
  return true;
}

function trim(from: usize, n: usize): void {
  while (n != 0 && load<u8>(from) <= 0x20) { ++from; --n; }
  while (n != 0 && load<u8>(from + n - 1) <= 0x20) --n;
  text = from;
  textLength = n;
}

function readLevel(v: usize): i32 {
  if (!readText(v)) return 0;
  if (bytesAre(text, textLength, "none")) return NONE;
  if (bytesAre(text, textLength, "unapproved")) return NONE + 1;
  if (bytesAre(text, textLength, "approved")) return NONE + 2;
  return bytesAre(text, textLength, "merged") ? MERGED : 0;
}

function takeLevel(name: string, v: usize): i32 {
  const level = readLevel(v);
  if (level == 0) warn("Cannot read the policy: an optional key is not an integrity level");
  putKey(name);
  putByte(0x22);
  addLevel(level);
  putByte(0x22);
  return level;
}

function putKey(name: string): void {
  put(',"');
  put(name);
  put('":');
}

function startList(): void {
  list = top;
  store<u32>(list, 0);
  top += 4;
}

// Adds `text` unless it is there in another case; the first spelling is written, the stored one is in lower case.
function addText(upper: bool): void {
  const from = text;
  const n = textLength;
  let p = list + 4;
  for (let i = load<u32>(list); i != 0; i--) {
    const m = <usize>load<u32>(p);
    if (m == n && sameLower(p + 4, from, n)) return;
    p += 4 + m;
  }
  if (load<u32>(list) != 0) putByte(0x2c);
  if (upper) for (let i: usize = 0; i < n; i++) {
    const c = load<u8>(from + i);
    if (c - 0x61 < 26) store<u8>(from + i, c & 0xdf);
  }
  putString(from, n);
  for (let i: usize = 0; i < n; i++) store<u8>(from + i, <u8>lower(load<u8>(from + i)));
  memory.copy(top + 4, from, n);
  store<u32>(top, <u32>n);
  top += 4 + n;
  store<u32>(list, load<u32>(list) + 1);
}

function sameLower(stored: usize, p: usize, n: usize): bool {
  for (let i: usize = 0; i < n; i++) if (load<u8>(stored + i) != <u8>lower(load<u8>(p + i))) return false;
  return true;
}

function takeList(name: string, v: usize, upper: bool, split: bool): bool {
  list = 0;
  if (v == 0) return true;
  startList();
  putKey(name);
  putByte(0x5b);
  if (split && isText(v)) {
    // Pieces are decoded past the list's end, so that adding one does not overwrite the next.
    const scratch = top + (after(v) - v) * 4;
    const end = scratch + decode(v, scratch);
    let from = scratch;
    for (let p = scratch; p <= end; p++) {
      if (p < end && load<u8>(p) != 0x2c && load<u8>(p) != 0x0a) continue;
      trim(from, p - from);
      if (textLength != 0) addText(upper);
      from = p + 1;
    }
    if (load<u32>(list) == 0) return refuseList();
  } else {
    if (!isArray(v)) return refuseList();
    for (let item = first(v); item != 0; item = next(item)) {
      // Leaves room for the length in front of the text.
      top += 4;
      const fits = readText(item);
      top -= 4;
      if (!fits || textLength == 0) return refuseList();
      addText(upper);
    }
  }
  putByte(0x5d);
  return true;
}

function refuseList(): bool {
  warn("Cannot read the policy: a list is not an array of non-blank texts");
  return false;
}

function takeOne(name: string, v: usize): bool {
  list = 0;
  if (v == 0 || isNull(v)) return true;
  startList();
  top += 4;
  const fits = readText(v);
  top -= 4;
  if (!fits || textLength == 0) return refuseList();
  putKey(name);
  addText(false);
  return true;
}
