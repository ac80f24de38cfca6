// What a tool call says before anything has answered: operation, kind of object, repository, number, ref.

import { first, isHex, isNull, isObject, isText, next, valueOf, isDigit, after } from "./json";
import { isString } from "./text";
import { readFullName, readName, readPair, Repo, startsWith, startsWithName } from "./repo";

export const READ: i32 = 0;
export const WRITE: i32 = 1;
export const READ_WRITE: i32 = 2;

export const OTHER: i32 = 0;
export const ISSUE: i32 = 1;
export const PULL: i32 = 2;
export const COMMIT: i32 = 3;
export const FILE: i32 = 4;
export const REPOSITORY: i32 = 5;
export const BRANCH: i32 = 6;
export const TAG: i32 = 7;
export const RELEASE: i32 = 8;
export const LABEL: i32 = 9;
export const COMMENT: i32 = 10;
export const USER: i32 = 11;
export const NOTIFICATION: i32 = 12;
export const GIST: i32 = 13;
export const ALERT: i32 = 14;
export const DISCUSSION: i32 = 15;

/** FOREIGN: a ref that can lead into somebody else's fork, so it proves nothing. */
export const DEFAULT_REF: i32 = 0;
export const OTHER_REF: i32 = 1;
export const FOREIGN_REF: i32 = 2;

export let tool: usize = 0;
export let args: usize = 0;
export let operation: i32 = 0;
/** What the call is about, and what its answer lists: comments on an issue are about the issue. */
export let subject: i32 = 0;
export let itemKind: i32 = 0;
/** The answer is a part of the subject and has no author of its own: files of a pull request. */
export let isPart: bool = false;
export let isSearch: bool = false;
export let ref: i32 = 0;
export let number: usize = 0;
export let path: usize = 0;
export let sha: usize = 0;
/** The argument that makes a new repository or gist private or public; 0 when there is none. */
export let setPrivate: usize = 0;
export let setPublic: usize = 0;
export const repo = changetype<Repo>(memory.data(16));

let toolEnd: usize = 0;

/** Reads the call; false when the tool's name is missing. */
export function readCall(name: usize, toolArgs: usize): bool {
  if (!isText(name)) return false;
  tool = name;
  toolEnd = after(name) - 1;
  args = isObject(toolArgs) ? toolArgs : 0;
  readTool();
  readArgs();
  return true;
}

function readTool(): void {
  const p = tool + 1;
  isSearch = startsWith(p, "search_");
  if (startsWith(p, "get_") || startsWith(p, "list_") || isSearch) operation = READ;
  else if (startsWith(p, "create_") || startsWith(p, "add_")) operation = WRITE;
  else operation = toolEnd - p > 5 && startsWith(toolEnd - 5, "_read") ? READ : READ_WRITE;

  isPart = endsWith("_files") || endsWith("_diff") || endsWith("_status") || endsWith("_commits") || endsWith("_check_runs");
  const talk = has("comment") || has("review");
  if (isString(tool, "get_me")) subject = USER;
  else if (has("notification")) subject = NOTIFICATION;
  else if (has("gist")) subject = GIST;
  else if (has("secret_scanning")) subject = ALERT;
  else if (has("discussion")) subject = DISCUSSION;
  else if (has("pull_request") || has("review")) subject = PULL;
  else if (has("issue_type")) subject = OTHER;
  else if (has("issue")) subject = ISSUE;
  else if (has("commit")) subject = COMMIT;
  else if (has("release")) subject = RELEASE;
  else if (has("branch")) subject = BRANCH;
  else if (has("_tag")) subject = TAG;
  else if (has("label")) subject = LABEL;
  else if (has("file") || has("tree") || isString(tool, "search_code")) subject = FILE;
  else if (has("repositor")) subject = REPOSITORY;
  else subject = OTHER;
  itemKind = talk && (subject == PULL || subject == ISSUE || subject == COMMIT || subject == DISCUSSION) ? COMMENT : subject;
  isPart = isPart && subject == PULL;
}

function has(s: string): bool {
  const n = <usize>s.length;
  for (let p = tool + 1; p + n <= toolEnd; p++) if (startsWith(p, s)) return true;
  return false;
}

function endsWith(s: string): bool {
  const n = <usize>s.length;
  return toolEnd - tool > n && startsWith(toolEnd - n, s);
}

