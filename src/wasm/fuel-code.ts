// Counts what function bodies cost and writes them again with the countdown in them.

import { decodeExpression, opcode, skipValueType } from "./instructions.ts";
import { type Cursor, createCursor, malformed, readUnsigned, signedBytes, unsignedBytes, type Writer } from "./leb.ts";

/** What the body of a function may refer to in the original module, and the indices of what the rewrite adds. */
export interface CodeContext {
  readonly bytes: Uint8Array;
  readonly typeCount: number;
  readonly globalCount: number;
  readonly importedFunctions: number;
  /** Imported and defined functions. */
  readonly functionCount: number;
  /** The number of parameters of each type. */
  readonly parameters: readonly number[];
  /** The type index of each defined function. */
  readonly functionTypes: readonly number[];
  /** The function index that the rewrite took for the import, and where the function with this index went. */
  readonly moved: { readonly from: number; readonly to: number };
  readonly fuelGlobal: number;
  /** The function that asks the host for more. */
  readonly refill: number;
  /** The function that charges for a run-time length. */
  readonly chargeLength: number;
}

/** One function body: the bytes after its size, its locals, and where its instructions begin. */
interface Body {
  readonly position: number;
  readonly start: number;
  readonly end: number;
  readonly code: number;
  readonly locals: number;
}

// Edits: runs of five numbers. The kind, the offset where the edit begins, where the original goes on, and two values:
// loop: charge, and how it counts (see below); loopEnd: none; exit: the region of the target; length: none;
// branch: the region of the target, and its depth; index: the new index.
const loop = 0;
const loopEnd = 1;
const exit = 2;
const length = 3;
const branch = 4;
const indexEdit = 5;
const editSize = 5;

// How a loop counts. In the global, as it or a loop in it calls; in a local; in a local, and nothing stands in its way to be wrapped.
const inGlobal = 0;
const inLocal = 1;
const wrappable = 2;

const leafBytes = 160;
const leafLimit = 48;
/** The charge for an instruction that grows a memory or a table, which copies or maps pages. */
const growCharge = 64;
const unreachable = -1;

function readLocals(context: CodeContext, position: number, start: number, end: number): Body {
  const cursor = createCursor(context.bytes, start, end);
  let locals = context.parameters[context.functionTypes[position] as number] ?? 0;
  for (let left = readUnsigned(cursor); left > 0; left--) {
    locals += readUnsigned(cursor);
    skipValueType(cursor);
  }
  return { position, start, end, code: cursor.position, locals };
}

/** Charges of a body: the function's own, the edits, and whether it has no loop and calls nothing. */
interface Analysis {
  charge: number;
  leaf: boolean;
  readonly edits: number[];
}

