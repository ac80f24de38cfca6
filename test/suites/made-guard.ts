// Makes guards of any size in memory: for tests and benches of loading, where the bytes count and the labels do not.

const unsigned = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
};

const signed = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 127;
    rest >>= 7;
    const last = (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0);
    bytes.push(last ? low : low | 128);
    if (last) return bytes;
  }
};

const text = (value: string): number[] => {
  const bytes = [...new TextEncoder().encode(value)];
  return [...unsigned(bytes.length), ...bytes];
};
const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, body: readonly number[]): number[] => [id, ...unsigned(body.length), ...body];

const answers = [
  '{"agent":{"secrecy":[],"integrity":[]},"difc_mode":"strict"}',
  '{"resource":{"description":"made","secrecy":[],"integrity":[]},"operation":"read"}',
  "{}",
];

/** A function that mixes numbers, different from every other one: `rounds` times around, with `steps` operations each. */
function filler(seed: number, steps: number): number[] {
  const operations: number[] = [];
  for (let step = 0; step < steps; step++) {
    const constant = signed((Math.imul(seed + 1, 2654435761) ^ Math.imul(step + 1, 40503)) | 1);
    // local 0 = (local 0 ⊕ constant) · constant' rotated by the counter, in turns
    operations.push(0x20, 0, 0x41, ...constant, [0x73, 0x6c, 0x6a, 0x77][step % 4] as number, 0x21, 0);
  }
  const loop = [0x03, 0x40, ...operations, 0x20, 1, 0x41, 1, 0x6b, 0x22, 1, 0x0d, 0, 0x0b];
  const body = [0, ...loop, 0x20, 0, 0x0b];
  return [...unsigned(body.length), ...body];
}

export interface MadeGuardOptions {
  /** About how many bytes the module has. */
  readonly bytes: number;
  /** Guards with different seeds have different bytes. Default: 0. */
  readonly seed?: number;
}

/** A guard with fixed answers and code of the wanted size, all of it valid and some of it run. */
export function makeGuard({ bytes, seed = 0 }: MadeGuardOptions): Uint8Array<ArrayBuffer> {
  const steps = 60;
  const size = filler(12345, steps).length;
  const count = Math.max(1, Math.round((bytes - 600) / (size + 1)));
  const called = Math.min(50, count);

  const answer = (index: number): number[] => {
    const at = 1024 * (index + 1);
    const length = answers[index]?.length ?? 0;
    const calls =
      index === 0
        ? Array.from({ length: called }, (_, n) => [0x41, ...signed(n), 0x41, 1, 0x10, ...unsigned(3 + n), 0x1a]).flat()
        : [];
    const copy = [0x20, 2, 0x41, ...signed(at), 0x41, ...signed(length), 0xfc, 0x0a, 0, 0];
    const body = [0, ...calls, ...copy, 0x41, ...signed(length), 0x0b];
    return [...unsigned(body.length), ...body];
  };
  const segment = (value: string, index: number): number[] => [
    0,
    0x41,
    ...signed(1024 * (index + 1)),
    0x0b,
    ...text(value),
  ];

  const head = [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(
      1,
      vector([
        [0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f],
        [0x60, 2, 0x7f, 0x7f, 1, 0x7f],
      ]),
    ),
    section(3, [...unsigned(count + 3), 0, 0, 0, ...Array.from({ length: count }, () => 1)]),
    section(5, vector([[0, 2]])),
    section(
      7,
      vector([
        [...text("memory"), 2, 0],
        ...["label_agent", "label_resource", "label_response"].map((name, index) => [...text(name), 0, index]),
      ]),
    ),
  ].flat();
  const bodies = [...answers.keys()].map(answer);
  for (let n = 0; n < count; n++) bodies.push(filler(seed * 1_000_003 + n, steps));
  const codeLength = bodies.reduce((sum, body) => sum + body.length, unsigned(bodies.length).length);
  const data = section(11, vector(answers.map(segment)));
  const start = [...head, 10, ...unsigned(codeLength), ...unsigned(bodies.length)];
  const made = new Uint8Array(start.length + codeLength - unsigned(bodies.length).length + data.length);
  made.set(start);
  let offset = start.length;
  for (const body of bodies) {
    made.set(body, offset);
    offset += body.length;
  }
  made.set(data, offset);
  return made;
}
