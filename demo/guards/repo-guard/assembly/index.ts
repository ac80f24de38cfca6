// repo-guard: GitHub-shaped labels for an allow-only policy. The three label functions and the allocator of the guard ABI.

import * as call from "./call";
import * as item from "./item";
import { allocate, release } from "./heap";
import { askSubject, forgetVisibility, visibilityOf } from "./backend";
import { check, first, isObject, isTrue, MALFORMED, next, root, TOO_DEEP, valueOf } from "./json";
import { isString } from "./text";
import { levelOfItem, levelOfKind } from "./evidence";
import { labelResult } from "./response";
import { putCallDescription, putIntegrityOf, putSecrecy, putTargetSecrecy } from "./label";
import { close, open, put } from "./out";
import { hasPolicy, takePolicy } from "./policy";
import { ASSUMED, PRIVATE, PUBLIC } from "./scope";
import { warn } from "./log";

const NOT_A_CALL: i32 = -6;
const NO_POLICY: i32 = -8;

let result: usize = 0;

export function alloc(size: i32): usize {
  return allocate(<usize><u32>size);
}

export function dealloc(pointer: usize, size: i32): void {
  release(pointer);
}

export function label_agent(input: usize, size: i32, output: usize, capacity: i32): i32 {
  const fault = readInput(input, size);
  if (fault != 0) return fault;
  forgetVisibility();
  open(output, <usize><u32>capacity);
  const refused = takePolicy(root(input, input + size), size);
  return refused != 0 ? refused : close();
}

export function label_resource(input: usize, size: i32, output: usize, capacity: i32): i32 {
  const fault = startCall(input, size);
  if (fault != 0) return fault;
  // Both questions are asked before either answer counts, so that a host can fetch them together.
  const visibility = visibilityOfTarget();
  let level = levelOfKind(call.subject, call.ref, visibility);
  if (call.number != 0 && call.repo.isFull && (call.subject == call.ISSUE || call.subject == call.PULL)) {
    const subject = askSubject(call.subject == call.PULL, call.repo, call.number);
    if (subject != 0) {
      item.readItem(subject);
      level = levelOfItem(item.isPull ? call.PULL : call.subject, call.subject, call.ref, visibility);
    }
  }
  open(output, <usize><u32>capacity);
  put('{"resource":{');
  putCallDescription();
  put(",");
  if (call.operation == call.READ) putSecrecy(call.subject, call.repo, visibility);
  else putTargetSecrecy(call.repo, visibility);
  putIntegrityOf(call.repo, visibility, level);
  put(call.operation == call.READ ? '},"operation":"read"}' : call.operation == call.WRITE ? '},"operation":"write"}' : '},"operation":"read-write"}');
  return close();
}

export function label_response(input: usize, size: i32, output: usize, capacity: i32): i32 {
  const fault = startCall(input, size);
  if (fault != 0) return fault;
  open(output, <usize><u32>capacity);
  const length = result == 0 ? 0 : labelResult(result, size);
  if (length == TOO_DEEP) warn("Cannot label the result: its text is nested deeper than 512 levels");
  else if (length < -2) warn("Cannot label the result: no memory is left to unwrap its text");
  return length;
}

// A repository about to be created is as private as its arguments make it; of any other, only the backend can tell.
function visibilityOfTarget(): i32 {
  if (call.subject == call.USER || call.subject == call.NOTIFICATION || call.subject == call.GIST) return ASSUMED;
  if (isString(call.tool, "create_repository")) return isTrue(call.setPrivate) ? PRIVATE : PUBLIC;
  return visibilityOf(call.repo);
}

function readInput(input: usize, size: i32): i32 {
  const fault = size <= 0 ? MALFORMED : check(input, input + size);
  if (fault == TOO_DEEP) warn("Cannot read the input: it is nested deeper than 512 levels");
  else if (fault != 0) warn("Cannot read the input: it is not JSON");
  return fault;
}

function startCall(input: usize, size: i32): i32 {
  const fault = readInput(input, size);
  if (fault != 0) return fault;
  if (!hasPolicy) {
    warn("Cannot label: label_agent has not been given a policy yet");
    return NO_POLICY;
  }
  const v = root(input, input + size);
  let name: usize = 0;
  let args: usize = 0;
  result = 0;
  if (isObject(v)) for (let key = first(v); key != 0; ) {
    const inner = valueOf(key);
    if (isString(key, "tool_name")) name = inner;
    else if (isString(key, "tool_args")) args = inner;
    else if (isString(key, "tool_result")) result = inner;
    key = next(inner);
  }
  if (call.readCall(name, args)) return 0;
  warn('Cannot label: the input is not an object with a "tool_name"');
  return NOT_A_CALL;
}
