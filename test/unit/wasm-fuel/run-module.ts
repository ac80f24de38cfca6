// Runs a module and writes down everything that can be seen of it, for comparisons.

import { f64, i32 } from "./encode.ts";
import { createRandom, type GeneratedModule } from "./generator.ts";

export interface Run {
  /** Results, traps, calls of the import, globals and a digest of memory, in the order in which they came. */
  readonly seen: string[];
  /** What all calls together burned; undefined when one trapped, or the module does not count. */
  readonly fuel: number | undefined;
  readonly refills: number;
  /** What an exported global `count` holds in the end. */
  readonly count?: number | undefined;
}

function describe(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(describe)}]` : Object.is(value, -0) ? "-0" : String(value);
}

function digest(bytes: Uint8Array): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let hash = 0;
  for (const word of words) hash = (Math.imul(hash, 31) + word) | 0;
  return hash;
}

/** Calls every export twice with arguments from the seed. `grant` is what `out_of_fuel` answers. */
export function runModule(
  bytes: Uint8Array<ArrayBuffer>,
  { parameters }: GeneratedModule,
  seed: number,
  grant: number,
): Run {
  const seen: string[] = [];
  let granted = 0;
  let refills = 0;
  let trapped = false;
  const attempt = (what: string, run: () => unknown): void => {
    try {
      seen.push(`${what} -> ${describe(run())}`);
    } catch (error) {
      trapped = true;
      // Where in the code a trap happened differs; what it was does not.
      seen.push(`${what} threw ${error instanceof Error ? `${error.name}: ${error.message}` : typeof error}`);
    }
  };
  const imports = {
    env: {
      log: (value: number): number => {
        seen.push(`log ${value}`);
        return value ^ 5;
      },
    },
    edge_guard: {
      out_of_fuel: (): number => {
        refills++;
        granted += grant;
        return grant;
      },
    },
  };
  const module = new WebAssembly.Module(bytes);
  let instance: WebAssembly.Instance | undefined;
  attempt("start", () => {
    instance = new WebAssembly.Instance(module, imports);
  });
  if (instance === undefined) return { seen, fuel: undefined, refills };
  const exports = instance.exports as Record<string, never>;
  const globals = exports as Record<string, WebAssembly.Global>;
  const random = createRandom(seed ^ 0x5eed);
  for (let turn = 0; turn < 2; turn++) {
    parameters.forEach((types, index) => {
      const values = types.map((type) => {
        const value = random.below(1000) - 500;
        return type === i32 ? value : type === f64 ? value / 8 : BigInt(value);
      });
      globals["g0"]!.value = 300;
      attempt(`f${index}(${values})`, () =>
        (exports[`f${index}`] as unknown as (...values: unknown[]) => unknown)(...values),
      );
    });
    for (let index = 0; index < 4; index++) seen.push(`g${index} = ${describe(globals[`g${index}`]!.value)}`);
    const memory = (exports as Record<string, WebAssembly.Memory>)["memory"]!;
    seen.push(`memory of ${memory.buffer.byteLength}: ${digest(new Uint8Array(memory.buffer))}`);
  }
  const left = (exports as Record<string, undefined | ((left: number) => number)>)["edge_guard.fuel"]?.(0);
  const count = globals["count"]?.value as number | undefined;
  return { seen, fuel: trapped || left === undefined ? undefined : granted - left, refills, count };
}
