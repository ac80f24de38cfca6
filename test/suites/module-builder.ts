// Small modules from data: enough of the binary format for guards that are wrong in one way.

export interface ModuleParts {
  /** `[module, name, type]`; a type such as `iiii>i`, or `memory`, `table`, `global`. */
  readonly imports?: readonly (readonly [string, string, string])[];
  /** Name to type; `memory`, `table`, `global` for what is not a function. Default: a guard's. */
  readonly exports?: Readonly<Record<string, string>>;
  /** Leaves these out of the default exports. */
  readonly without?: readonly string[];
  /** `[minimum, maximum?]` in pages and the flags' byte, when it is not what follows from them. */
  readonly memory?: readonly number[] | null;
  readonly memoryFlags?: number;
  readonly memories?: number;
  /** The bytes of the functions' bodies in hexadecimal, by export; default: `unreachable`. */
  readonly code?: Readonly<Record<string, string>>;
  /** Name to text. */
  readonly customSections?: Readonly<Record<string, string>>;
}

const types: Readonly<Record<string, number>> = { i: 0x7f, I: 0x7e, f: 0x7d, F: 0x7c };
const label = "iiii>i";

function leb(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}
const name = (text: string): number[] => {
  const bytes = new TextEncoder().encode(text);
  return [...leb(bytes.length), ...bytes];
};
const list = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
const fromHex = (text: string): number[] => (text.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));

function functionType(signature: string): number[] {
  const [parameters = "", results = ""] = signature.split(">");
  const half = (letters: string): number[] => list([...letters].map((letter) => [types[letter] ?? 0]));
  return [0x60, ...half(parameters), ...half(results)];
}

export function buildModule(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const standard = { memory: "memory", label_agent: label, label_resource: label, label_response: label };
  const exported = Object.entries({ ...standard, ...parts.exports }).filter(([key]) => !parts.without?.includes(key));
  const imported = parts.imports ?? [];
  const isFunction = (type: string): boolean => type.includes(">");
  const signatures = [
    ...new Set([...imported.map(([, , type]) => type), ...exported.map(([, type]) => type)].filter(isFunction)),
  ];
  const functions = exported.filter(([, type]) => isFunction(type));
  const importedFunctions = imported.filter(([, , type]) => isFunction(type)).length;
  const other: Readonly<Record<string, { kind: number; type: readonly number[] }>> = {
    table: { kind: 1, type: [0x70, 0, 1] },
    memory: { kind: 2, type: [0, 1] },
    global: { kind: 3, type: [0x7f, 0] },
  };
  const imports = imported.map(([from, what, type]) => [
    ...name(from),
    ...name(what),
    ...(isFunction(type)
      ? [0, ...leb(signatures.indexOf(type))]
      : [other[type]?.kind ?? 9, ...(other[type]?.type ?? [])]),
  ]);
  const exports = exported.map(([key, type]) => [
    ...name(key),
    ...(isFunction(type)
      ? [0, ...leb(importedFunctions + functions.findIndex(([one]) => one === key))]
      : [other[type]?.kind ?? 9, 0]),
  ]);
  const bodies = functions.map(([key]) => {
    const body = [0, ...fromHex(parts.code?.[key] ?? "00"), 0x0b];
    return [...leb(body.length), ...body];
  });
  const limits = parts.memory === undefined ? [1] : parts.memory;
  const memory = limits === null ? [] : [parts.memoryFlags ?? limits.length - 1, ...limits.flatMap(leb)];
  const uses = (kind: string): boolean => exported.some(([, type]) => type === kind);
  const custom = Object.entries(parts.customSections ?? {}).flatMap(([key, text]) =>
    section(0, [...name(key), ...new TextEncoder().encode(text)]),
  );
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(signatures.map(functionType))),
    ...(imports.length === 0 ? [] : section(2, list(imports))),
    ...section(3, list(functions.map(([, type]) => leb(signatures.indexOf(type))))),
    ...(uses("table") ? section(4, list([[0x70, 0, 1]])) : []),
    ...(limits === null ? [] : section(5, list(Array.from({ length: parts.memories ?? 1 }, () => memory)))),
    ...(uses("global") ? section(6, list([[0x7f, 0, 0x41, 0, 0x0b]])) : []),
    ...section(7, list(exports)),
    ...section(10, list(bodies)),
    ...custom,
  ]);
}

/** The same module with its allocator's exports under other names: the host then uses pages of its own. */
export function withoutAllocator(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  for (const word of ["alloc", "dealloc"]) {
    // The length before it and the kind behind it tell the export from other places.
    const wanted = [word.length, ...new TextEncoder().encode(word), 0];
    const at = copy.findIndex((_, index) => wanted.every((byte, offset) => copy[index + offset] === byte));
    if (at < 0) throw new Error(`The module does not export ${word}`);
    copy[at + 1] = 0x78;
  }
  return copy;
}
