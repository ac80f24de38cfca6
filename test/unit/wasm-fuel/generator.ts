// Makes valid modules at random, from a seed: nested control flow, calls, memory, tables, exceptions. Every run of one ends.

import {
  body,
  f64,
  f64Const,
  funcref,
  functionType,
  i32,
  i32Const,
  i64,
  i64Const,
  list,
  moduleOf,
  text,
  unsigned,
} from "./encode.ts";

export interface GeneratedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The parameter types of the exports `f0`, `f1`, …. */
  readonly parameters: readonly (readonly number[])[];
}

export interface Random {
  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** The generator mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    chance: (probability) => next() < probability,
    pick: (from) => from[Math.floor(next() * from.length)]!,
  };
}

interface Signature {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

interface Label {
  /** What a branch to it carries. */
  readonly types: readonly number[];
  readonly loop: boolean;
}

const valueTypes = [i32, i32, i32, i64, f64];
// Global 0 counts the steps that are left: a branch back happens only while there are some, and a function traps without.
const steps = 0;
const binary: Readonly<Record<number, readonly number[]>> = {
  [i32]: [0x6a, 0x6b, 0x6c, 0x6d, 0x70, 0x71, 0x72, 0x73, 0x74, 0x76, 0x77],
  [i64]: [0x7c, 0x7d, 0x7e, 0x7f, 0x82, 0x83, 0x84, 0x85, 0x86, 0x88],
  [f64]: [0xa0, 0xa1, 0xa2, 0xa4],
};
// One operand to i32, i64, f64: the operand's type, and the opcode.
const unary: Readonly<Record<number, readonly (readonly [number, readonly number[]])[]>> = {
  [i32]: [
    [i32, [0x45]],
    [i32, [0x67]],
    [i32, [0xc0]],
    [i64, [0x50]],
    [i64, [0xa7]],
    [f64, [0xfc, 2]],
    [f64, [0xaa]],
  ],
  [i64]: [
    [i32, [0xac]],
    [i32, [0xad]],
    [i64, [0x7a]],
    [f64, [0xfc, 6]],
  ],
  [f64]: [
    [i32, [0xb7]],
    [i64, [0xb9]],
    [f64, [0x9f]],
    [f64, [0x9b]],
  ],
};
const compare: Readonly<Record<number, readonly number[]>> = {
  [i32]: [0x46, 0x48, 0x4b, 0x4e],
  [i64]: [0x51, 0x53, 0x56],
  [f64]: [0x61, 0x63, 0x66],
};

function constant(random: Random, type: number): number[] {
  const small = random.below(200) - 100;
  if (type === i32) return i32Const(random.chance(0.2) ? random.below(2 ** 32) | 0 : small);
  if (type === i64) return i64Const(BigInt(small) * (random.chance(0.2) ? 0x1234_5678_9abcn : 1n));
  return f64Const(small / 4);
}

/** The module for a seed. The same seed makes the same module. */
export function generateModule(seed: number): GeneratedModule {
  const random = createRandom(seed);
  const types: Signature[] = [];
  const typeIndex = (parameters: readonly number[], results: readonly number[]): number => {
    const key = `${parameters}>${results}`;
    const found = types.findIndex((type) => `${type.parameters}>${type.results}` === key);
    return found >= 0 ? found : types.push({ parameters, results }) - 1;
  };
  const someTypes = (limit: number): number[] =>
    Array.from({ length: random.below(limit + 1) }, () => random.pick(valueTypes));

  // Imported: log(i32) -> i32, at index 0. Tag 0 carries an i32.
  const imports = random.chance(0.8) ? 1 : 0;
  const logType = typeIndex([i32], [i32]);
  const tagType = typeIndex([i32], []);
  const hasTag = random.chance(0.4);
  const count = 1 + random.below(7);
  const signatures: Signature[] = Array.from({ length: count }, () => ({
    parameters: someTypes(3),
    results: someTypes(2),
  }));
  const functionTypes = signatures.map(({ parameters, results }) => typeIndex(parameters, results));
  const globalTypes = [i32, i32, i64, f64];

  const makeBody = (own: number): number[] => {
    const signature = signatures[own]!;
    const extra = someTypes(4);
    const locals = [...signature.parameters, ...extra];
    const labels: Label[] = [{ types: signature.results, loop: false }];
    let budget = 12 + random.below(70);
    const tick = [0x23, steps, ...i32Const(1), 0x6b, 0x24, steps];
    const mayGoOn = [0x23, steps, ...i32Const(0), 0x4a];

    const values = (wanted: readonly number[], depth: number): number[] => wanted.flatMap((type) => value(type, depth));
    const address = (depth: number): number[] =>
      random.chance(0.97) ? [...value(i32, depth), ...i32Const(0xffff), 0x71] : value(i32, depth);
    const someLength = (depth: number): number[] => [...value(i32, depth), ...i32Const(127), 0x71];

    const value = (type: number, depth: number): number[] => {
      budget--;
      const localsOfType = locals.flatMap((local, index) => (local === type ? [index] : []));
      if (depth <= 0 || budget <= 0 || random.chance(0.25)) {
        if (localsOfType.length > 0 && random.chance(0.6)) return [0x20, random.pick(localsOfType)];
        return constant(random, type);
      }
      switch (random.below(12)) {
        case 0:
        case 1:
          return [...values([type, type], depth - 1), random.pick(binary[type]!)];
        case 2: {
          const [operand, code] = random.pick(unary[type]!);
          return [...value(operand, depth - 1), ...code];
        }
        case 3: {
          const global = globalTypes.indexOf(type, 1);
          return [0x23, global];
        }
        case 4: {
          if (type === f64) return constant(random, type);
          return [...address(depth - 1), type === i32 ? random.pick([0x28, 0x2d]) : 0x29, 0, random.below(100)];
        }
        case 5: {
          const operand = random.pick(valueTypes);
          if (type !== i32) return constant(random, type);
          return [...values([operand, operand], depth - 1), random.pick(compare[operand]!)];
        }
        case 6:
          return block([], [type], depth - 1);
        case 7: {
          if (localsOfType.length === 0) return constant(random, type);
          return [...value(type, depth - 1), 0x22, random.pick(localsOfType)];
        }
        case 8:
          return [...values([type, type, i32], depth - 1), 0x1b];
        case 9:
          return call([type], depth - 1) ?? constant(random, type);
        case 10:
          if (type === i32 && imports > 0) return [...value(i32, depth - 1), 0x10, 0];
          if (type === i32) return [0x3f, 0];
          return constant(random, type);
        default:
          if (type === i32 && random.chance(0.1)) return [...i32Const(random.below(2)), 0x40, 0];
          return constant(random, type);
      }
    };

    /** A call of a later function with these results, or of any, by an index that may be wrong. */
    const call = (results: readonly number[], depth: number): number[] | undefined => {
      const later = signatures.flatMap((_, index) =>
        index > own && `${signatures[index]!.results}` === `${results}` ? [index] : [],
      );
      if (later.length === 0) return undefined;
      const target = random.pick(later);
      const operands = values(signatures[target]!.parameters, depth - 1);
      if (random.chance(0.6)) return [...operands, 0x10, imports + target];
      const index = random.chance(0.7)
        ? i32Const(target)
        : [...value(i32, depth - 1), ...i32Const(count - own - 1), 0x70, ...i32Const(own + 1), 0x6a];
      return [...operands, ...index, 0x11, ...unsigned(functionTypes[target]!), 0];
    };

    const block = (parameters: readonly number[], results: readonly number[], depth: number): number[] => {
      const type = typeIndex(parameters, results);
      const head = unsigned(type);
      const kind = random.below(hasTag ? 8 : 6);
      const contents = (label: Label, finish: readonly number[]): number[] => {
        labels.push(label);
        // Operands of the block are taken off first, so that the rest needs not know about them.
        const dropped = parameters.flatMap(() => [0x1a]);
        const code = [...dropped, ...statements(1 + random.below(3), depth - 1), ...values(finish, depth - 1)];
        labels.pop();
        return code;
      };
      const operands = values(parameters, depth - 1);
      const forward: Label = { types: results, loop: false };
      if (kind <= 1) return [...operands, 0x02, ...head, ...contents(forward, results), 0x0b];
      if (kind <= 3) return [...operands, 0x03, ...head, ...contents({ types: parameters, loop: true }, results), 0x0b];
      if (kind <= 5) {
        const condition = value(i32, depth - 1);
        if (results.length === 0 && parameters.length === 0 && random.chance(0.5)) {
          return [...condition, 0x04, 0x40, ...contents(forward, []), 0x0b];
        }
        return [
          ...operands,
          ...condition,
          0x04,
          ...head,
          ...contents(forward, results),
          0x05,
          ...contents(forward, results),
          0x0b,
        ];
      }
      const body = contents(forward, results);
      // The handler begins with the tag's i32, or with nothing.
      labels.push(forward);
      const all = random.chance(0.5);
      const handler = [...(all ? [] : [0x1a]), ...statements(1, depth - 1), ...values(results, depth - 1)];
      labels.pop();
      return [...operands, 0x06, ...head, ...body, ...(all ? [0x19] : [0x07, 0]), ...handler, 0x0b];
    };

    /** Code inside an `if` or a block without a type, which no branch of that code leads to the end of by its types. */
    const inside = (code: () => number[]): number[] => {
      labels.push({ types: [], loop: false });
      const written = code();
      labels.pop();
      return written;
    };

    const branch = (depth: number): number[] => {
      const target = random.below(labels.length);
      const { types: carried, loop } = labels[labels.length - 1 - target]!;
      const operands = (): number[] => values(carried, depth - 1);
      const condition = (): number[] =>
        loop ? [...tick, ...mayGoOn, ...value(i32, depth - 1), 0x71] : value(i32, depth - 1);
      switch (random.below(loop ? 2 : 3)) {
        case 0:
          return [...operands(), ...condition(), 0x0d, target, ...carried.map(() => 0x1a)];
        case 1:
          return [...condition(), 0x04, 0x40, ...inside(operands), 0x0c, target + 1, 0x0b];
        default: {
          // A table may lead to loops too: the default does not, and the index runs out with the steps.
          const same = labels.flatMap((label, index) =>
            `${label.types}` === `${carried}` ? [labels.length - 1 - index] : [],
          );
          const targets = Array.from({ length: random.below(4) }, () => random.pick(same) + 1);
          const skip = [...value(i32, 0), 0x45, 0x0d, 0];
          const index = inside(() => [...operands(), ...tick, ...value(i32, depth - 1), ...i32Const(3), 0x71]);
          const table = [...i32Const(99), ...mayGoOn, 0x1b, 0x0e, ...unsigned(targets.length), ...targets, target + 1];
          return [0x02, 0x40, ...skip, ...index, ...table, 0x0b];
        }
      }
    };

    const statement = (depth: number): number[] => {
      budget--;
      switch (random.below(16)) {
        case 0:
        case 1: {
          if (locals.length === 0) return [0x01];
          const local = random.below(locals.length);
          return [...value(locals[local]!, depth), 0x21, local];
        }
        case 2: {
          const global = 1 + random.below(globalTypes.length - 1);
          return [...value(globalTypes[global]!, depth), 0x24, global];
        }
        case 3:
          return [...address(depth - 1), ...value(i32, depth), random.pick([0x36, 0x3a]), 0, random.below(100)];
        case 4:
          return [...address(depth - 1), ...value(i64, depth), 0x37, 0, random.below(100)];
        case 5:
        case 6:
        case 7: {
          const results = someTypes(2);
          return [...block(someTypes(2), results, depth - 1), ...results.map(() => 0x1a)];
        }
        case 8:
        case 9:
        case 10:
          return branch(depth - 1);
        case 11: {
          const results = random.pick(signatures).results;
          const code = call(results, depth - 1);
          return code === undefined ? [0x01] : [...code, ...results.map(() => 0x1a)];
        }
        case 12:
          if (random.chance(0.5)) return [...address(1), ...value(i32, 1), ...someLength(1), 0xfc, 11, 0];
          return random.chance(0.5)
            ? [...address(1), ...address(1), ...someLength(1), 0xfc, 10, 0, 0]
            : [...address(1), ...i32Const(random.below(8)), ...i32Const(random.below(9)), 0xfc, 8, 0, 0];
        case 13: {
          const target = random.below(count);
          return [...i32Const(random.below(3)), 0xd2, ...unsigned(imports + target), 0x26, 1];
        }
        case 14:
          if (random.chance(0.15)) {
            const stop = random.chance(0.5) ? [0x00] : inside(() => [...values(signature.results, 1), 0x0f]);
            return [...value(i32, 1), 0x04, 0x40, ...stop, 0x0b];
          }
          if (hasTag && random.chance(0.4))
            return [...value(i32, 1), 0x04, 0x40, ...inside(() => value(i32, 1)), 0x08, 0, 0x0b];
          return [...i32Const(random.below(3)), 0x25, 1, 0xd1, 0x1a];
        default: {
          const target = own + 1 + random.below(Math.max(1, count - own - 1));
          if (target >= count || `${signatures[target]!.results}` !== `${signature.results}` || random.chance(0.5))
            return [0x01];
          const operands = inside(() => values(signatures[target]!.parameters, 1));
          return [...value(i32, 1), 0x04, 0x40, ...operands, 0x12, ...unsigned(imports + target), 0x0b];
        }
      }
    };

    const statements = (limit: number, depth: number): number[] => {
      const code: number[] = [];
      for (let left = limit; left > 0 && budget > 0; left--) code.push(...statement(depth));
      return code;
    };

    const entry = [0x23, steps, 0x45, 0x04, 0x40, 0x00, 0x0b, ...tick];
    const code = [...entry, ...statements(3 + random.below(8), 5), ...values(signature.results, 3)];
    return body(extra, code);
  };

  const bodies = signatures.map((_, index) => makeBody(index));
  const start = signatures.findIndex(({ parameters, results }) => parameters.length + results.length === 0);
  const indices = signatures.map((_, index) => unsigned(imports + index));
  const elements: number[][] = [
    random.chance(0.5)
      ? [0, ...i32Const(0), 0x0b, ...list(indices)]
      : [4, ...i32Const(0), 0x0b, ...list(indices.map((index) => [0xd2, ...index, 0x0b]))],
    [3, 0, ...list(indices)],
    random.pick([
      [2, 1, ...i32Const(0), 0x0b, 0, ...list([indices[0]!])],
      [
        6,
        1,
        ...i32Const(1),
        0x0b,
        funcref,
        ...list([
          [0xd0, funcref, 0x0b],
          [0xd2, ...indices[0]!, 0x0b],
        ]),
      ],
      [1, 0, ...list(indices)],
      [5, funcref, ...list([[0xd2, ...indices[0]!, 0x0b]])],
      [7, funcref, ...list([[0xd2, ...indices[0]!, 0x0b]])],
    ]),
  ];
  const exports = [
    ...signatures.map((_, index) => [...text(`f${index}`), 0, ...indices[index]!]),
    [...text("memory"), 2, 0],
    ...globalTypes.map((_, index) => [...text(`g${index}`), 3, index]),
  ];
  const bytes = moduleOf([
    [1, list(types.map(({ parameters, results }) => functionType(parameters, results)))],
    [2, imports > 0 ? list([[...text("env"), ...text("log"), 0, ...unsigned(logType)]]) : undefined],
    [3, list(functionTypes.map(unsigned))],
    [
      4,
      list([
        [funcref, 0, ...unsigned(count)],
        [funcref, 0, 3],
      ]),
    ],
    [5, list([[1, 1, 2]])],
    [13, hasTag ? list([[0, ...unsigned(tagType)]]) : undefined],
    [
      6,
      list([
        [i32, 1, ...i32Const(300), 0x0b],
        [i32, 1, ...i32Const(7), 0x0b],
        [i64, 1, ...i64Const(-5n), 0x0b],
        [f64, 1, ...f64Const(1.5), 0x0b],
        [funcref, 0, 0xd2, ...indices[0]!, 0x0b],
      ]),
    ],
    [7, list(exports)],
    [8, start >= 0 && random.chance(0.3) ? indices[start] : undefined],
    [9, list(elements)],
    [12, [1]],
    [10, list(bodies)],
    [11, list([[1, ...unsigned(8), 1, 2, 3, 4, 5, 6, 7, 8]])],
  ]);
  return { bytes, parameters: signatures.map(({ parameters }) => parameters) };
}
