// What the rewrite knows of a module before it looks at the code, and how it finds the function bodies.

import { skipValueType } from "./instructions.ts";
import { type Cursor, createCursor, malformed, readUnsigned } from "./leb.ts";

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
  /** The function index that the rewrite takes for the import, and the new index of the function that had it. */
  readonly moved: { readonly from: number; readonly to: number };
  readonly fuelGlobal: number;
  /** The function that asks the host for more. */
  readonly refill: number;
  /** The function that charges for a run-time length. */
  readonly chargeLength: number;
  /** The function that sets the count for the host. */
  readonly exchange: number;
  /** The function that asks the host for more where the count is in a local: from what is left to what is left then. */
  readonly renew: number;
}

/** One function body: its position among the defined functions, its bytes, its locals, and where its instructions begin. */
export interface Body {
  readonly position: number;
  readonly start: number;
  readonly end: number;
  readonly code: number;
  /** Parameters and locals. */
  readonly locals: number;
}

function readBody(context: CodeContext, position: number, start: number, end: number): Body {
  const cursor = createCursor(context.bytes, start, end);
  let locals = context.parameters[context.functionTypes[position] as number] ?? 0;
  for (let left = readUnsigned(cursor); left > 0; left--) {
    locals += readUnsigned(cursor);
    skipValueType(cursor);
  }
  return { position, start, end, code: cursor.position, locals };
}

/** Reads the outlines of all bodies; the cursor is at the content of the code section. Throws ModuleError "bad-module". */
export function readBodies(cursor: Cursor, context: CodeContext): Body[] {
  const bodies: Body[] = [];
  const start = cursor.position;
  const count = readUnsigned(cursor);
  if (count !== context.functionTypes.length) throw malformed("functions and their bodies differ in number", start);
  for (let position = 0; position < count; position++) {
    const size = readUnsigned(cursor);
    const begin = cursor.position;
    cursor.position += size;
    if (cursor.position > cursor.end) throw malformed("a function goes past the end of the code", begin);
    bodies.push(readBody(context, position, begin, cursor.position));
  }
  if (cursor.position !== cursor.end) throw malformed("bytes after the end of a section", cursor.position);
  return bodies;
}
