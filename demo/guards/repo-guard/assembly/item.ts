// One object of a result, REST, GraphQL or trimmed by the MCP server: where the fields are that labels depend on.

import { first, isFalse, isObject, isText, isTrue, next, valueOf } from "./json";
import { initial, isString } from "./text";
import { readAddress, readFullName, readName, Repo } from "./repo";
import { UNTOLD } from "./scope";
import { visibilityFrom, visibilityIn } from "./backend";

export let author: usize = 0;
/** A second person in a place of an author; being blocked there counts too. */
export let coauthor: usize = 0;
export let association: usize = 0;
export let labels: usize = 0;
export let reactions: usize = 0;
export let isPull: bool = false;
export let isMerged: bool = false;
/** Where a pull request comes from: SAME, FORK or UNTOLD. */
export let origin: i32 = 0;
export let isRepository: bool = false;
export let number: usize = 0;
export let id: usize = 0;
export let sha: usize = 0;
export let path: usize = 0;
export let name: usize = 0;
export let tag: usize = 0;
export let login: usize = 0;
export let title: usize = 0;
/** What the item itself says of its repository. */
export const repo = changetype<Repo>(memory.data(16));
/** The item names a repository, though perhaps not one that can be read. */
export let namesRepo: bool = false;
export let visibility: i32 = 0;

export const SAME: i32 = 1;
export const FORK: i32 = 2;

const other = changetype<Repo>(memory.data(16));
const third = changetype<Repo>(memory.data(16));

/** Reads the fields of the object at `item`; of a key given twice the last value counts. */
export function readItem(item: usize): void {
  author = coauthor = association = labels = reactions = number = id = sha = path = name = tag = login = title = 0;
  isPull = isMerged = isRepository = namesRepo = false;
  origin = visibility = UNTOLD;
  repo.forget();
  if (!isObject(item)) return;
  let user: usize = 0, writer: usize = 0, committer: usize = 0, repository: usize = 0, repositoryUrl: usize = 0, htmlUrl: usize = 0;
  let url: usize = 0, issueUrl: usize = 0, pullUrl: usize = 0, head: usize = 0, base: usize = 0, pull: usize = 0, merged: usize = 0, mergedAt: usize = 0;
  let state: usize = 0, flag: usize = 0, word: usize = 0, fullName: usize = 0, headRepo: usize = 0, baseRepo: usize = 0;
  let cross: usize = 0, type: usize = 0, filename: usize = 0, oid: usize = 0;
  for (let key = first(item); key != 0; ) {
    const v = valueOf(key);
    switch (initial(key)) {
      case 0x61: // a
        if (isString(key, "author_association") || isString(key, "authorAssociation")) association = v;
        else if (isString(key, "author")) writer = v;
        break;
      case 0x62: // b
        if (isString(key, "base")) base = v;
        else if (isString(key, "baseRepository")) baseRepo = v;
        break;
      case 0x63: // c
        if (isString(key, "committer")) committer = v;
        break;
      case 0x66: // f
        if (isString(key, "full_name")) fullName = v;
        else if (isString(key, "filename")) filename = v;
        break;
      case 0x68: // h
        if (isString(key, "html_url")) htmlUrl = v;
        else if (isString(key, "head")) head = v;
        else if (isString(key, "headRepository")) headRepo = v;
        break;
      case 0x69: // i
        if (isString(key, "id")) id = v;
        else if (isString(key, "issue_url")) issueUrl = v;
        else if (isString(key, "isPrivate")) flag = v;
        else if (isString(key, "isCrossRepository")) cross = v;
        break;
      case 0x6c: // l
        if (isString(key, "labels")) labels = v;
        else if (isString(key, "login")) login = v;
        break;
      case 0x6d: // m
        if (isString(key, "merged")) merged = v;
        else if (isString(key, "merged_at") || isString(key, "mergedAt")) mergedAt = v;
        break;
      case 0x6e: // n
        if (isString(key, "number")) number = v;
        else if (isString(key, "name")) name = v;
        else if (isString(key, "nameWithOwner")) fullName = v;
        break;
      case 0x6f: // o
        if (isString(key, "oid")) oid = v;
        break;
      case 0x70: // p
        if (isString(key, "path")) path = v;
        else if (isString(key, "private")) flag = v;
        else if (isString(key, "pull_request")) pull = v;
        else if (isString(key, "pull_request_url")) pullUrl = v;
        break;
      case 0x72: // r
        if (isString(key, "repository")) repository = v;
        else if (isString(key, "repository_url")) repositoryUrl = v;
        else if (isString(key, "reactions")) reactions = v;
        break;
      case 0x73: // s
        if (isString(key, "sha")) sha = v;
        else if (isString(key, "state")) state = v;
        break;
      case 0x74: // t
        if (isString(key, "title")) title = v;
        else if (isString(key, "tag_name") || isString(key, "tagName")) tag = v;
        break;
      case 0x75: // u
        if (isString(key, "user")) user = v;
        else if (isString(key, "url")) url = v;
        break;
      case 0x76: // v
        if (isString(key, "visibility")) word = v;
        break;
      case 0x5f: // _
        if (isString(key, "__typename")) type = v;
        break;
    }
    key = next(v);
  }
  if (path == 0) path = filename;
  if (sha == 0) sha = oid;
  // A bare name may be one that the author chose (git's), so it can block but not raise.
  author = field(user, "login");
  coauthor = isObject(writer) ? field(writer, "login") : isText(writer) ? writer : user;
  if (author == 0 && isObject(writer)) {
    author = coauthor;
    coauthor = field(committer, "login");
  }

  if (isObject(pull)) {
    isPull = true;
    if (isGiven(field(pull, "merged_at"))) isMerged = true;
  }
  if (isObject(head) && isObject(base)) {
    isPull = true;
    const from = field(head, "repo");
    baseRepo = field(base, "repo");
    if (readFullName(other, field(from, "full_name")) && readFullName(third, field(baseRepo, "full_name"))) {
      origin = other.is(third) ? SAME : FORK;
    }
  } else if (isTrue(cross) || isFalse(cross) || isObject(headRepo)) {
    isPull = true;
    if (isTrue(cross)) origin = FORK;
    else if (isFalse(cross)) origin = SAME;
    else if (readFullName(other, field(headRepo, "nameWithOwner"))) {
      const home = isObject(baseRepo) ? baseRepo : repository;
      if (readFullName(third, field(home, "nameWithOwner"))) origin = other.is(third) ? SAME : FORK;
    }
  }
  if (isString(type, "PullRequest")) isPull = true;
  if (isTrue(merged) || isGiven(mergedAt) || isString(state, "MERGED")) isMerged = true;
  isRepository = fullName != 0 && number == 0;

  readHome(repository, baseRepo, fullName, repositoryUrl, issueUrl != 0 ? issueUrl : pullUrl, htmlUrl, url);
  if (isRepository) visibility = visibilityFrom(flag, word);
}

