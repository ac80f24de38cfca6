// How much of tags a log shows: tags are names of private things.
import type { Tag } from "../difc/labels.ts";

export interface TagDisclosure {
  /** `counted`: how many; `hashed`: keyed hashes, so that equal tags can be told to be equal; `full`: as they are. @default "counted" */
  readonly tags?: "counted" | "hashed" | "full" | undefined;
  /** For `hashed`: without a key anybody could try names. At least 16 characters. */
  readonly key?: string | undefined;
}

/** @throws {TypeError} for `hashed` without a key */
export function hashTags({
  tags = "counted",
  key,
}: TagDisclosure): (given: readonly Tag[]) => Promise<readonly string[]> {
  if (tags !== "hashed") return async (given) => (tags === "full" ? given : []);
  if (typeof key !== "string" || key.length < 16) {
    throw new TypeError(`Cannot hash tags: "key" must be a string of at least 16 characters`);
  }
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  let imported: Promise<CryptoKey> | undefined;
  return async (given) => {
    imported ??= crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, ["sign"]);
    const hmac = await imported;
    return Promise.all(
      given.map(async (tag) => {
        const mac = new Uint8Array(await crypto.subtle.sign("HMAC", hmac, encoder.encode(tag)), 0, 8);
        return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("");
      }),
    );
  };
}
