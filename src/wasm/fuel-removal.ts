// Takes the countdown out of a module again, and proves by it that the countdown was ours: putting it back must give the same bytes.
// So a prepared module can be prepared anew like any other, and one that only looks as if it counted is refused.

import { ModuleError } from "../errors.ts";
import { readModule } from "./binary.ts";
import { addFuel } from "./fuel.ts";
import { counterCode } from "./fuel-code.ts";
import { type Body, readBodies } from "./fuel-context.ts";
import {
  copyPatched,
  type Patches,
  type Plan,
  patchElements,
  patchExpression,
  patchFunction,
  patchTable,
  readPlan,
  section,
} from "./fuel-sections.ts";
import { decodeExpression, opcode, skipValueType } from "./instructions.ts";
import {
  type Cursor,
  createCursor,
  createWriter,
  readByte,
  readBytes,
  readUnsigned,
  skipLeb,
  type Writer,
} from "./leb.ts";

/**
 * Undoes `addFuel`. The name section is lost; everything else is as it was before.
 * Throws ModuleError "bad-module" unless addFuel made these very bytes, custom sections aside.
 */
export function removeFuel(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    const plain = withoutCount(bytes);
    if (isSame(addFuel(plain), bytes)) return plain;
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
  }
  throw new ModuleError(
    "bad-module",
    'Cannot use the module: it imports or exports "edge_guard" names, but is not what edge-guard makes of a module; start from the original bytes',
  );
}

/** Whether two modules are the same, custom sections aside. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  const [ours, theirs] = [one, other].map((bytes) =>
    readModule(bytes).sections.flatMap(({ id, start, end }) =>
      id === section.custom ? [] : [bytes.subarray(start, end)],
    ),
  ) as [Uint8Array[], Uint8Array[]];
  return (
    ours.length === theirs.length &&
    ours.every((part, index) => {
      const counterpart = theirs[index] as Uint8Array;
      return part.length === counterpart.length && part.every((byte, at) => byte === counterpart[at]);
    })
  );
}

/** The plan of the rewrite, as it was before; indices in the module at hand. */
function formerPlan(bytes: Uint8Array): Plan {
  const plan = readPlan(bytes, readModule(bytes));
  const { globalCount, importedFunctions, functionTypes } = plan;
  const last = importedFunctions + functionTypes.length - 5;
  return {
    ...plan,
    // Without functions of its own, none had to move.
    moved: functionTypes.length === 0 ? { from: -1, to: -1 } : { from: last, to: importedFunctions - 1 },
    fuelGlobal: globalCount - 1,
    refill: last + 1,
    chargeLength: last + 2,
    exchange: last + 3,
    renew: last + 4,
  };
}

function withoutCount(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const plan = formerPlan(bytes);
  const writer = createWriter(bytes.length);
  writer.copy(bytes, 0, 8);
  for (const { id, start, content, end, name } of plan.outline.sections) {
    const shrink = shrinkers[id];
    // Sections that the rewrite left alone keep lengths that are longer than they need be.
    const untouched =
      (id === section.table && !bytes.subarray(content, end).includes(0x40)) ||
      (id === section.export && plan.functionTypes.length === 0);
    if (shrink === undefined || untouched) {
      if (name !== "name") writer.copy(bytes, start, end);
      continue;
    }
    // Sections that were there for the count alone go.
    if (added[id] !== undefined && readUnsigned(createCursor(bytes, content, end)) === added[id]) continue;
    writer.u8(id);
    writer.sized(() => shrink(writer, createCursor(bytes, content, end), plan));
  }
  return writer.finish().slice();
}

/** How many entries the rewrite adds to lists. */
const added: Readonly<Record<number, number>> = {
  [section.type]: 3,
  [section.import]: 1,
  [section.global]: 1,
  [section.export]: 1,
};

type Shrink = (writer: Writer, cursor: Cursor, plan: Plan) => void;

/** Leaves the last entries of a list out. */
function shortened(less: number, each: (cursor: Cursor, plan: Plan, patches: Patches) => void): Shrink {
  return (writer, cursor, plan) => {
    const count = readUnsigned(cursor);
    const start = cursor.position;
    const patches: Patches = [];
    for (let left = count - less; left > 0; left--) each(cursor, plan, patches);
    writer.unsigned(Math.max(count - less, 0));
    copyPatched(writer, cursor.bytes, start, cursor.position, patches);
  };
}

