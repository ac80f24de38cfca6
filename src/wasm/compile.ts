// Bytes to a compiled module, with errors that say what to do.
import { ModuleError } from "../errors.ts";
import { fuelImport, labelFunctions, wasiModule } from "./contract.ts";

/** SHA-256 of exactly these bytes. Only where the platform has it: not in pages that came over plain http. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Compiles prepared bytes. Throws ModuleError `bad-module` when they do not validate, `not-compilable-here` when the runtime forbids it. */
export async function compileModule(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    if (WebAssembly.validate(bytes)) {
      throw new ModuleError(
        "not-compilable-here",
        "Cannot compile the guard: this runtime or its Content-Security-Policy forbids compiling WebAssembly from bytes; allow 'wasm-unsafe-eval', or pass a precompiled WebAssembly.Module",
        { cause },
      );
    }
    throw new ModuleError(
      "bad-module",
      `Cannot compile the guard: its code is not valid here (${String(cause)}); it may use features that this engine lacks`,
      { cause },
    );
  }
}

/**
 * Checks a module that came compiled: names and kinds only, an engine does not tell signatures. What a counting module imports is allowed
 * when its preparation says that it counts. Throws ModuleError.
 */
export function checkCompiled(module: WebAssembly.Module, counts: boolean): void {
  const unknown = WebAssembly.Module.imports(module).filter(
    ({ module: from, name, kind }) =>
      kind !== "function" ||
      !(
        from === wasiModule ||
        (from === "env" && (name === "call_backend" || name === "host_log")) ||
        (counts && from === fuelImport.module && name === fuelImport.name)
      ),
  );
  if (unknown.length > 0) {
    const list = unknown.map(({ module: from, name, kind }) => `"${from}.${name}" (${kind})`).join(", ");
    throw new ModuleError(
      "unknown-import",
      `Cannot use the module: it imports ${list}; a guard may import only the functions env.call_backend, env.host_log and those of ${wasiModule}`,
    );
  }
  const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
  const missing = [
    ...labelFunctions.filter((name) => exported.get(name) !== "function"),
    ...(exported.get("memory") === "memory" ? [] : ["memory"]),
  ];
  if (missing.length > 0) {
    const start = exported.has("_start") ? "; it was built as a command: build it as a reactor, or with TinyGo" : "";
    throw new ModuleError("missing-export", `Cannot use the module: it does not export ${missing.join(", ")}${start}`);
  }
  if (exported.has("alloc") !== exported.has("dealloc")) {
    throw new ModuleError(
      "missing-export",
      "Cannot use the module: it exports one of alloc and dealloc; export both, or neither",
    );
  }
}
