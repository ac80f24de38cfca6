// One module for each instruction that can be encoded, in dead code, where its operands need not exist.

import { body, funcref, functionType, list, moduleOf, sized, unsigned } from "./encode.ts";

export interface NamedModule {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const none: readonly number[] = [];
const memory = [0, 0];
const zeros16: readonly number[] = new Array<number>(16).fill(0);

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function vectorImmediates(code: number): readonly number[] {
  if (code < 12 || code === 0x5c || code === 0x5d) return memory;
  if (code === 12 || code === 13) return zeros16;
  if (code >= 0x15 && code <= 0x22) return [0];
  if (code >= 0x54 && code <= 0x5b) return [...memory, 0];
  return none;
}

const instructions: readonly (readonly [name: string, code: readonly number[]])[] = [
  ...[0x00, 0x01, 0x0f, 0x1a, 0x1b, 0xd1, ...range(0x45, 0xc4)].map((code) => [code, none] as const),
  ...range(0x28, 0x3e).map((code) => [code, memory] as const),
  ...[0x0c, 0x0d, 0x10, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x41, 0x42, 0xd2, 0x08].map(
    (code) => [code, [0]] as const,
  ),
  ...[0x14, 0x15, 0xd5, 0xd6].map((code) => [code, [0]] as const),
  ...[0x0a, 0xd4].map((code) => [code, none] as const),
  ...[0x11, 0x13].map((code) => [code, [0, 0]] as const),
  [0x0e, [2, 0, 0, 0]] as const,
  [0x1c, [1, 0x7f]] as const,
  [0x43, [0, 0, 0, 0]] as const,
  [0x44, [0, 0, 0, 0, 0, 0, 0, 0]] as const,
  [0xd0, [funcref]] as const,
]
  .map(([code, immediates]) => [`0x${code.toString(16)}`, [code, ...immediates]] as const)
  .concat(
    range(0, 7).map((code) => [`0xfc ${code}`, [0xfc, code]] as const),
    (
      [
        [8, [0, 0]],
        [9, [0]],
        [10, [0, 0]],
        [11, [0]],
        [12, [0, 0]],
        [13, [0]],
        [14, [0, 0]],
        [15, [0]],
        [16, [0]],
        [17, [0]],
      ] as const
    ).map(([code, immediates]) => [`0xfc ${code}`, [0xfc, code, ...immediates]] as const),
    range(0, 0x113).map((code) => [`0xfd ${code}`, [0xfd, ...unsigned(code), ...vectorImmediates(code)]] as const),
  );

/** Modules around code: function 0 `() -> ()`, and one of everything that an index 0 may mean. */
export function around(code: readonly number[]): Uint8Array<ArrayBuffer> {
  return moduleOf([
    [1, list([functionType([], [])])],
    [3, list([[0], [0]])],
    [4, list([[funcref, 0, 1]])],
    [5, list([[1, 1, 1]])],
    [13, list([[0, 0]])],
    [6, list([[0x7f, 1, 0x41, 0, 0x0b]])],
    [9, list([[0, 0x41, 0, 0x0b, ...list([[0], [1]])]].map((entry) => entry))],
    [12, [1]],
    [10, list([body([], []), body([0x7f], code)])],
    [11, list([[1, ...sized([1])]])],
  ]);
}

/** One module per instruction, each once straight and once in a loop. */
export function instructionModules(): NamedModule[] {
  return instructions.flatMap(([name, code]) => [
    { name: `${name} in dead code`, bytes: around([0x00, ...code, 0x00]) },
    { name: `${name} in a loop`, bytes: around([0x03, 0x40, 0x41, 0, 0x0d, 0, 0x00, ...code, 0x00, 0x0b]) },
  ]);
}