function analyse(context: CodeContext, body: Body, leafCharge: Int32Array, greatestLeaf: number): Analysis {
  const { importedFunctions, functionCount, moved, typeCount, globalCount } = context;
  const cursor: Cursor = createCursor(context.bytes, body.code, body.end);
  const edits: number[] = [];
  // Blocks that are open. `reach` is the greatest cost at which a branch arrives at the block's end.
  const frameCode: number[] = [opcode.block];
  const frameReach: number[] = [unreachable];
  const frameRegion: number[] = [0];
  const frameElse: number[] = [unreachable];
  // Regions: the function, and the loops that are open. `entry` is the cost in the region around at which the loop began.
  const regionMost: number[] = [0];
  const regionEntry: number[] = [0];
  const regionEdit: number[] = [-1];
  const regionCount: number[] = [inGlobal];
  // The edit of the last br_table, which has several targets.
  let table = -editSize;
  let region = 0;
  let cost = 0;
  let leaf = true;

  const settle = (): void => {
    if (cost > (regionMost[region] as number)) regionMost[region] = cost;
  };
  const frameAt = (depth: number, offset: number): number => {
    const frame = frameCode.length - 1 - depth;
    if (frame < 0) throw malformed("a branch leads out of its function", offset);
    return frame;
  };
  const arrive = (frame: number): void => {
    if (frameCode[frame] === opcode.loop) return;
    const target = frameRegion[frame] as number;
    const at = target === region ? cost : (regionEntry[target + 1] as number);
    if (at > (frameReach[frame] as number)) frameReach[frame] = at;
  };
  const leave = (target: number, offset: number): void => {
    if (target < region) edits.push(exit, offset, offset, target, 0);
  };
  const calls = (): void => {
    leaf = false;
    for (let index = region; index > 0 && regionCount[index] !== inGlobal; index--) regionCount[index] = inGlobal;
  };
  const bar = (): void => {
    if (regionCount[region] === wrappable) regionCount[region] = inLocal;
  };
  const stop = (): void => {
    settle();
    cost = unreachable;
  };
  const push = (code: number): void => {
    frameCode.push(code);
    frameReach.push(unreachable);
    frameElse.push(cost);
    if (code === opcode.loop) {
      settle();
      regionEdit.push(edits.length);
      regionEntry.push(cost);
      regionMost.push(0);
      bar();
      regionCount.push(wrappable);
      region++;
      cost = 0;
    }
    frameRegion.push(region);
  };
  const checkIndex = (value: number, count: number, offset: number): void => {
    if (value >= count) throw malformed(`an index (${value}) of something that does not exist`, offset);
  };

  decodeExpression(cursor, (code, offset, first, at) => {
    switch (code) {
      case opcode.block:
      case opcode.if:
      case opcode.try:
      case opcode.tryTable:
        if (first >= typeCount) checkIndex(first, typeCount, offset);
        if (code === opcode.if && cost >= 0) cost++;
        if (code === opcode.try || code === opcode.tryTable) bar();
        push(code);
        return;
      case opcode.loop:
        if (first >= typeCount) checkIndex(first, typeCount, offset);
        leaf = false;
        push(code);
        edits.push(loop, offset, cursor.position, 1, 0);
        return;
      case opcode.else: {
        const frame = frameAt(0, offset);
        settle();
        if (cost > (frameReach[frame] as number)) frameReach[frame] = cost;
        cost = frameElse[frame] as number;
        frameCode[frame] = opcode.block;
        return;
      }
      case opcode.catch:
      case opcode.catchAll: {
        const frame = frameAt(0, offset);
        settle();
        if (cost > (frameReach[frame] as number)) frameReach[frame] = cost;
        cost = regionMost[region] as number;
        return;
      }
      case opcode.end:
      case opcode.delegate: {
        settle();
        const kind = frameCode.pop() as number;
        const reach = frameReach.pop() as number;
        const other = frameElse.pop() as number;
        frameRegion.pop();
        if (kind === opcode.loop) {
          const edit = regionEdit.pop() as number;
          edits[edit + 3] = Math.max(regionMost.pop() as number, 1);
          edits[edit + 4] = regionCount.pop() as number;
          const entry = regionEntry.pop() as number;
          edits.push(loopEnd, offset, offset, 0, 0);
          region--;
          cost = cost < 0 ? unreachable : entry;
          return;
        }
        if (kind === opcode.if && other > cost) cost = other;
        if (reach > cost) cost = Math.min(reach, regionMost[region] as number);
        return;
      }
      case opcode.catchClause: {
        const frame = frameAt(first, offset);
        // Taken from anywhere in the block: at worst when everything before has been run.
        if (frameCode[frame] !== opcode.loop) frameReach[frame] = Number.MAX_SAFE_INTEGER;
        return;
      }
      case opcode.br:
      case opcode.brIf:
      case opcode.branchTarget:
      case opcode.brOnNull:
      case opcode.brOnNonNull: {
        const frame = frameAt(first, offset);
        if (cost >= 0) cost++;
        arrive(frame);
        const target = frameRegion[frame] as number;
        if (target < region) {
          if (code !== opcode.branchTarget || edits[table + 1] !== offset) {
            table = edits.length;
            leave(target, offset);
          } else if (target < (edits[table + 3] as number)) edits[table + 3] = target;
          edits.push(branch, at, cursor.position, target, first);
        }
        if (code === opcode.br) stop();
        // The table itself is reported last, and counts once.
        else if (code === opcode.branchTarget && cost > 0) cost--;
        return;
      }
    }
    if (cost >= 0) cost++;
    switch (code) {
      case opcode.return:
      case opcode.throw:
      case opcode.rethrow:
      case opcode.throwRef:
        if (code === opcode.rethrow) bar();
        leave(0, offset);
        stop();
        return;
      case opcode.brTable:
      case opcode.unreachable:
        stop();
        return;
      case opcode.call:
      case opcode.returnCall: {
        checkIndex(first, functionCount, offset);
        const charge = first < importedFunctions ? 0 : (leafCharge[first - importedFunctions] as number);
        leaf = false;
        if (charge > 0) {
          if (cost >= 0) cost += charge;
        } else calls();
        if (first === moved.from) edits.push(indexEdit, at, cursor.position, moved.to, 0);
        if (code === opcode.returnCall) {
          leave(0, offset);
          stop();
        }
        return;
      }
      case opcode.callIndirect:
      case opcode.callRef:
      case opcode.returnCallIndirect:
      case opcode.returnCallRef:
        checkIndex(first, typeCount, offset);
        calls();
        if (cost >= 0) cost += greatestLeaf;
        if (code === opcode.returnCallIndirect || code === opcode.returnCallRef) {
          leave(0, offset);
          stop();
        }
        return;
      case opcode.refFunc:
        checkIndex(first, functionCount, offset);
        if (first === moved.from) edits.push(indexEdit, at, cursor.position, moved.to, 0);
        return;
      case opcode.localGet:
      case opcode.localSet:
      case opcode.localTee:
        if (first >= body.locals) checkIndex(first, body.locals, offset);
        return;
      case opcode.globalGet:
      case opcode.globalSet:
        if (first >= globalCount) checkIndex(first, globalCount, offset);
        return;
      case opcode.tableGrow:
        if (cost >= 0) cost += growCharge;
        break;
      case opcode.memoryGrow:
        if (cost >= 0) cost += growCharge;
        return;
      case opcode.memoryInit:
      case opcode.memoryCopy:
      case opcode.memoryFill:
      case opcode.tableInit:
      case opcode.tableCopy:
      case opcode.tableFill:
        break;
      default:
        return;
    }
    calls();
    edits.push(length, offset, offset, 0, 0);
  });
  if (cursor.position !== body.end) throw malformed("bytes after the end of a function", cursor.position);
  return { charge: Math.max(regionMost[0] as number, 1), leaf, edits };
}

