// A report on a module for people and tools: what it imports and exports, what it needs, what is wrong with it.
import { ModuleError, type ModuleErrorCode } from "../errors.ts";
import type { ExternalKind } from "./binary.ts";
import { defaultMemoryPages, fuelImport, preparedSection, reserved, wasiModule } from "./contract.ts";
import { customSections, producers } from "./custom-sections.ts";
import { examine } from "./examine.ts";
import { removeFuel } from "./fuel-removal.ts";
import { checkMemoryPages } from "./prepare.ts";

export interface GuardReport {
  /** True when the module can be a guard. */
  readonly ok: boolean;
  /** In bytes. */
  readonly size: number;
  /** What is wrong, the gravest first, with how to mend it. */
  readonly problems: readonly { readonly code: ModuleErrorCode; readonly message: string }[];
  readonly imports: readonly {
    readonly module: string;
    readonly name: string;
    readonly kind: ExternalKind;
    readonly signature?: string;
  }[];
  readonly exports: readonly { readonly name: string; readonly kind: ExternalKind; readonly signature?: string }[];
  /** In pages of 64 KiB; a missing maximum means none is declared. */
  readonly memory?: { readonly minimumPages: number; readonly maximumPages?: number };
  readonly mutableGlobals: number;
  /** Whose buffers label calls use: the guest's allocator (`alloc`, `dealloc`) or pages that the host grows. */
  readonly buffers: "guest" | "host";
  readonly wasi: boolean;
  readonly callsBackend: boolean;
  /** Whether checkpoints work, and why not. */
  readonly checkpoint: { readonly possible: boolean; readonly obstacle?: string };
  readonly prepared: boolean;
  /** Whether it was prepared with fuel; what that added is left out of this report. */
  readonly counts: boolean;
  readonly customSections: readonly string[];
  /** The tools that made it, as its producers section says. */
  readonly producers: readonly string[];
}

/**
 * Examines a module without compiling or running it. Never throws on bad bytes: the problems are in the report.
 *
 * @throws {RangeError} when `memoryPages` is not a whole number from 1 to 65536 (default: 512).
 */
export function inspectGuard(
  bytes: Uint8Array | ArrayBuffer,
  options: { readonly memoryPages?: number } = {},
): GuardReport {
  const given = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const memoryPages = checkMemoryPages(options.memoryPages ?? defaultMemoryPages);
  const first = examine(given, memoryPages);
  const claims = first.outline?.imports.some(({ module }) => module === fuelImport.module) ?? false;
  const { source, forgery } = claims ? withoutFuel(given) : { source: given };
  const { outline, problems: found, stateObstacle } = source === given ? first : examine(source, memoryPages);
  const problems = forgery === undefined ? found : [forgery, ...found];
  const memory = outline?.memories[0];
  const names = new Set(outline?.exports.map(({ name }) => name));
  return {
    ok: problems.length === 0,
    size: given.length,
    problems: problems.map(({ code, message }) => ({ code, message })),
    imports: outline?.imports ?? [],
    exports: (outline?.exports ?? [])
      .filter(({ name }) => !name.startsWith(reserved))
      .map(({ name, kind, signature }) => (signature === undefined ? { name, kind } : { name, kind, signature })),
    ...(memory === undefined
      ? {}
      : {
          memory: {
            minimumPages: memory.minimum,
            ...(memory.maximum === undefined ? {} : { maximumPages: memory.maximum }),
          },
        }),
    mutableGlobals: outline?.globals.filter(({ mutable }) => mutable).length ?? 0,
    buffers: names.has("alloc") && names.has("dealloc") ? "guest" : "host",
    wasi: outline?.imports.some(({ module }) => module === wasiModule) ?? false,
    callsBackend: outline?.imports.some(({ module, name }) => module === "env" && name === "call_backend") ?? false,
    checkpoint: {
      possible: problems.length === 0 && stateObstacle === undefined,
      ...(stateObstacle === undefined ? {} : { obstacle: stateObstacle }),
    },
    counts: claims && forgery === undefined,
    prepared: outline?.sections.some(({ name }) => name === preparedSection) ?? false,
    customSections: outline === undefined ? [] : customSections(outline),
    producers: outline === undefined ? [] : producers(source, outline),
  };
}

/** The module as it was before it was prepared with fuel, or what is wrong with the claim that it was. */
function withoutFuel(given: Uint8Array): { readonly source: Uint8Array; readonly forgery?: ModuleError } {
  try {
    return { source: removeFuel(given) };
  } catch (error) {
    if (error instanceof ModuleError) return { source: given, forgery: error };
    throw error;
  }
}