function readArgs(): void {
  let owner: usize = 0, name: usize = 0, query: usize = 0, org: usize = 0, method: usize = 0;
  number = path = sha = setPrivate = setPublic = 0;
  ref = DEFAULT_REF;
  repo.forget();
  if (args != 0) {
    for (let key = first(args); key != 0; ) {
      const v = valueOf(key);
      if (isString(key, "owner")) owner = v;
      else if (isString(key, "repo")) name = v;
      else if (isString(key, "query") || isString(key, "q")) query = v;
      else if (isString(key, "org") || isString(key, "organization")) org = v;
      else if (isString(key, "method")) method = v;
      else if (isString(key, "private")) setPrivate = v;
      else if (isString(key, "public")) setPublic = v;
      else if (isString(key, "path")) path = v;
      else if (isString(key, "issue_number") || isString(key, "issueNumber")) number = subject == ISSUE ? v : number;
      else if (isString(key, "pullNumber") || isString(key, "pull_number")) number = subject == PULL ? v : number;
      else if (isString(key, "number")) number = v;
      else if (isRefName(key)) {
        if (isString(key, "sha")) sha = v;
        ref = max(ref, refKind(v));
      }
      key = next(v);
    }
  }
  if (!isWhole(number)) number = 0;
  const clear = !isSearch || !isText(query) || readQuery(query);
  // A query that names several overrules the arguments: nothing is known then.
  if (clear && repo.ownerLength == 0) {
    if (owner == 0 && isText(name)) readFullName(repo, name);
    else if (isText(owner)) {
      if (readName(repo, owner, true) && isText(name) && !readName(repo, name, false)) repo.forget();
    } else if (isText(org)) readName(repo, org, true);
  }
  if (isText(method) && (subject == PULL || subject == ISSUE) && operation == READ) {
    if (isString(method, "get_comments") || isString(method, "get_reviews") || isString(method, "get_review_comments")) itemKind = COMMENT;
    else isPart = !isString(method, "get") && !isString(method, "get_sub_issues");
  }
}

function isRefName(key: usize): bool {
  return (
    isString(key, "ref") || isString(key, "sha") || isString(key, "branch") || isString(key, "tree_sha") ||
    isString(key, "commit_sha") || isString(key, "head") || isString(key, "base")
  );
}

function refKind(v: usize): i32 {
  if (isNull(v)) return DEFAULT_REF;
  if (!isText(v)) return FOREIGN_REF;
  const p = v + 1;
  if (
    load<u8>(p) == 0x22 || isString(v, "main") || isString(v, "master") || isString(v, "HEAD") ||
    isString(v, "refs/heads/main") || isString(v, "refs/heads/master")
  ) return DEFAULT_REF;
  if (startsWith(p, "refs/pull/") || startsWith(p, "pull/")) return FOREIGN_REF;
  let hex = true;
  let n = 0;
  for (let q = p; load<u8>(q) != 0x22; q++, n++) {
    const c = load<u8>(q);
    if (c == 0x5c || c == 0x3a || c == 0x25 || c == 0x7e || c == 0x5e) return FOREIGN_REF;
    if (!isHex(c)) hex = false;
  }
  return hex && n >= 7 ? FOREIGN_REF : OTHER_REF;
}

function isWhole(v: usize): bool {
  if (v == 0) return false;
  let n = 0;
  while (isDigit(load<u8>(v))) {
    ++v;
    ++n;
  }
  const c = load<u8>(v);
  return n > 0 && n < 12 && (c <= 0x20 || c == 0x2c || c == 0x7d || c == 0x5d);
}

/** `repo:` and `org:` qualifiers outside quotes. False when they name more than one, or when the query has alternatives. */
function readQuery(query: usize): bool {
  const found = changetype<Repo>(memory.data(16));
  let p = query + 1;
  let quoted = false;
  let fresh = true;
  let ambiguous = false;
  while (true) {
    const c = load<u8>(p);
    if (c == 0x22) break;
    if (c == 0x5c) {
      // An escaped quote opens or closes a phrase; any other escape is part of a word.
      if (load<u8>(p + 1) == 0x22) quoted = !quoted;
      p += 2;
      fresh = false;
      continue;
    }
    if (!quoted && (c == 0x28 || c == 0x29)) ambiguous = true;
    if (!quoted && fresh) {
      if (startsWith(p, "OR ") || startsWith(p, "NOT ")) ambiguous = true;
      const isRepo = startsWithName(p, "repo:");
      if (isRepo || startsWithName(p, "org:") || startsWithName(p, "user:")) {
        while (load<u8>(p) != 0x3a) ++p;
        ++p;
        if (isRepo) {
          if (!readPair(found, p, 0x20) && !readPair(found, p, 0x22)) ambiguous = true;
        } else readOwner(found, p);
        if (repo.ownerLength != 0 && !repo.is(found)) ambiguous = true;
        repo.copy(found);
        if (found.ownerLength == 0) ambiguous = true;
        fresh = false;
        continue;
      }
    }
    fresh = c == 0x20;
    ++p;
  }
  if (ambiguous) repo.forget();
  return !ambiguous;
}

function readOwner(found: Repo, p: usize): void {
  found.forget();
  let end = p;
  while (true) {
    const c = <u32>load<u8>(end);
    if (!((c | 0x20) - 0x61 < 26 || c - 0x30 < 10 || c == 0x5f || c == 0x2d)) break;
    ++end;
  }
  const c = load<u8>(end);
  if ((c != 0x20 && c != 0x22) || end == p || end - p > 100) return;
  found.owner = p;
  found.ownerLength = end - p;
}
