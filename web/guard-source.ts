// Reads a guard's bytes in the worker, from whatever could travel there.
import type { PreviewGuardSource } from "./protocol.ts";

/** The bytes behind a source; a compiled module stays one. Rejects with an Error that names the address. */
export async function readSource(source: PreviewGuardSource): Promise<Uint8Array<ArrayBuffer> | WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source))
    return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
  const response = await fetch(source);
  if (!response.ok)
    throw new Error(`Loading the guard from "${String(source)}": the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** SHA-256 in hexadecimal; empty where the platform has no digest, which is so outside secure contexts. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return "";
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
