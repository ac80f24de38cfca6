// Bytes to a compiled module, with errors that say what to do.
import { ModuleError } from "../errors.ts";
import { labelFunctions, wasiModule } from "./contract.ts";

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** SHA-256 of exactly these bytes. Only where the platform has it: not in pages that came over plain http. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The SHA-256 digests in Subresource Integrity metadata (one or more `sha256-<base64>`), in lower-case hexadecimal.
 *
 * @throws {TypeError} when there is none.
 */
export function pinnedDigests(integrity: string): string[] {
  const pinned = integrity
    .trim()
    .split(/\s+/)
    .map((entry) => /^sha256-([A-Za-z0-9+/_-]{43})=?(\?.*)?$/.exec(entry)?.[1])
    .filter((entry) => entry !== undefined)
    .map((entry) => atob(`${entry.replaceAll("-", "+").replaceAll("_", "/")}=`))
    .map((bytes) => hex(Uint8Array.from(bytes, (character) => character.charCodeAt(0))));
  if (pinned.length > 0) return pinned;
  throw new TypeError(`Cannot check the guard: "integrity" must be "sha256-<base64 of 32 bytes>", got "${integrity}"`);
}

/**
 * Checks bytes against Subresource Integrity metadata, of which one digest must match.
 *
 * @throws {TypeError} when the metadata has no SHA-256 digest.
 * @throws {ModuleError} `integrity-mismatch`.
 */
export function checkIntegrity(digest: Uint8Array, integrity: string): void {
  if (pinnedDigests(integrity).includes(hex(digest))) return;
  throw new ModuleError(
    "integrity-mismatch",
    `Cannot load the guard: its bytes are sha256-${base64(digest)}, expected ${integrity.trim()}; the file was changed, or the pin is out of date`,
  );
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

/** Checks a module that came compiled: names and kinds only, an engine does not tell signatures. Throws ModuleError. */
export function checkCompiled(module: WebAssembly.Module): void {
  const unknown = WebAssembly.Module.imports(module).filter(
    ({ module: from, name, kind }) =>
      kind !== "function" ||
      !(from === wasiModule || (from === "env" && (name === "call_backend" || name === "host_log"))),
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
