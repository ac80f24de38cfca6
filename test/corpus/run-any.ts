// Runs a module that nothing is known of: imports that answer 0, every export called with a few numbers, everything that shows written down.

import { readModule } from "../../src/wasm/binary.ts";
import { createCursor, readByte, readName, readUnsigned } from "../../src/wasm/leb.ts";

/** What a run showed; `calls` is how many calls were made before one ran out of fuel, or all. */
export interface AnyRun {
  readonly seen: readonly string[];
  readonly calls: number;
}

const mostCalls = 60;
const mostLines = 20_000;

interface Limits {
  readonly minimum: number;
  readonly maximum: number | undefined;
}

interface Imported {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
  readonly limits?: Limits;
}

function readLimits(cursor: ReturnType<typeof createCursor>): Limits {
  const flags = readByte(cursor);
  const minimum = readUnsigned(cursor);
  return { minimum, maximum: (flags & 1) === 0 ? undefined : readUnsigned(cursor) };
}

/** Tables and memories with the limits that the module asks for. */
function importsOf(bytes: Uint8Array): Imported[] {
  const section = readModule(bytes).sections.find(({ id }) => id === 2);
  if (section === undefined) return [];
  const cursor = createCursor(bytes, section.content, section.end);
  return Array.from({ length: readUnsigned(cursor) }, () => {
    const module = readName(cursor);
    const name = readName(cursor);
    const kind = readByte(cursor);
    if (kind === 1 || kind === 3) readByte(cursor);
    if (kind === 1 || kind === 2) return { module, name, kind, limits: readLimits(cursor) };
    if (kind === 4) readByte(cursor);
    if (kind === 3) readByte(cursor);
    else readUnsigned(cursor);
    return { module, name, kind };
  });
}

const zero = (letter: string | undefined): unknown =>
  letter === undefined ? undefined : letter === "I" ? 0n : letter === "r" ? null : 0;

function digest(memory: WebAssembly.Memory): string {
  const words = new Int32Array(memory.buffer);
  let hash = 0;
  for (let index = 0; index < words.length; index++) hash = (Math.imul(hash, 31) + (words[index] as number)) | 0;
  return `${memory.buffer.byteLength}: ${hash}`;
}

const describe = (value: unknown): string =>
  typeof value === "function"
    ? "function"
    : Array.isArray(value)
      ? `[${value.map(describe)}]`
      : Object.is(value, -0)
        ? "-0"
        : String(value);

/** Runs it; a rewritten module may burn `fuel` in each call, and the run ends where that was not enough. */
export function runAny(bytes: Uint8Array<ArrayBuffer>, fuel: number, limit: number = mostCalls): AnyRun {
  const seen: string[] = [];
  const note = (line: string): void => {
    if (seen.length < mostLines) seen.push(line);
  };
  const outline = readModule(bytes);
  let left = fuel;
  let exhausted = false;
  const outOfFuel = (): number => {
    const grant = Math.min(left, 100_000);
    left -= grant;
    exhausted = grant === 0;
    return grant;
  };
  const signatures = outline.imports.filter(({ kind }) => kind === "function").values();
  const globals = outline.globals.values();
  const imports: Record<string, Record<string, unknown>> = {};
  let memory: WebAssembly.Memory | undefined;
  for (const { module, name, kind, limits } of importsOf(bytes)) {
    let value: unknown;
    if (kind === 0) {
      const results = signatures.next().value?.signature?.split(">")[1] ?? "";
      const answer = results.length > 1 ? [...results].map(zero) : zero(results[0]);
      value =
        module === "edge_guard"
          ? outOfFuel
          : (...parameters: unknown[]) => {
              note(`${module}.${name}(${parameters.map(describe)})`);
              return answer;
            };
    } else if (kind === 1)
      value = new WebAssembly.Table({
        element: "anyfunc",
        initial: limits?.minimum ?? 0,
        ...(limits?.maximum === undefined ? {} : { maximum: limits.maximum }),
      });
    else if (kind === 2) {
      memory = new WebAssembly.Memory({
        initial: limits?.minimum ?? 0,
        ...(limits?.maximum === undefined ? {} : { maximum: limits.maximum }),
      });
      value = memory;
    } else {
      const { type, mutable } = globals.next().value ?? { type: "i", mutable: false };
      const types: Readonly<Record<string, string>> = { i: "i32", I: "i64", f: "f32", F: "f64" };
      value = new WebAssembly.Global(
        { value: (types[type] ?? "i32") as "i32", mutable },
        (type === "I" ? 4096n : 4096) as number,
      );
    }
    imports[module] = { ...imports[module], [name]: value };
  }
  const attempt = (what: string, body: () => unknown): void => {
    try {
      note(`${what} -> ${describe(body())}`);
    } catch (error) {
      note(`${what} threw ${error instanceof Error ? error.name : typeof error}`);
    }
  };
  let instance: WebAssembly.Instance | undefined;
  attempt("start", () => {
    instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports as WebAssembly.Imports);
    return "started";
  });
  const finish = (calls: number): AnyRun => {
    const all = [memory, ...Object.values(instance?.exports ?? {})].filter(
      (item) => item instanceof WebAssembly.Memory,
    );
    for (const item of new Set(all)) seen.push(`memory of ${digest(item)}`);
    return { seen, calls };
  };
  if (instance === undefined || exhausted) return finish(exhausted ? -1 : 0);
  let calls = 0;
  for (const { name, kind, signature = "" } of outline.exports) {
    // The count's own function.
    if (name.startsWith("edge_guard.")) continue;
    if (kind === "global") {
      const { value } = instance.exports[name] as WebAssembly.Global;
      note(`${name} = ${describe(value)}`);
    }
    const [parameters = ""] = signature.split(">");
    if (kind !== "function" || /[vr]/.test(signature)) continue;
    if (calls >= limit) break;
    const values = [...parameters].map((letter, index) =>
      letter === "I" ? BigInt(index + 1) : letter === "i" ? (index + 1) * 16 : index + 0.5,
    );
    left = fuel;
    const call = instance.exports[name] as unknown as (...values: unknown[]) => unknown;
    attempt(`${name}(${values})`, () => call(...values));
    // What it did until then is of no use: without fuel it might not have ended.
    if (exhausted) return { seen: [], calls };
    calls++;
  }
  return finish(calls);
}
