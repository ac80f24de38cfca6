// Rewrites a generated module so that it counts every instruction that it runs: slow, simple, and made without the rewriter under test.

import { readModule } from "../../../src/wasm/binary.ts";
import { decodeExpression, opcode } from "../../../src/wasm/instructions.ts";
import { createCursor, readUnsigned } from "../../../src/wasm/leb.ts";
import { i32, i32Const, moduleOf, sized, text, unsigned } from "./encode.ts";

const free: ReadonlySet<number> = new Set([
  opcode.block,
  opcode.loop,
  opcode.else,
  opcode.try,
  opcode.catch,
  opcode.catchAll,
  opcode.end,
]);

/** The module with an exported global `count`; its code must have its locals in groups of one, as the generator writes them. */
export function countExactly(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const outline = readModule(bytes);
  const counter = outline.globals.length;
  const tick = [0x23, counter, ...i32Const(1), 0x6a, 0x24, counter];
  return moduleOf(
    outline.sections.map(({ id, content, end }) => {
      const cursor = createCursor(bytes, content, end);
      if (id !== 6 && id !== 7 && id !== 10) return [id, [...bytes.subarray(content, end)]];
      const count = readUnsigned(cursor);
      const entries = [...bytes.subarray(cursor.position, end)];
      if (id === 6) return [id, [...unsigned(count + 1), ...entries, i32, 1, ...i32Const(0), 0x0b]];
      if (id === 7) return [id, [...unsigned(count + 1), ...entries, ...text("count"), 3, counter]];
      const code: number[] = [...unsigned(count)];
      for (let left = count; left > 0; left--) {
        const size = readUnsigned(cursor);
        const start = cursor.position;
        const body = createCursor(bytes, start, start + size);
        for (let groups = readUnsigned(body); groups > 0; groups--) body.position += 2;
        const written = [...bytes.subarray(start, body.position)];
        let position = body.position;
        let counted = -1;
        decodeExpression(body, (instruction, offset) => {
          if (free.has(instruction) || counted === offset) return;
          counted = offset;
          written.push(...bytes.subarray(position, offset), ...tick);
          position = offset;
        });
        written.push(...bytes.subarray(position, start + size));
        code.push(...sized(written));
        cursor.position = start + size;
      }
      return [id, code];
    }),
  );
}
