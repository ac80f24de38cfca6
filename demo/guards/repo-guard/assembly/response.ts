// label_response: finds the items of a result and labels each, or the result as a whole.

import * as call from "./call";
import * as item from "./item";
import { allocate, release } from "./heap";
import { joinTexts, visibilityOf } from "./backend";
import { after, check, first, isArray, isFalse, isNull, isObject, isText, next, root, valueOf, TOO_DEEP } from "./json";
import { initial, isString } from "./text";
import { levelOfItem } from "./evidence";
import { putIntegrityOf, putItemDescription, putSecrecy } from "./label";
import { close, put, putByte, putNumber } from "./out";
import { OUT_OF_MEMORY } from "./policy";
import { Repo } from "./repo";
import { ASSUMED, UNTOLD } from "./scope";

const KEPT_TEXT: usize = 256 << 10;

let text: usize = 0;
let textSize: usize = 0;
// Where the items are: the key at the root, or the keys under `data`.
let outerKey: usize = 0;
let innerKey: usize = 0;
let listKey: usize = 0;

/** Labels the result: the length written, 0 for no fine-grained labels, or a negative code. */
export function labelResult(result: usize, size: usize): i32 {
  if (call.isPart) return 0;
  let data = result;
  if (isObject(result)) {
    const answer = openEnvelope(result, size);
    if (answer < 0) return answer;
    if (answer == 0) return 0;
    if (answer == 2) data = root(text, textEnd);
    else if (answer == 3) data = structured;
  }
  if (!isObject(data) && !isArray(data)) return 0;
  const list = findList(data);
  // A result that holds more than one list cannot be filtered by one path: it is labelled as one object.
  if (list == 0) {
    readOne(data);
    put('{"labeled_paths":[');
    putItem(0, "");
    put("]}");
  } else {
    put('{"items_path":"');
    putPath();
    put('","labeled_paths":[');
    let index: u32 = 0;
    for (let v = first(list); v != 0; v = next(v)) {
      if (index != 0) putByte(0x2c);
      readOne(v);
      putItem(index++, "/");
    }
    put("]}");
  }
  const length = close();
  if (textSize > KEPT_TEXT) dropText();
  return length;
}

let textEnd: usize = 0;
let structured: usize = 0;

function dropText(): void {
  release(text);
  text = textSize = 0;
}

// 1: no envelope. 2: the texts hold JSON. 3: only structuredContent does. 0: an envelope around something else.
function openEnvelope(result: usize, size: usize): i32 {
  let content: usize = 0;
  let failed = false;
  structured = 0;
  for (let key = first(result); key != 0; ) {
    const v = valueOf(key);
    if (isString(key, "content")) content = v;
    else if (isString(key, "structuredContent")) structured = v;
    else if (isString(key, "isError")) failed = !isFalse(v) && !isNull(v);
    key = next(v);
  }
  if (!isArray(content)) return isObject(structured) ? 3 : 1;
  if (failed) return 0;
  const needed = after(content) - content;
  if (needed > textSize) {
    dropText();
    text = allocate(needed);
    if (text == 0) return OUT_OF_MEMORY;
    textSize = needed;
  }
  textEnd = joinTexts(content, text);
  if (textEnd != 0 && textEnd != text) {
    const fault = check(text, textEnd);
    if (fault == TOO_DEEP) return fault;
    if (fault == 0) return 2;
  }
  return isObject(structured) || isArray(structured) ? 3 : 0;
}

function findList(data: usize): usize {
  outerKey = innerKey = listKey = 0;
  if (isArray(data)) return data;
  let found: usize = 0;
  let graph: usize = 0;
  let graphKey: usize = 0;
  let clean = true;
  for (let key = first(data); key != 0; ) {
    const v = valueOf(key);
    if (isListName(key) && isArray(v)) {
      if (found != 0) clean = false;
      found = v;
      listKey = key;
    } else if (isString(key, "data") && isObject(v)) {
      graph = v;
      graphKey = key;
    } else if (!isAside(key, v)) clean = false;
    key = next(v);
  }
  if (!clean || (found != 0 && graph != 0)) return 0;
  if (found != 0 || graph == 0) return found;
  outerKey = graphKey;
  const connection = onlyChild(graph);
  if (connection == 0) return 0;
  const list = nodesOf(connection);
  if (list != 0) return list;
  innerKey = childKey;
  const nested = onlyChild(connection);
  if (nested == 0) return 0;
  middleKey = childKey;
  return nodesOf(nested);
}

