// What tests of caches and warm starts keep things in, and how they tamper with what is kept.
import type { ModuleCache } from "edge-guard";

type Bytes = Uint8Array<ArrayBuffer>;

/** A driver over a map that outlives it: each one opened is what the next process or tab would open. */
export function mapStorage(): {
  readonly kept: Map<string, Bytes>;
  open(overrides?: Partial<ModuleCache>): ModuleCache;
} {
  const kept = new Map<string, Bytes>();
  const open = (overrides: Partial<ModuleCache> = {}): ModuleCache => ({
    name: "test",
    get: (key) => kept.get(key),
    set: (key, bytes) => void kept.set(key, bytes),
    delete: (key) => void kept.delete(key),
    ...overrides,
  });
  return { kept, open };
}

export const secretOf = (seed: number): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", new Uint8Array(32).fill(seed), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);

/** The same stored state with another header, and a digest that fits it: what whoever can write to the store can make. */
export async function resealed(all: Bytes, change: (header: Record<string, unknown>) => object): Promise<Bytes> {
  const end = 36 + new DataView(all.buffer).getUint32(32, true);
  const header = JSON.parse(new TextDecoder().decode(all.subarray(36, end)));
  const head = new TextEncoder().encode(JSON.stringify(change(header)));
  const made = new Uint8Array(36 + head.length + all.length - end);
  new DataView(made.buffer).setUint32(32, head.length, true);
  made.set(head, 36);
  made.set(all.subarray(end), 36 + head.length);
  made.set(new Uint8Array(await crypto.subtle.digest("SHA-256", made.subarray(32))));
  return made;
}