// The first place that names the repository decides, readable or not: what is unreadable is not looked for elsewhere.
function readHome(repository: usize, baseRepo: usize, fullName: usize, repositoryUrl: usize, parentUrl: usize, htmlUrl: usize, url: usize): void {
  namesRepo = true;
  if (isObject(repository)) {
    visibility = visibilityIn(repository);
    const full = field(repository, "full_name");
    const graph = full != 0 ? full : field(repository, "nameWithOwner");
    if (graph != 0) {
      readFullName(repo, graph);
      return;
    }
    if (readName(repo, field(field(repository, "owner"), "login"), true)) {
      if (!readName(repo, field(repository, "name"), false)) repo.forget();
      return;
    }
    const page = field(repository, "html_url");
    if (page != 0) {
      readAddress(repo, page);
      return;
    }
  } else if (isText(repository)) {
    readFullName(repo, repository);
    return;
  }
  if (isObject(baseRepo)) {
    visibility = visibilityIn(baseRepo);
    const full = field(baseRepo, "full_name");
    const graph = full != 0 ? full : field(baseRepo, "nameWithOwner");
    if (graph != 0) {
      readFullName(repo, graph);
      return;
    }
  }
  if (isRepository) {
    readFullName(repo, fullName);
    return;
  }
  if (isText(repositoryUrl)) {
    readAddress(repo, repositoryUrl);
    return;
  }
  if (isText(parentUrl) && readAddress(repo, parentUrl)) return;
  if (isText(htmlUrl) && readAddress(repo, htmlUrl)) return;
  if (isText(url) && readAddress(repo, url)) return;
  namesRepo = false;
}

/** The last value of `key` in the object at `v`, or 0. */
export function field(v: usize, key: string): usize {
  let found: usize = 0;
  if (isObject(v)) for (let k = first(v); k != 0; ) {
    const inner = valueOf(k);
    if (isString(k, key)) found = inner;
    k = next(inner);
  }
  return found;
}

function isGiven(v: usize): bool {
  return isText(v) && load<u8>(v + 1) != 0x22;
}