let childKey: usize = 0;
let middleKey: usize = 0;

// The one object in an object that holds nothing else worth withholding.
function onlyChild(object: usize): usize {
  let child: usize = 0;
  childKey = 0;
  for (let key = first(object); key != 0; ) {
    const v = valueOf(key);
    if (isObject(v) && !isString(key, "pageInfo") && !isString(key, "owner")) {
      if (child != 0) return 0;
      child = v;
      childKey = key;
    } else if (!isAside(key, v) && !isString(key, "owner")) return 0;
    key = next(v);
  }
  return child;
}

function nodesOf(connection: usize): usize {
  let list: usize = 0;
  for (let key = first(connection); key != 0; ) {
    const v = valueOf(key);
    if (isString(key, "nodes") && isArray(v)) {
      list = v;
      listKey = key;
    } else if (!isAside(key, v)) return 0;
    key = next(v);
  }
  return list;
}

function isListName(key: usize): bool {
  const c = initial(key);
  if (c == 0x69) return isString(key, "items") || isString(key, "issues");
  if (c == 0x70) return isString(key, "pull_requests");
  if (c == 0x72) return isString(key, "repositories");
  return c == 0x63 ? isString(key, "commits") : c == 0x6e && isString(key, "nodes");
}

// What may stand beside a list without being filtered: counts, flags, page marks and names of the repository.
function isAside(key: usize, v: usize): bool {
  if (isObject(v)) return isString(key, "pageInfo") || isString(key, "page_info");
  if (isArray(v)) return first(v) == 0;
  if (!isText(v)) return true;
  return (
    isString(key, "__typename") || isString(key, "id") || isString(key, "name") || isString(key, "nameWithOwner") ||
    isString(key, "full_name") || isString(key, "url") || isString(key, "visibility") || isString(key, "cursor") ||
    isString(key, "endCursor") || isString(key, "next_page") || isString(key, "search_type")
  );
}

// A key spelled with escapes of JSON makes a pointer that leads nowhere, so the host withholds the result.
function putKey(key: usize): void {
  if (key == 0) return;
  putByte(0x2f);
  for (let p = key + 1; load<u8>(p) != 0x22; p++) {
    const c = load<u8>(p);
    if (c == 0x7e) put("~0");
    else if (c == 0x2f) put("~1");
    else if (c == 0x5c) {
      putByte(0x7e);
      return;
    } else putByte(c);
  }
}

function putPath(): void {
  putKey(outerKey);
  if (outerKey != 0) {
    putKey(innerKey != 0 ? innerKey : childKey);
    if (innerKey != 0) putKey(middleKey);
  }
  if (listKey != 0) putKey(listKey);
}

const repo = changetype<Repo>(memory.data(16));
let kind: i32 = 0;
let visibility: i32 = 0;

// Reads an item and decides which repository it belongs to: its own word, else that of the call.
function readOne(v: usize): void {
  item.readItem(v);
  kind = call.itemKind;
  if (kind == call.ISSUE && item.isPull) kind = call.PULL;
  else if (kind == call.OTHER) {
    if (item.isPull) kind = call.PULL;
    else if (item.isRepository) kind = call.REPOSITORY;
    else if (item.number != 0 && item.title != 0) kind = call.ISSUE;
  }
  if (item.namesRepo) repo.copy(item.repo);
  else if (call.isSearch && !call.repo.isFull) repo.forget();
  else repo.copy(call.repo);
  // No question waits for another's answer: a host that answers -1 at first hears all of them in one run.
  if (kind == call.USER || kind == call.GIST) visibility = ASSUMED;
  else visibility = item.visibility != UNTOLD ? item.visibility : visibilityOf(repo);
}

function putItem(index: u32, prefix: string): void {
  put('{"path":"');
  if (prefix.length != 0) {
    putPath();
    putByte(0x2f);
    putNumber(index);
  }
  put('","labels":{');
  putItemDescription(kind, repo, index);
  putByte(0x2c);
  putSecrecy(kind, repo, visibility);
  putIntegrityOf(repo, visibility, levelOfItem(kind, call.subject, call.ref, visibility));
  put("}}");
}
