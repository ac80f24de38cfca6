// Writes the code section again, with the countdown in it.

import { type Body, type CodeContext, readBodies } from "./fuel-context.ts";
import { type Cost, edit, editSize, findCost, type LeafCharges } from "./fuel-cost.ts";
import { opcode } from "./instructions.ts";
import { type Cursor, createCursor, readUnsigned, signedBytes, unsignedBytes, type Writer } from "./leb.ts";

// A function that calls nothing and costs at most so much is paid for by its callers.
const leafCharge = 200;
const leafBytes = 480;

/** Writes the content of the code section again: the first body last, then the functions of the rewrite. Throws ModuleError "bad-module". */
export function writeBodies(writer: Writer, cursor: Cursor, context: CodeContext): void {
  const bodies = readBodies(cursor, context);
  const costs: (Cost | undefined)[] = [];
  const leaves = findLeaves(context, bodies, costs);
  writer.unsigned(bodies.length + 4);
  // Functions with as many locals count with the same instructions.
  const counters = new Map<number, Counter>();
  const counterFor = ({ locals }: Body): Counter => {
    let counter = counters.get(locals);
    if (counter === undefined) {
      counter = createCounter(writer, counterCode(context, locals));
      counters.set(locals, counter);
    }
    return counter;
  };
  for (const body of [...bodies.slice(1), bodies[0] as Body]) {
    const known = costs[body.position];
    const cost = known !== undefined && holds(known, leaves) ? known : findCost(context, body, leaves);
    writer.sized(() => writeBody(writer, context, body, cost, counterFor(body), leaves.charges[body.position] !== 0));
  }
  writeHelpers(writer, context);
}

/** Whether what was found out about a function while no leaf was known still holds. */
function holds({ callees }: Cost, { charges, greatest }: LeafCharges): boolean {
  return callees === undefined ? greatest === 0 : callees.every((position) => charges[position] === 0);
}

function findLeaves(context: CodeContext, bodies: readonly Body[], costs: (Cost | undefined)[]): LeafCharges {
  const charges = new Int32Array(bodies.length);
  // While looking for leaves, none is known: a leaf calls nothing at all, so there is no cycle among leaves.
  const none: LeafCharges = {
    charges: new Int32Array(bodies.length),
    loops: new Uint8Array(bodies.length),
    greatest: 0,
  };
  const withLoops = new Uint8Array(bodies.length);
  let greatest = 0;
  for (const body of bodies) {
    if (body.end - body.start > leafBytes) continue;
    const cost = findCost(context, body, none);
    costs[body.position] = cost;
    const { leaf, charge, loops } = cost;
    if (!leaf || charge > leafCharge) continue;
    charges[body.position] = charge;
    if (loops) withLoops[body.position] = 1;
    greatest = Math.max(greatest, charge);
  }
  return { charges, loops: withLoops, greatest };
}

function writeBody(
  writer: Writer,
  context: CodeContext,
  body: Body,
  cost: Cost,
  counter: Counter,
  isLeaf: boolean,
): void {
  const { bytes } = context;
  const { charge, loops, edits } = cost;
  if (isLeaf && !loops) writer.copy(bytes, body.start, body.code);
  else {
    // One more local, an i32 after all others.
    const cursor = createCursor(bytes, body.start, body.code);
    writer.unsigned(readUnsigned(cursor) + 1);
    writer.copy(bytes, cursor.position, body.code);
    writer.bytes([1, 0x7f]);
  }
  if (!isLeaf) counter.charge(charge, false);
  let position = body.code;
  // How many loops are open, and which of them, counted from 1, took the count into the local (0: none).
  let open = 0;
  let held = 0;
  for (let index = 0; index < edits.length; index += editSize) {
    const kind = edits[index];
    const offset = edits[index + 1] as number;
    const next = edits[index + 2] as number;
    const value = edits[index + 3] as number;
    const other = edits[index + 4] as number;
    writer.copy(bytes, position, offset);
    position = next;
    if (kind === edit.back) {
      const atHead = ((edits[other + 4] as number) & 2) !== 0;
      if (!atHead) counter.charge(edits[other + 3] as number, held > 0);
    } else if (kind === edit.exit) {
      if (value < held) counter.store();
    } else if (kind === edit.loop) {
      open++;
      if (held === 0 && (other & 1) !== 0) {
        held = open;
        counter.load();
      }
      writer.copy(bytes, offset, next);
      if ((other & 2) !== 0) counter.charge(value, held > 0);
    } else if (kind === edit.loopEnd) {
      if (open-- === held) {
        held = 0;
        counter.store();
      }
    } else if (kind === edit.reload) {
      if (held > 0) counter.load();
    } else if (kind === edit.index) {
      writer.unsigned(value);
    } else {
      writer.u8(opcode.call);
      writer.unsigned(context.chargeLength);
    }
  }
  writer.copy(bytes, position, body.end);
}

