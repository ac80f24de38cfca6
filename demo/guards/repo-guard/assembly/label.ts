// Writes labels: description, secrecy and integrity of a call's resource and of one item.

import * as call from "./call";
import * as item from "./item";
import { isDigit, isText } from "./json";
import { put, putByte, putBytes, putNumber, putRaw } from "./out";
import { Repo } from "./repo";
import { ASSUMED, PRIVATE, PUBLIC, putIntegrity, putPrivate } from "./scope";

const LONGEST: usize = 300;

/** The secrecy tags of data of this kind; `tell` what is known of the repository's visibility. */
export function putSecrecy(kind: i32, repo: Repo, visibility: i32): void {
  put('"secrecy":[');
  const isOwn = kind == call.USER || kind == call.NOTIFICATION || kind == call.GIST;
  if (isOwn) {
    put('"private:user"');
    if (kind == call.NOTIFICATION && repo.ownerLength != 0 && visibility != PUBLIC) {
      putByte(0x2c);
      putPrivate(repo, visibility, false);
    }
  } else if (kind == call.ALERT || visibility != PUBLIC) putPrivate(repo, visibility, false);
  putByte(0x5d);
}

/** The secrecy of what a call writes to. Where nobody can say who reads it, nothing secret may be written to it. */
export function putTargetSecrecy(repo: Repo, visibility: i32): void {
  put('"secrecy":[');
  const told = visibility != ASSUMED;
  if (call.subject == call.GIST) {
    if (call.operation == call.READ_WRITE) put('"private:user"');
  } else if (call.subject == call.USER || call.subject == call.NOTIFICATION) put('"private:user"');
  else if (call.operation == call.WRITE) {
    if (visibility == PRIVATE || (call.subject == call.ALERT && told)) putPrivate(repo, visibility, false);
  } else if (!told) putPrivate(repo, visibility, true);
  else if (visibility == PRIVATE || call.subject == call.ALERT) putPrivate(repo, visibility, false);
  putByte(0x5d);
}

export function putIntegrityOf(repo: Repo, visibility: i32, level: i32): void {
  put(',"integrity":[');
  putIntegrity(repo, visibility, level);
  putByte(0x5d);
}

// @ts-ignore: decorator
@inline
function putName(repo: Repo): void {
  putBytes(repo.owner, repo.ownerLength);
  if (repo.nameLength == 0) return;
  putByte(0x2f);
  putBytes(repo.name, repo.nameLength);
}

function putWhole(v: usize): void {
  while (isDigit(load<u8>(v))) putByte(load<u8>(v++));
}

/** Names what a call is about: the object where the arguments tell, else its repository, else the tool. */
export function putCallDescription(): void {
  put('"description":"');
  const repo = call.repo;
  if (call.subject == call.USER || call.subject == call.NOTIFICATION || call.subject == call.GIST) {
    put(call.subject == call.USER ? "user" : call.subject == call.GIST ? "gists" : "notifications");
  } else if (repo.ownerLength == 0) putRaw(call.tool, LONGEST);
  else if (call.number != 0) {
    put(call.subject == call.PULL ? "pr:" : "issue:");
    putName(repo);
    putByte(0x23);
    putWhole(call.number);
  } else if (call.subject == call.COMMIT && isText(call.sha) && !call.isSearch) {
    put("commit:");
    putName(repo);
    putByte(0x40);
    putRaw(call.sha, LONGEST);
  } else if (call.subject == call.FILE && isText(call.path)) {
    put("file:");
    putName(repo);
    putByte(0x3a);
    putRaw(call.path, LONGEST);
  } else {
    put(repo.isFull ? "repo:" : "owner:");
    putName(repo);
  }
  putByte(0x22);
}

/** Names the item that was read last. */
export function putItemDescription(kind: i32, repo: Repo, index: u32): void {
  put('"description":"');
  if (kind == call.USER || (kind == call.OTHER && isText(item.login))) {
    put("user:");
    if (isText(item.login)) putRaw(item.login, LONGEST);
  } else if (kind == call.NOTIFICATION || kind == call.GIST) {
    put(kind == call.GIST ? "gist:" : "notification:");
    putId(index);
  } else if (repo.ownerLength == 0) {
    put("item:");
    putNumber(index);
  } else {
    putKind(kind, repo, index);
  }
  putByte(0x22);
}

function putKind(kind: i32, repo: Repo, index: u32): void {
  const hasNumber = item.number != 0 && isDigit(load<u8>(item.number));
  if (kind == call.REPOSITORY || !repo.isFull) {
    put(repo.isFull ? "repo:" : "owner:");
    putName(repo);
    return;
  }
  switch (kind) {
    case call.PULL: put("pr:"); break;
    case call.ISSUE: put("issue:"); break;
    case call.COMMIT: put("commit:"); break;
    case call.FILE: put("file:"); break;
    case call.BRANCH: put("branch:"); break;
    case call.TAG: put("tag:"); break;
    case call.RELEASE: put("release:"); break;
    case call.LABEL: put("label:"); break;
    case call.COMMENT: put("comment:"); break;
    case call.ALERT: put("alert:"); break;
    case call.DISCUSSION: put("discussion:"); break;
    default: put("item:");
  }
  putName(repo);
  if (kind == call.COMMIT) putPart(0x40, item.sha, index);
  else if (kind == call.FILE) putPart(0x3a, item.path, index);
  else if (kind == call.BRANCH || kind == call.TAG || kind == call.LABEL) putPart(kind == call.LABEL ? 0x3a : 0x40, item.name, index);
  else if (kind == call.RELEASE) putPart(0x40, item.tag, index);
  else {
    putByte(0x23);
    if (hasNumber) putWhole(item.number);
    else putId(index);
  }
}

function putPart(mark: u32, v: usize, index: u32): void {
  putByte(mark);
  if (isText(v)) putRaw(v, LONGEST);
  else putNumber(index);
}

function putId(index: u32): void {
  if (isText(item.id)) putRaw(item.id, LONGEST);
  else if (item.id != 0 && isDigit(load<u8>(item.id))) putWhole(item.id);
  else putNumber(index);
}
