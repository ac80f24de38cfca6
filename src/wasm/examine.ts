// Holds a module against the guard ABI and lists everything that is wrong with it, before anything runs.
import { ModuleError, type ModuleErrorCode } from "../errors.ts";
import { type ExportOutline, type ImportOutline, type ModuleOutline, readModule } from "./binary.ts";
import {
  defaultMemoryPages,
  environmentImports,
  exportSignatures,
  labelFunctions,
  preparedSection,
  reserved,
  wasiModule,
} from "./contract.ts";
import { producers } from "./custom-sections.ts";
import { stateMutations } from "./mutations.ts";

const spelled: { readonly [letter: string]: string } = { i: "i32", I: "i64", f: "f32", F: "f64", v: "v128", r: "ref" };

function spell(signature: string): string {
  const [parameters = "", results = ""] = signature.split(">");
  const list = (letters: string): string => `(${[...letters].map((letter) => spelled[letter]).join(", ")})`;
  return `${list(parameters)} -> ${list(results)}`;
}

function importProblem(item: ImportOutline): ModuleError | undefined {
  const label = `"${item.module}.${item.name}"`;
  const known = item.module === "env" && Object.hasOwn(environmentImports, item.name);
  if (!known && item.module !== wasiModule) return undefined;
  if (item.kind !== "function") {
    return new ModuleError(
      "bad-signature",
      `Cannot use the module: it imports ${label} as a ${item.kind}, it is a function`,
    );
  }
  const wanted = known ? environmentImports[item.name] : undefined;
  if (wanted === undefined || wanted === item.signature) return undefined;
  return new ModuleError(
    "bad-signature",
    `Cannot use the module: it imports ${label} as ${spell(item.signature ?? "")}, it is ${spell(wanted)}`,
  );
}

function importProblems(imports: readonly ImportOutline[]): ModuleError[] {
  const isKnown = ({ module, name }: ImportOutline): boolean =>
    module === wasiModule || (module === "env" && Object.hasOwn(environmentImports, name));
  const unknown = imports.filter((item) => !isKnown(item)).map(({ module, name }) => `"${module}.${name}"`);
  const problems = imports.map(importProblem).filter((problem) => problem !== undefined);
  if (unknown.length > 0) {
    problems.unshift(
      new ModuleError(
        "unknown-import",
        `Cannot use the module: it imports ${unknown.join(", ")}; a guard may import only env.call_backend, env.host_log and ${wasiModule}`,
      ),
    );
  }
  return problems;
}

function exportProblems(outline: ModuleOutline): ModuleError[] {
  const problems: ModuleError[] = [];
  const found = new Map(outline.exports.map((item) => [item.name, item]));
  const missing = labelFunctions.filter((name) => !found.has(name));
  const fail = (code: ModuleErrorCode, message: string): void => {
    problems.push(new ModuleError(code, `Cannot use the module: ${message}`));
  };
  if (missing.length === labelFunctions.length && found.has("_start")) {
    fail(
      "missing-export",
      "it exports _start but no label functions, so it was built as a command; build it as a reactor (Go: -buildmode=c-shared with go:wasmexport, Rust: crate-type cdylib, C: -mexec-model=reactor), or with TinyGo",
    );
  } else if (missing.length > 0) {
    fail(
      "missing-export",
      `it does not export ${missing.join(", ")}; a guard exports ${labelFunctions.join(", ")} and memory`,
    );
  }
  const memory = found.get("memory");
  if (memory === undefined) fail("missing-export", 'it does not export its linear memory under the name "memory"');
  else if (memory.kind !== "memory")
    fail("bad-signature", `its export "memory" is a ${memory.kind}, it must be the linear memory`);
  else if (outline.memories.length > 1)
    fail("bad-module", `it has ${outline.memories.length} memories, a guard has one`);
  for (const [name, wanted] of Object.entries(exportSignatures)) {
    const item = found.get(name);
    if (item === undefined || item.signature === wanted) continue;
    fail(
      "bad-signature",
      `its export "${name}" is ${item.signature === undefined ? `a ${item.kind}` : spell(item.signature)}, it must be ${spell(wanted)}`,
    );
  }
  if (found.has("alloc") !== found.has("dealloc")) {
    const [one, other] = found.has("alloc") ? ["alloc", "dealloc"] : ["dealloc", "alloc"];
    fail("missing-export", `it exports ${one} without ${other}; export both, or neither`);
  }
  return problems;
}

