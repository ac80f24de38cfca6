// Subresource Integrity of a guard's original bytes; loaded only where it is asked for.
import { ModuleError } from "../errors.ts";
import { hex } from "./compile.ts";

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

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
