// Questions to the backend: is a repository private (asked once per repository and session), and who wrote an issue.

import { allocate, release } from "./heap";
import { after, check, first, isArray, isFalse, isNull, isObject, isText, isTrue, next, root, valueOf } from "./json";
import { decode, isName, isString, lower } from "./text";
import { Repo } from "./repo";
import { ASSUMED, PRIVATE, PUBLIC, UNTOLD } from "./scope";

// @ts-ignore: decorator
@external("env", "call_backend")
declare function call_backend(tool: usize, toolLength: i32, args: usize, argsLength: i32, result: usize, capacity: i32): i32;

const FIRST_ANSWER: u32 = 64 << 10;
const LARGEST_ANSWER: u32 = 4 << 20;

const question = memory.data(512);
const toolName = memory.data(32);
let answer: usize = 0;
let capacity: u32 = 0;

// Visibility by repository: an open table of entries {hash, visibility, length, name}, dropped as a whole when it is full.
const SLOTS: u32 = 1024;
const MOST: u32 = 700;
const slots = memory.data(4 * 1024);
let known: u32 = 0;

export function forgetVisibility(): void {
  for (let i: u32 = 0; i < SLOTS; i++) {
    release(load<u32>(slots + (i << 2)));
    store<u32>(slots + (i << 2), 0);
  }
  known = 0;
}

/** A repository's visibility: PUBLIC, PRIVATE, or ASSUMED when it has no full name or the backend cannot say. */
export function visibilityOf(repo: Repo): i32 {
  if (!repo.isFull) return ASSUMED;
  const size = repo.ownerLength + 1 + repo.nameLength;
  let hash: u32 = 0x811c9dc5;
  for (let i: usize = 0; i < repo.ownerLength; i++) hash = (hash ^ lower(load<u8>(repo.owner + i))) * 0x01000193;
  hash = (hash ^ 0x2f) * 0x01000193;
  for (let i: usize = 0; i < repo.nameLength; i++) hash = (hash ^ lower(load<u8>(repo.name + i))) * 0x01000193;
  let slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
  while (true) {
    const entry = <usize>load<u32>(slots + (slot << 2));
    if (entry == 0) break;
    if (load<u32>(entry) == hash && load<u32>(entry, 8) == <u32>size && isEntry(entry + 12, repo)) return load<u32>(entry, 4);
    slot = (slot + 1) & (SLOTS - 1);
  }
  const visibility = askVisibility(repo);
  if (known == MOST) {
    forgetVisibility();
    slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
  }
  const entry = allocate(12 + size);
  if (entry != 0) {
    store<u32>(entry, hash);
    store<u32>(entry, <u32>visibility, 4);
    store<u32>(entry, <u32>size, 8);
    let p = entry + 12;
    for (let i: usize = 0; i < repo.ownerLength; i++) store<u8>(p++, <u8>lower(load<u8>(repo.owner + i)));
    store<u8>(p++, 0x2f);
    for (let i: usize = 0; i < repo.nameLength; i++) store<u8>(p++, <u8>lower(load<u8>(repo.name + i)));
    store<u32>(slots + (slot << 2), <u32>entry);
    ++known;
  }
  return visibility;
}

function isEntry(p: usize, repo: Repo): bool {
  for (let i: usize = 0; i < repo.ownerLength; i++) if (<u32>load<u8>(p++) != lower(load<u8>(repo.owner + i))) return false;
  if (load<u8>(p++) != 0x2f) return false;
  for (let i: usize = 0; i < repo.nameLength; i++) if (<u32>load<u8>(p++) != lower(load<u8>(repo.name + i))) return false;
  return true;
}

function askVisibility(repo: Repo): i32 {
  startQuestion("get_repository", "", repo);
  const v = ask("}", 0);
  if (v == 0) return ASSUMED;
  const told = visibilityIn(v);
  if (told != UNTOLD) return told;
  for (let key = first(v); key != 0; key = next(valueOf(key))) {
    if (isString(key, "repository") && isObject(valueOf(key))) {
      const inner = visibilityIn(valueOf(key));
      if (inner != UNTOLD) return inner;
    }
  }
  return ASSUMED;
}

