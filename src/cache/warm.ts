// Warm starts: the state after `_initialize`, kept beside the module and used by the next instance, here or in the next process.
import type { Checkpoint, WarmStart } from "../wasm/instance.ts";
import type { CacheEvent } from "./cache.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Store } from "./store.ts";

/** What a stored checkpoint must have been taken from. */
export interface WarmStartOf {
  /** SHA-256 of the original bytes. */
  readonly digest: string;
  /** Stands for the digest, the preparation's version and the limits. */
  readonly key: string;
  readonly memoryPages: number;
  /** How many mutable globals the prepared module exports. */
  readonly globals: number;
}

/** The stored checkpoint, if it is whole and fits; and where the first instance puts its own otherwise. */
export async function openWarmStart(
  store: Store | undefined,
  of: WarmStartOf,
  tell: (event: CacheEvent) => void,
): Promise<WarmStart> {
  const name = `w-${of.key}`;
  let image: Checkpoint | undefined;
  const bytes = await store?.image(name, tell);
  if (bytes !== undefined) {
    image = await decodeCheckpoint(bytes, of);
    if (image === undefined) store?.dropImage(name, of.digest, tell);
  }
  return {
    get image() {
      return image;
    },
    take(checkpoint): void {
      image ??= checkpoint;
      if (store === undefined) return;
      encodeCheckpoint(checkpoint, of.key).then((encoded) => encoded && store.keepImage(name, encoded, tell));
    },
  };
}
