// Works out what a function costs, and where its body must change so that it counts.

import type { Body, CodeContext } from "./fuel-context.ts";
import { decodeExpression, opcode } from "./instructions.ts";
import { createCursor, malformed } from "./leb.ts";

/** What calls to the leaf functions of a module cost beyond the call itself; all other functions charge for themselves. */
export interface LeafCharges {
  /** By position; 0 for a function that is no leaf. */
  readonly charges: Int32Array;
  /** By position; 1 for a leaf with loops, which take the count from the global and put it back. */
  readonly loops: Uint8Array;
  readonly greatest: number;
}

/** What is found out about a body. */
export interface Cost {
  /** The dearest way through the function, loops gone through once. At least 1. */
  readonly charge: number;
  /** It calls nothing and throws nothing, and nothing that it does costs by a length. */
  readonly leaf: boolean;
  readonly loops: boolean;
  /** Positions of the functions that it calls by name; `undefined` when it calls through tables or references, too. */
  readonly callees: readonly number[] | undefined;
  /** Runs of {@link editSize} numbers, by offset: an {@link edit}, where it begins, where the original goes on, two values. */
  readonly edits: readonly number[];
}

export const editSize = 5;

/**
 * loop: a loop begins; its charge for one iteration, and how it counts: bit 0 nothing that it calls counts (so it may count in a local), bit 1
 * it charges at its head and not where branches lead to it. loopEnd: it ends. exit: a branch, return or throw out of loops; the number of loops around its target.
 * back: a branch to the head of a loop; the number of loops around the target, and where the loop's edit is.
 * length: an instruction with its length on the stack. index: a function index; the new one.
 * reload: a call may have changed the count in the global.
 */
export const edit = { loop: 0, loopEnd: 1, exit: 2, back: 3, length: 4, index: 5, reload: 6 } as const;

// Most instructions are plain: they cost 1, and there is nothing else to them (1); or they name a local, which must be there (2).
const plain: Uint8Array = (() => {
  const table = new Uint8Array(256);
  const special: ReadonlySet<number> = new Set(Object.values(opcode));
  for (let code = 0; code < 256; code++) if (!special.has(code)) table[code] = 1;
  for (const code of [opcode.localGet, opcode.localSet, opcode.localTee]) table[code] = 2;
  for (const code of [opcode.i32Const, opcode.tableGet, opcode.tableSet]) table[code] = 1;
  return table;
})();

// Growing a memory or a table copies or maps pages.
const growCharge = 64;
const greatestCharge = 0x3fffffff;
// The cost of code that cannot be reached.
const dead = -1;
// More branches back than this, and the code would grow too much.
const branchesBack = 3;