const constant = 0x41;
const addition = 0x6a;
const subtraction = 0x6b;
const empty = 0x40;
const i32 = 0x7f;
const isNegative = [constant, 0, 0x48] as const;

interface Counter {
  /** Takes the count from the global into the local. */
  load(): void;
  /** Puts the count from the local into the global; the local stays right. */
  store(): void;
  /** Subtracts, and asks for more when that went below zero. The operand stack stays as it is. */
  charge(amount: number, inLocal: boolean): void;
}

/** The instructions that count in one function, as bytes; a charge is `local.get` or `global.get`, `i32.const`, and what comes after it. */
export interface CounterCode {
  readonly global: readonly number[];
  readonly local: readonly number[];
  readonly load: readonly number[];
  readonly store: readonly number[];
  readonly afterGlobal: readonly number[];
  readonly afterLocal: readonly number[];
}

export function counterCode(context: CodeContext, localIndex: number): CounterCode {
  const global = [opcode.globalGet, ...unsignedBytes(context.fuelGlobal)];
  const local = [opcode.localGet, ...unsignedBytes(localIndex)];
  const intoLocal = [opcode.localTee, ...local.slice(1)];
  const intoGlobal = [opcode.globalSet, ...global.slice(1)];
  const load = [...global, opcode.localSet, ...local.slice(1)];
  const store = [...local, ...intoGlobal];
  const askNow = [opcode.call, ...unsignedBytes(context.refill)];
  const ask = [opcode.if, empty, ...askNow, opcode.end];
  const renew = [...local, opcode.call, ...unsignedBytes(context.renew), opcode.localSet, ...local.slice(1)];
  const askInLocal = [opcode.if, empty, ...renew, opcode.end];
  return {
    global,
    local,
    load,
    store,
    afterGlobal: [subtraction, ...intoLocal, ...intoGlobal, ...local, ...isNegative, ...ask],
    afterLocal: [subtraction, ...intoLocal, ...isNegative, ...askInLocal],
  };
}

/** Writes the instructions that count in one function. Where nothing is called, loops count in a local: that spares memory accesses. */
function createCounter(writer: Writer, code: CounterCode): Counter {
  const { global, local, load, store, afterGlobal, afterLocal } = code;
  return {
    load: () => writer.bytes(load),
    store: () => writer.bytes(store),
    charge: (amount, inLocal) => {
      writer.bytes(inLocal ? local : global);
      writer.u8(constant);
      writer.bytes(signedBytes(amount));
      writer.bytes(inLocal ? afterLocal : afterGlobal);
    },
  };
}

function writeHelpers(writer: Writer, { importedFunctions, fuelGlobal, refill }: CodeContext): void {
  const get = [opcode.globalGet, ...unsignedBytes(fuelGlobal)];
  const set = [opcode.globalSet, ...unsignedBytes(fuelGlobal)];
  const helper = (...code: number[]): void => writer.sized(() => writer.bytes(code));
  // Adds what the host answers; returns when that is enough (0x4e: at least 0), asks again when it was above 0 (0x4a), else traps.
  helper(
    ...[1, 1, i32, opcode.loop, empty, opcode.call, ...unsignedBytes(importedFunctions), opcode.localTee, 0],
    ...[...get, addition, ...set, ...get, constant, 0, 0x4e, opcode.brIf, 1],
    ...[opcode.localGet, 0, constant, 0, 0x4a, opcode.brIf, 0, opcode.unreachable, opcode.end, opcode.end],
  );
  // Charges for an eighth (0x76: shifted right by 3) of a length, and returns the length.
  helper(
    ...[0, ...get, opcode.localGet, 0, constant, 3, 0x76, subtraction, ...set, ...get, ...isNegative],
    ...[opcode.if, empty, opcode.call, ...unsignedBytes(refill), opcode.end, opcode.localGet, 0, opcode.end],
  );
  // Sets the count, and returns what it was.
  helper(0, ...get, opcode.localGet, 0, ...set, opcode.end);
  // Sets the count, which is below zero, and returns what it is when the host has added enough.
  helper(0, opcode.localGet, 0, ...set, opcode.call, ...unsignedBytes(refill), ...get, opcode.end);
}