/** What a repository object says of its own visibility; `internal` is not public, and one private word outweighs the rest. */
export function visibilityIn(object: usize): i32 {
  if (!isObject(object)) return UNTOLD;
  let flag: usize = 0;
  let word: usize = 0;
  for (let key = first(object); key != 0; ) {
    const v = valueOf(key);
    if (isString(key, "private") || isString(key, "isPrivate")) flag = v;
    else if (isString(key, "visibility")) word = v;
    key = next(v);
  }
  return visibilityFrom(flag, word);
}

export function visibilityFrom(flag: usize, word: usize): i32 {
  if (isTrue(flag) || (isText(word) && !isName(word, "public"))) return PRIVATE;
  return isFalse(flag) || isText(word) ? PUBLIC : UNTOLD;
}

/** Asks for an issue or a pull request; its JSON object, good until the next question, or 0. */
export function askSubject(isPull: bool, repo: Repo, number: usize): usize {
  startQuestion(isPull ? "pull_request_read" : "issue_read", '"method":"get",', repo);
  append(isPull ? ',"pullNumber":' : ',"issue_number":');
  return ask("", number);
}

let toolLength: i32 = 0;
let cursor: usize = 0;

function startQuestion(tool: string, opening: string, repo: Repo): void {
  cursor = toolName;
  append(tool);
  toolLength = tool.length;
  cursor = question;
  append("{");
  append(opening);
  append('"owner":"');
  appendBytes(repo.owner, repo.ownerLength);
  append('","repo":"');
  appendBytes(repo.name, repo.nameLength);
  append('"');
}

function append(s: string): void {
  for (let i: usize = 0, n = <usize>s.length; i < n; i++) store<u8>(cursor++, load<u8>(changetype<usize>(s) + (i << 1)));
}

function appendBytes(p: usize, n: usize): void {
  memory.copy(cursor, p, n);
  cursor += n;
}

// Sends the question and returns the answer's JSON object, out of its MCP envelope, or 0.
function ask(ending: string, number: usize): usize {
  if (number != 0) {
    appendBytes(number, after(number) - number);
    append("}");
  }
  append(ending);
  if (answer == 0 && !resize(FIRST_ANSWER)) return 0;
  let n = call_backend(toolName, toolLength, question, <i32>(cursor - question), answer, <i32>capacity);
  if (n == -2) {
    const needed = load<u32>(answer);
    if (needed <= capacity || needed > LARGEST_ANSWER || !resize(needed)) return 0;
    n = call_backend(toolName, toolLength, question, <i32>(cursor - question), answer, <i32>capacity);
  }
  if (n <= 0 || <u32>n > capacity || check(answer, answer + n) != 0) return 0;
  const v = root(answer, answer + n);
  return isObject(v) ? unwrap(v) : 0;
}

function resize(size: u32): bool {
  release(answer);
  answer = allocate(size);
  capacity = answer == 0 ? 0 : size;
  return answer != 0;
}

function unwrap(v: usize): usize {
  let content: usize = 0;
  let structured: usize = 0;
  for (let key = first(v); key != 0; key = next(valueOf(key))) {
    const inner = valueOf(key);
    if (isString(key, "isError") && !isFalse(inner) && !isNull(inner)) return 0;
    if (isString(key, "content")) content = inner;
    else if (isString(key, "structuredContent")) structured = inner;
  }
  if (isObject(structured)) return structured;
  if (!isArray(content)) return v;
  // Decoding never lengthens a text, so it may overwrite what was read before it.
  const end = joinTexts(content, answer);
  if (end == 0 || check(answer, end) != 0) return 0;
  const inner = root(answer, end);
  return isObject(inner) ? inner : 0;
}

/** Decodes the text items of an MCP content array one after the other to `to`; the end, or 0 when it is no such array. */
export function joinTexts(content: usize, to: usize): usize {
  let end = to;
  for (let item = first(content); item != 0; ) {
    if (!isObject(item)) return 0;
    let type: usize = 0;
    let text: usize = 0;
    for (let key = first(item); key != 0; key = next(valueOf(key))) {
      if (isString(key, "type")) type = valueOf(key);
      else if (isString(key, "text")) text = valueOf(key);
    }
    const following = next(item);
    if (type == 0 || isString(type, "text")) {
      if (!isText(text)) return 0;
      end += decode(text, end);
    }
    item = following;
  }
  return end;
}