/** Works out the cost of a function. Throws ModuleError "bad-module" for unknown instructions and for indices of what does not exist. */
export function findCost(context: CodeContext, body: Body, leaves: LeafCharges): Cost {
  const { importedFunctions, functionCount, moved, typeCount, globalCount } = context;
  const cursor = createCursor(context.bytes, body.code, body.end);
  const edits: number[] = [];
  // The open blocks: opcode, greatest cost at which a branch arrives at the end, cost at the beginning, how many loops are around.
  const blockCode: number[] = [opcode.block];
  const blockReach: number[] = [dead];
  const blockEntry: number[] = [dead];
  const blockLoops: number[] = [0];
  // The function (0) and the open loops: greatest cost so far, cost at the beginning, how it counts, where its edit is.
  const most: number[] = [0];
  const entry: number[] = [0];
  const counting: number[] = [0];
  const loopEdit: number[] = [-1];
  const backs: number[] = [0];
  // The targets of the br_table being read.
  const targets: number[] = [];
  let open = 0;
  let cost = 0;
  let leaf = true;
  let loops = false;
  const callees: number[] = [];
  let indirect = false;

  const settle = (): void => {
    if (cost > (most[open] as number)) most[open] = cost;
  };
  const add = (charge: number): void => {
    if (cost !== dead) cost += charge;
  };
  const check = (index: number, count: number, offset: number): void => {
    if (index >= count) throw malformed(`an index (${index}) of something that does not exist`, offset);
  };
  const blockAt = (depth: number, offset: number): number => {
    if (depth >= blockCode.length) throw malformed("a branch leads out of its function", offset);
    return blockCode.length - 1 - depth;
  };
  const begin = (code: number): void => {
    blockCode.push(code);
    blockReach.push(dead);
    blockEntry.push(cost);
    blockLoops.push(open);
  };
  const arrive = (block: number): void => {
    if (cost > (blockReach[block] as number)) blockReach[block] = cost;
  };
  const leave = (around: number, offset: number): void => {
    if (around < open) edits.push(edit.exit, offset, offset, around, 0);
  };
  // Charges come before the exit, which puts what is left into the global.
  const jump = (blocks: Iterable<number>, offset: number): void => {
    let outermost = open;
    for (const block of blocks) {
      const around = blockLoops[block] as number;
      outermost = Math.min(outermost, around);
      arrive(block);
      if (blockCode[block] !== opcode.loop) continue;
      edits.push(edit.back, offset, offset, around, loopEdit[around] as number);
      if (++(backs[around] as number) > branchesBack) (counting[around] as number) |= 2;
    }
    leave(outermost, offset);
  };
  const stop = (): void => {
    settle();
    cost = dead;
  };
  const calls = (): void => {
    leaf = false;
    for (let index = open; index > 0 && ((counting[index] as number) & 1) !== 0; index--)
      (counting[index] as number) &= ~1;
  };
  const refer = (index: number, at: number): void => {
    check(index, functionCount, at);
    if (index === moved.from) edits.push(edit.index, at, cursor.position, moved.to, 0);
  };
  const end = (offset: number): void => {
    settle();
    const code = blockCode.pop();
    const reach = blockReach.pop() as number;
    const around = blockEntry.pop() as number;
    blockLoops.pop();
    if (code === opcode.loop) {
      const at = loopEdit.pop() as number;
      const inside = most.pop() as number;
      edits[at + 3] = Math.min(Math.max(inside - (entry.pop() as number), 1), greatestCharge);
      edits[at + 4] = counting.pop() as number;
      edits.push(edit.loopEnd, offset, offset, 0, 0);
      backs.pop();
      open--;
      if (inside > (most[open] as number)) most[open] = inside;
      return;
    }
    // An `if` without `else`.
    if (code === opcode.if && around > cost) cost = around;
    if (reach > cost) cost = Math.min(reach, most[open] as number);
  };

  decodeExpression(cursor, (code, offset, first, at) => {
    const kind = plain[code];
    if (kind === 1 || (kind === 2 && first < body.locals)) {
      if (cost !== dead) cost++;
      return;
    }
    switch (code) {
      case opcode.block:
      case opcode.if:
      case opcode.try:
      case opcode.tryTable:
        check(first, typeCount, offset);
        if (code === opcode.if) add(1);
        begin(code);
        return;
      case opcode.loop:
        check(first, typeCount, offset);
        loops = true;
        settle();
        open++;
        loopEdit.push(edits.length);
        most.push(cost);
        entry.push(cost);
        counting.push(1);
        backs.push(0);
        begin(code);
        edits.push(edit.loop, offset, cursor.position, 1, 0);
        return;
      case opcode.else:
      case opcode.catch:
      case opcode.catchAll: {
        const block = blockAt(0, offset);
        settle();
        arrive(block);
        // A throw may come from anywhere in the block: at worst, everything before was run.
        cost = (code === opcode.else ? blockEntry[block] : most[open]) as number;
        if (code === opcode.else) blockCode[block] = opcode.block;
        return;
      }
      case opcode.end:
      case opcode.delegate:
        end(offset);
        return;
      case opcode.catchClause: {
        const block = blockAt(first, offset);
        blockReach[block] = Number.MAX_SAFE_INTEGER;
        // No branch to charge at.
        if (blockCode[block] === opcode.loop) (counting[blockLoops[block] as number] as number) |= 2;
        return;
      }
      case opcode.branchTarget:
        targets.push(blockAt(first, offset));
        return;
    }
    add(1);
    switch (code) {
      case opcode.brTable:
        jump(new Set(targets), offset);
        targets.length = 0;
        stop();
        return;
      case opcode.br:
      case opcode.brIf:
      case opcode.brOnNull:
      case opcode.brOnNonNull: {
        jump([blockAt(first, offset)], offset);
        if (code === opcode.br) stop();
        return;
      }
      case opcode.throw:
      case opcode.rethrow:
      case opcode.throwRef:
        // It would take its caller unawares, with the count in a local.
        leaf = false;
        leave(0, offset);
        stop();
        return;
      case opcode.return:
        leave(0, offset);
        stop();
        return;
      case opcode.unreachable:
        stop();
        return;
      case opcode.call:
      case opcode.returnCall: {
        const position = first - importedFunctions;
        if (position >= 0) callees.push(position);
        const charge = leaves.charges[position] ?? 0;
        // A leaf with loops needs the count in the global.
        const shares = charge > 0 && leaves.loops[position] !== 0;
        if (charge === 0) calls();
        add(charge);
        if (code === opcode.returnCall || shares) leave(0, offset);
        refer(first, at);
        if (code === opcode.returnCall) stop();
        else if (shares && open > 0) edits.push(edit.reload, cursor.position, cursor.position, 0, 0);
        return;
      }
      case opcode.callIndirect:
      case opcode.callRef:
      case opcode.returnCallIndirect:
      case opcode.returnCallRef:
        check(first, typeCount, offset);
        indirect = true;
        calls();
        add(leaves.greatest);
        if (code === opcode.returnCallIndirect || code === opcode.returnCallRef) {
          leave(0, offset);
          stop();
        }
        return;
      case opcode.refFunc:
        refer(first, at);
        return;
      case opcode.localGet:
      case opcode.localSet:
      case opcode.localTee:
        if (first >= body.locals) check(first, body.locals, offset);
        return;
      case opcode.globalGet:
      case opcode.globalSet:
        if (first >= globalCount) check(first, globalCount, offset);
        return;
      case opcode.memoryGrow:
        add(growCharge);
        return;
      case opcode.tableGrow:
        add(growCharge);
        break;
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
    edits.push(edit.length, offset, offset, 0, 0);
  });
  if (cursor.position !== body.end) throw malformed("bytes after the end of a function", cursor.position);
  return {
    charge: Math.min(Math.max(most[0] as number, 1), greatestCharge),
    leaf,
    loops,
    callees: indirect ? undefined : callees,
    edits,
  };
}
