// Writes small modules in the binary format, for tests: sections from lists of entries.

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

export function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (; value < -64n || value > 63n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return [...bytes, Number(value & 127n)];
}

export const i32 = 0x7f;
export const i64 = 0x7e;
export const f64 = 0x7c;
export const funcref = 0x70;

export const i32Const = (value: number): number[] => [0x41, ...signed(BigInt(value | 0))];
export const i64Const = (value: bigint): number[] => [0x42, ...signed(BigInt.asIntN(64, value))];
export const f64Const = (value: number): number[] => [0x44, ...new Uint8Array(new Float64Array([value]).buffer)];

export const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);
export const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
export const list = (entries: readonly (readonly number[])[]): number[] => [
  ...unsigned(entries.length),
  ...entries.flat(),
];
export const functionType = (parameters: readonly number[], results: readonly number[]): number[] => [
  0x60,
  ...sized(parameters),
  ...sized(results),
];

/** A function body: `locals` are single value types; the closing `end` is added. */
export const body = (locals: readonly number[], code: readonly number[]): number[] =>
  sized([...list(locals.map((type) => [1, type])), ...code, 0x0b]);

/** A module out of the contents of its sections, in the order given; absent ones are left out. */
export function moduleOf(
  sections: readonly (readonly [id: number, content: readonly number[] | undefined])[],
): Uint8Array<ArrayBuffer> {
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  for (const [id, content] of sections) if (content !== undefined) bytes.push(id, ...sized(content));
  return Uint8Array.from(bytes);
}