function skipImport(cursor: Cursor): void {
  readBytes(cursor);
  readBytes(cursor);
  const kind = readByte(cursor);
  if (kind === 0) readUnsigned(cursor);
  else if (kind === 1 || kind === 2) {
    if (kind === 1) skipValueType(cursor);
    const flags = readByte(cursor);
    for (let left = flags & 1; left >= 0; left--) skipLeb(cursor, 10);
  } else if (kind === 3) {
    skipValueType(cursor);
    readByte(cursor);
  } else {
    readByte(cursor);
    readUnsigned(cursor);
  }
}

const shrinkers: Readonly<Record<number, Shrink>> = {
  [section.type]: shortened(3, (cursor) => {
    readByte(cursor);
    for (let list = 0; list < 2; list++) {
      for (let left = readUnsigned(cursor); left > 0; left--) skipValueType(cursor);
    }
  }),
  [section.import]: shortened(1, skipImport),
  [section.function]: (writer, _, { functionTypes }) => {
    const own = functionTypes.slice(0, -4);
    writer.unsigned(own.length);
    for (const type of [...own.slice(-1), ...own.slice(0, -1)]) writer.unsigned(type);
  },
  [section.table]: shortened(0, patchTable),
  [section.global]: shortened(1, (cursor, plan, patches) => {
    skipValueType(cursor);
    readByte(cursor);
    patchExpression(cursor, plan, patches);
  }),
  [section.export]: shortened(1, (cursor, plan, patches) => {
    readBytes(cursor);
    if (readByte(cursor) === 0) patchFunction(cursor, plan, patches);
    else readUnsigned(cursor);
  }),
  [section.start]: (writer, cursor, plan) => {
    const patches: Patches = [];
    const { position } = cursor;
    patchFunction(cursor, plan, patches);
    copyPatched(writer, cursor.bytes, position, cursor.end, patches);
  },
  [section.element]: shortened(0, patchElements),
  [section.code]: (writer, cursor, plan) => {
    const own = readBodies(cursor, plan).slice(0, -4);
    writer.unsigned(own.length);
    for (const body of [...own.slice(-1), ...own.slice(0, -1)]) writer.sized(() => writePlain(writer, body, plan));
  },
};

/** Writes a body without the instructions that count, and without their local. What was not ours comes out wrong, and is found out. */
function writePlain(writer: Writer, body: Body, plan: Plan): void {
  const { bytes, moved, fuelGlobal, chargeLength } = plan;
  const { global, local, load, store, afterGlobal, afterLocal } = counterCode(plan, body.locals - 1);
  const matches = (at: number, wanted: readonly number[]): boolean =>
    wanted.every((byte, index) => bytes[at + index] === byte);
  /** Where a charge ends that begins with `from`; 0 when there is none. */
  const chargeEnd = (at: number, from: readonly number[], after: readonly number[]): number => {
    if (!matches(at, from) || bytes[at + from.length] !== opcode.i32Const) return 0;
    const amount = createCursor(bytes, at + from.length + 1, body.end);
    skipLeb(amount, 5);
    return matches(amount.position, after) ? amount.position + after.length : 0;
  };
  const patches: { from: number; to: number; index?: number }[] = [];
  let next = 0;
  let counts = false;
  const cursor = createCursor(bytes, body.code, body.end);
  decodeExpression(cursor, (code, offset, first, at) => {
    if (code === opcode.loop) counts = true;
    if (offset < next) return;
    let end = 0;
    if (code === opcode.globalGet && first === fuelGlobal) {
      end = chargeEnd(offset, global, afterGlobal) || (matches(offset, load) ? offset + load.length : 0);
    } else if (code === opcode.localGet && first === body.locals - 1) {
      end = chargeEnd(offset, local, afterLocal) || (matches(offset, store) ? offset + store.length : 0);
    } else if (code === opcode.call && first === chargeLength) end = at + 1;
    else if ((code === opcode.call || code === opcode.refFunc || code === opcode.returnCall) && first === moved.from) {
      const index = createCursor(bytes, at, body.end);
      readUnsigned(index);
      patches.push({ from: at, to: index.position, index: moved.to });
    }
    if (end === 0) return;
    if (code === opcode.call) {
      const index = createCursor(bytes, at, body.end);
      readUnsigned(index);
      end = index.position;
    }
    counts = true;
    next = end;
    patches.push({ from: offset, to: end });
  });
  if (counts) {
    const groups = createCursor(bytes, body.start, body.code);
    writer.unsigned(readUnsigned(groups) - 1);
    writer.copy(bytes, groups.position, body.code - 2);
  } else writer.copy(bytes, body.start, body.code);
  let position = body.code;
  for (const { from, to, index } of patches) {
    writer.copy(bytes, position, from);
    if (index !== undefined) writer.unsigned(index);
    position = to;
  }
  writer.copy(bytes, position, body.end);
}
