// Warm starts: the state after `_initialize`, and after `label_agent` for a policy, kept beside the module for the next instance,
// here or in the next process.
import { hex, sha256 } from "../wasm/compile.ts";
import type { Checkpoint, FindTold, ToldState, WarmStart } from "../wasm/guest.ts";
import type { CacheEvent } from "./cache.ts";
import { decodeState, encodeState, type StoredState } from "./checkpoint.ts";
import { imageName, type Store, toldList } from "./store.ts";

/** How a guard starts from stored state. */
export interface WarmStartOptions {
  /**
   * Keeps also the state after the first `label_agent` of an instance, with the guard's answer, by policy and limits: the next instance that
   * is told the same policy before anything else takes both. Not kept when the guard asked its backend or slept. Default: false.
   */
  readonly labelAgent?: boolean;
  /**
   * An HMAC key of the application, kept where those who can write to the store cannot read: stored state is then used only when it was
   * signed with it. Without one the store is trusted. Made by `crypto.subtle.importKey("raw", secret, { name: "HMAC", hash:
   * "SHA-256" }, false, ["sign", "verify"])`.
   */
  readonly key?: CryptoKey;
}

/** What a stored state must have been taken from. */
export interface WarmStartOf {
  /** SHA-256 of the original bytes. */
  readonly digest: string;
  /** Stands for the digest, the preparation's version and the limits. */
  readonly key: string;
  readonly memoryPages: number;
  /** How many mutable globals the prepared module exports. */
  readonly globals: number;
  /** Whether there is an `_initialize` to save. */
  readonly initializes: boolean;
  /** Whether the bytes were pinned: then nothing that is not signed may stand in for running them. */
  readonly pinned: boolean;
}

type Tell = (event: CacheEvent) => void;

/** States after label_agent that are kept in memory, per module: each is as large as the guard's memory. */
const toldInMemory = 4;

/** Everything that the state after label_agent depends on. Deadlines are not among it: a call that meets one leaves no state. */
function toldText(key: string, limits: object, input: string): string {
  const counted = Object.entries(limits).filter(([name, value]) => !name.endsWith("Ms") && value !== undefined);
  return JSON.stringify([key, counted.sort(([a], [b]) => (a < b ? -1 : 1)), input]);
}

/**
 * Finds what is kept, and takes what is not kept yet.
 *
 * @throws {TypeError} when `options.key` cannot sign and verify by HMAC.
 */
export async function openWarmStart(
  wanted: Store | undefined,
  of: WarmStartOf,
  options: WarmStartOptions,
  listener: Tell,
): Promise<WarmStart> {
  const tell: Tell = (event) => {
    try {
      listener(event);
    } catch {
      // A listener's own fault must not end an instance's start, and least of all a call.
    }
  };
  const { key: secret, labelAgent = false } = options;
  if (secret !== undefined && !(secret.algorithm?.name === "HMAC" && secret.usages.includes("verify"))) {
    throw new TypeError('Cannot load the guard: "warmStart.key" must be an HMAC key that can sign and verify');
  }
  const unsigned = of.pinned && secret === undefined && wanted !== undefined;
  if (unsigned) {
    const reason = '"integrity" pins the bytes, and stored state is not signed; give warmStart a key';
    tell({ type: "bypass", cache: wanted.name, digest: of.digest, reason });
  }
  const store = unsigned ? undefined : wanted;
  const { digest } = of;

  const restored = (from: "memory" | "store", reason: string): void =>
    tell({ type: "restored", cache: from === "store" && store ? store.name : "memory", digest, from, reason });

  const read = async (name: string, source: string): Promise<StoredState | undefined> => {
    const bytes = await store?.image(name, tell);
    if (bytes === undefined) return undefined;
    const found = await decodeState(bytes, { ...of, of: source }, secret);
    if (found === undefined) store?.dropImage(name, digest, tell);
    return found;
  };
  const write = (name: string, source: string, state: StoredState, list?: string): void =>
    store?.keepImage(name, () => encodeState(state, source, secret), tell, list);

  const known = new Map<string, ToldState>();
  const keepInMemory = (text: string, state: ToldState): void => {
    known.delete(text);
    known.set(text, state);
    for (const oldest of known.keys()) if (known.size > toldInMemory) known.delete(oldest);
  };
  const told: FindTold = async (input, limits, check) => {
    const text = toldText(of.key, limits, input);
    const kept = known.get(text);
    if (kept !== undefined) {
      keepInMemory(text, kept);
      restored("memory", "label_agent");
    }
    // Nothing but the store needs a name for it.
    const source = kept || !store ? "" : hex(await sha256(new TextEncoder().encode(text)));
    const name = `w-${source}`;
    const refuse = (): void => {
      known.delete(text);
      if (source !== "") store?.dropImage(name, digest, tell);
    };
    const find = async (): Promise<ToldState | undefined> => {
      const found = source === "" ? undefined : await read(name, source);
      if (found === undefined) return undefined;
      const state = { checkpoint: found.checkpoint, answer: found.answer ?? "" };
      try {
        check(state.answer);
      } catch {
        refuse();
        return undefined;
      }
      keepInMemory(text, state);
      restored("store", "label_agent");
      return state;
    };
    return {
      state: kept ?? (await find()),
      keep(state) {
        if (known.has(text)) return;
        keepInMemory(text, state);
        if (source !== "") write(name, source, state, toldList(of.key));
      },
      refuse,
    };
  };

  const name = imageName(of.key);
  let image: Checkpoint | undefined = of.initializes ? (await read(name, of.key))?.checkpoint : undefined;
  let from: "memory" | "store" = "store";
  return {
    get image() {
      return image;
    },
    used: () => restored(from, "_initialize"),
    take(checkpoint): void {
      if (!of.initializes || image !== undefined) return;
      image = checkpoint;
      from = "memory";
      write(name, of.key, { checkpoint });
    },
    refuse(): void {
      image = undefined;
      store?.dropImage(name, digest, tell);
    },
    ...(labelAgent ? { told } : {}),
  };
}