/**
 * Go's runtime takes the pages after its heap for its own, whoever grew them: buffers of the host would lie in its heap, and what
 * it answers could be anything.
 */
function allocatorProblems(bytes: Uint8Array, outline: ModuleOutline): ModuleError[] {
  const allocates = outline.exports.some(({ name }) => name === "alloc");
  if (allocates || !producers(bytes, outline).some((tool) => /^Go\b/.test(tool))) return [];
  return [
    new ModuleError(
      "missing-export",
      "Cannot use the module: it was built by Go and exports no alloc and dealloc, so the host's buffers would lie in its heap; export both with go:wasmexport",
    ),
  ];
}

function memoryProblems(outline: ModuleOutline, cap: number): ModuleError[] {
  const memory = outline.memories[0];
  if (memory === undefined) return [];
  if (memory.shared) {
    return [
      new ModuleError(
        "bad-module",
        "Cannot use the module: its memory is shared, a guard is single-threaded; build it without threads",
      ),
    ];
  }
  if (memory.minimum > cap) {
    return [
      new ModuleError(
        "memory-limit",
        `Cannot use the module: its memory starts at ${memory.minimum} pages, the limit is ${cap}; raise limits.memoryPages or build it with a smaller initial memory`,
      ),
    ];
  }
  return [];
}

/** Why the state of an instance cannot be read and put back; `undefined` when it can (design.md, Checkpoint). */
function stateObstacle(bytes: Uint8Array, outline: ModuleOutline): string | undefined {
  const opaque = outline.globals.findIndex(({ type, mutable }) => mutable && (type === "v" || type === "r"));
  if (opaque >= 0)
    return `mutable global ${opaque} holds a ${spelled[outline.globals[opaque]?.type ?? ""]}, which a host cannot read`;
  try {
    const mutations = stateMutations(bytes, outline);
    return mutations.length > 0 ? `its code uses ${mutations.join(", ")}, whose effect a host cannot read` : undefined;
  } catch (error) {
    // Code that cannot be read may still be valid to the engine; whether its state can be captured is then unknown.
    if (error instanceof ModuleError) return `its code cannot be read: ${error.message}`;
    throw error;
  }
}

export interface Examination {
  readonly outline?: ModuleOutline;
  /** Empty: the module can be a guard. The gravest first. */
  readonly problems: readonly ModuleError[];
  /** Why checkpoints are impossible; absent when they are possible. */
  readonly stateObstacle?: string;
}

/** Examines a module against guard-abi.md. Never throws on bad bytes: what is wrong is in `problems`. */
export function examine(bytes: Uint8Array, memoryPages: number = defaultMemoryPages): Examination {
  try {
    const outline = readModule(bytes);
    const own = outline.sections.some((section) => section.name === preparedSection);
    // A prepared module has them, but each must be what preparation makes of it.
    const isOurs = ({ name, kind, index }: ExportOutline): boolean => {
      const place = name.slice(reserved.length);
      return own && (!/^g\d+$/.test(place) || (kind === "global" && place === `g${index}`));
    };
    const taken = outline.exports
      .filter((item) => item.name.startsWith(reserved) && !isOurs(item))
      .map((item) => `"${item.name}"`);
    const problems = [
      ...importProblems(outline.imports),
      ...exportProblems(outline),
      ...memoryProblems(outline, memoryPages),
      ...allocatorProblems(bytes, outline),
    ];
    if (taken.length > 0) {
      problems.push(
        new ModuleError(
          "bad-module",
          `Cannot use the module: it exports ${taken.join(", ")}, names that begin with "${reserved}" are reserved`,
        ),
      );
    }
    const obstacle = problems.length === 0 ? stateObstacle(bytes, outline) : undefined;
    return { outline, problems, ...(obstacle === undefined ? {} : { stateObstacle: obstacle }) };
  } catch (error) {
    if (error instanceof ModuleError) return { problems: [error] };
    throw error;
  }
}