/** Writes what the rewrite puts into one function: the instructions that count. */
function createCounter(writer: Writer, context: CodeContext, scratch: number): Counter {
  const global = unsignedBytes(context.fuelGlobal);
  const local = unsignedBytes(scratch);
  const getGlobal = [0x23, ...global];
  const setGlobal = [0x24, ...global];
  const getLocal = [0x20, ...local];
  const load = [...getGlobal, 0x21, ...local];
  const store = [...getLocal, ...setGlobal];
  const callRefill = [0x10, ...unsignedBytes(context.refill)];
  const subtract = (charge: number): number[] => [0x41, ...signedBytes(charge), 0x6b, 0x22, ...local];
  const isNegative = [0x41, 0, 0x48];
  return {
    load: () => writer.bytes(load),
    store: () => writer.bytes(store),
    // fuel -= charge; if (fuel < 0) refill()
    chargeGlobal: (charge) =>
      writer.bytes([
        ...[...getGlobal, ...subtract(charge), ...setGlobal, ...getLocal, ...isNegative],
        ...[0x04, 0x40, ...callRefill, 0x0b],
      ]),
    chargeLocal: (charge) =>
      writer.bytes([
        ...[...getLocal, ...subtract(charge), ...isNegative],
        ...[0x04, 0x40, ...store, ...callRefill, ...load, 0x0b],
      ]),
    // if (fuel < 0) { refill(); fuel += charge }, as the loop that begins now subtracts it again.
    refillAround: (charge) =>
      writer.bytes([
        ...[...getLocal, ...isNegative, 0x04, 0x40, ...store, ...callRefill, ...getGlobal],
        ...[0x41, ...signedBytes(charge), 0x6a, 0x21, ...local, 0x0b],
      ]),
    chargeWrapped: (charge) => writer.bytes([...getLocal, ...subtract(charge), ...isNegative, 0x0d, 1]),
  };
}

interface Counter {
  load(): void;
  store(): void;
  chargeGlobal(charge: number): void;
  chargeLocal(charge: number): void;
  refillAround(charge: number): void;
  chargeWrapped(charge: number): void;
}

const variant: { leaf: boolean; local: boolean; wrap: boolean } = { leaf: true, local: true, wrap: true };
export const fuelVariant: typeof variant = variant;

/** Where the bodies of functions begin and end. */
function readBodies(context: CodeContext, cursor: Cursor): Body[] {
  const bodies: Body[] = [];
  const count = readUnsigned(cursor);
  if (count !== context.functionTypes.length)
    throw malformed("functions and their bodies differ in number", cursor.position);
  for (let position = 0; position < count; position++) {
    const size = readUnsigned(cursor);
    const start = cursor.position;
    cursor.position += size;
    if (cursor.position > cursor.end) throw malformed("a function goes past the end of the code", start);
    bodies.push(readLocals(context, position, start, cursor.position));
  }
  if (cursor.position !== cursor.end) throw malformed("bytes after the end of a section", cursor.position);
  return bodies;
}

/** What calls to leaf functions cost beyond the call, by position; 0 for functions that charge for themselves. */
function leafCharges(context: CodeContext, bodies: readonly Body[]): Int32Array {
  const found = new Int32Array(bodies.length);
  if (!variant.leaf) return found;
  const unknown = new Int32Array(bodies.length);
  for (const body of bodies) {
    if (body.end - body.start > leafBytes) continue;
    const { leaf, charge } = analyse(context, body, unknown, 0);
    if (leaf && charge <= leafLimit) found[body.position] = charge;
  }
  return found;
}

/** Writes the content of the code section again: the first body last, then the functions of the rewrite. */
export function writeBodies(writer: Writer, cursor: Cursor, context: CodeContext): void {
  const bodies = readBodies(context, cursor);
  const charges = leafCharges(context, bodies);
  const greatest = charges.reduce((most, charge) => Math.max(most, charge), 0);
  writer.unsigned(bodies.length + 2);
  for (const body of [...bodies.slice(1), bodies[0] as Body]) {
    writer.sized(() => writeBody(writer, context, body, charges, greatest));
  }
  writeHelpers(writer, context);
}

function writeHelpers(writer: Writer, { importedFunctions, fuelGlobal, refill }: CodeContext): void {
  const get = [0x23, ...unsignedBytes(fuelGlobal)];
  const set = [0x24, ...unsignedBytes(fuelGlobal)];
  const helper = (code: readonly number[]): void => writer.sized(() => writer.bytes(code));
  // One i32 local. loop: add what the host answers; return when that is enough; again when it was above 0; else trap.
  helper([
    ...[1, 1, 0x7f, 0x03, 0x40, 0x10, ...unsignedBytes(importedFunctions), 0x22, 0, ...get, 0x6a, ...set],
    ...[...get, 0x41, 0, 0x4e, 0x0d, 1, 0x20, 0, 0x41, 0, 0x4a, 0x0d, 0, 0x00, 0x0b, 0x0b],
  ]);
  // Takes a length, charges an eighth of it, answers the length.
  helper([
    ...[0, ...get, 0x20, 0, 0x41, 3, 0x76, 0x6b, ...set],
    ...[...get, 0x41, 0, 0x48, 0x04, 0x40, 0x10, ...unsignedBytes(refill), 0x0b, 0x20, 0, 0x0b],
  ]);
}

function writeBody(writer: Writer, context: CodeContext, body: Body, charges: Int32Array, greatest: number): void {
  const { bytes } = context;
  const { charge, edits } = analyse(context, body, charges, greatest);
  const counter = createCounter(writer, context, body.locals);
  if ((charges[body.position] as number) > 0) writer.copy(bytes, body.start, body.code);
  else {
    const cursor = createCursor(bytes, body.start, body.code);
    writer.unsigned(readUnsigned(cursor) + 1);
    writer.copy(bytes, cursor.position, body.code);
    writer.bytes([1, 0x7f]);
    counter.chargeGlobal(charge);
  }
  let position = body.code;
  // How many loops are open; which of them, counted from 1, took the count into the local, and which is wrapped (0: none).
  let open = 0;
  let held = 0;
  let wrapped = 0;
  for (let edit = 0; edit < edits.length; edit += editSize) {
    const kind = edits[edit] as number;
    const offset = edits[edit + 1] as number;
    const next = edits[edit + 2] as number;
    const value = edits[edit + 3] as number;
    const other = edits[edit + 4] as number;
    if (kind === exit && (held === 0 || value >= held)) continue;
    if (kind === branch && value >= wrapped) continue;
    writer.copy(bytes, position, offset);
    position = next;
    switch (kind) {
      case loop:
        open++;
        if (held === 0 && other !== inGlobal && variant.local) {
          held = open;
          counter.load();
        }
        if (held > 0 && other === wrappable && variant.wrap) {
          wrapped = open;
          writer.copy(bytes, offset, next);
          counter.refillAround(value);
          writer.copy(bytes, offset, next);
          counter.chargeWrapped(value);
        } else {
          writer.copy(bytes, offset, next);
          if (held > 0) counter.chargeLocal(value);
          else counter.chargeGlobal(value);
        }
        break;
      case loopEnd:
        if (open === held) {
          counter.store();
          held = 0;
        }
        if (open === wrapped) {
          writer.u8(opcode.end);
          wrapped = 0;
        }
        open--;
        break;
      case exit:
        counter.store();
        break;
      case length:
        writer.u8(opcode.call);
        writer.unsigned(context.chargeLength);
        break;
      case branch:
        writer.unsigned(other + 1);
        break;
      case indexEdit:
        writer.unsigned(value);
        break;
    }
  }
  writer.copy(bytes, position, body.end);
}
