// Links that hold a whole scenario after the #: compressed, nothing is uploaded. Unpacking never trusts a link's size or content.
import { canonicalJson } from "../backend/canonical-json.ts";
import { parseScenario, type Scenario } from "../monitor/scenario.ts";

/** The version of the decisions of difc.md that this package makes; a link from another version may come out differently. */
export const semanticsVersion = 1;

/** What a link holds. */
export interface Shared {
  readonly scenario: unknown;
  /** Digests of the guards that were in use, SHA-256 in hexadecimal, by the scenario's names. */
  readonly guards?: { readonly [name: string]: string };
}

/** A link, or why there is none. */
export type SharedLink =
  | { readonly ok: true; readonly hash: string; readonly bytes: number }
  | { readonly ok: false; readonly bytes: number; readonly message: string };

export interface ShareOptions {
  /** Longer links are refused: browsers and chats cut them. In characters. @default 16384 */
  readonly maxLength?: number;
}

export interface UnshareOptions {
  /** Digests of the guards at hand, by name: a warning tells of those that differ. */
  readonly guards?: { readonly [name: string]: string };
  /** A link that unpacks to more is refused. In bytes. @default 16 MiB */
  readonly maxBytes?: number;
}

/** What stands in a link, and what to tell its reader. */
export interface Unshared {
  readonly scenario: Scenario;
  readonly guards: { readonly [name: string]: string };
  readonly semantics: number;
  readonly warnings: readonly ShareWarning[];
}

export interface ShareWarning {
  readonly code: "guard-differs" | "semantics-differ";
  readonly message: string;
}

const PREFIX = "#d1=";

/**
 * Packs a scenario into the part of a link after the address: `#d1=` and base64url of the deflated canonical JSON.
 *
 * @throws {TypeError} when the scenario is not JSON
 */
export async function encodeShare(shared: Shared, options: ShareOptions = {}): Promise<SharedLink> {
  const { maxLength = 16_384 } = options;
  const { scenario, guards = {} } = shared;
  const text = canonicalJson({ scenario, guards, semantics: semanticsVersion });
  const packed = await collect(new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw")), Infinity);
  const hash = PREFIX + toBase64Url(packed);
  if (hash.length <= maxLength) return { ok: true, hash, bytes: hash.length };
  const message = `The link would have ${hash.length} characters, more than ${maxLength} that browsers and chats keep whole; save the scenario as a file and send that`;
  return { ok: false, bytes: hash.length, message };
}

/** Tells whether a link's hash holds a scenario. */
export function isShare(hash: string): boolean {
  return hash.startsWith(PREFIX);
}

/** A link that cannot be read. */
export class ShareError extends Error {
  override readonly name = "ShareError";
}

/**
 * Unpacks what {@link encodeShare} made.
 *
 * @param hash with or without its `#`
 * @throws {ShareError} when it is not one, is damaged, or unpacks to more than `maxBytes`
 * @throws {ScenarioError} when what it holds is not a scenario
 */
export async function decodeShare(hash: string, options: UnshareOptions = {}): Promise<Unshared> {
  const { maxBytes = 16 * 1024 * 1024, guards: atHand = {} } = options;
  const full = hash.startsWith("#") ? hash : `#${hash}`;
  if (!isShare(full)) throw new ShareError(`Cannot read the link: it must begin with "${PREFIX}"`);
  const shared = readShared(await unpack(fromBase64Url(full.slice(PREFIX.length)), maxBytes));
  const scenario = parseScenario(shared.scenario);
  const warnings: ShareWarning[] = [];
  if (shared.semantics !== semanticsVersion) {
    const message = `The link was made with version ${shared.semantics} of the decisions, this is version ${semanticsVersion}: what it shows may have come out differently`;
    warnings.push({ code: "semantics-differ", message });
  }
  for (const [name, digest] of Object.entries(shared.guards)) {
    const known = Object.hasOwn(atHand, name) ? atHand[name] : undefined;
    if (known === undefined || known.toLowerCase() === digest) continue;
    const message = `The link was made with another "${name}" (SHA-256 ${digest.slice(0, 12)}…, here ${known.slice(0, 12).toLowerCase()}…): labels may differ`;
    warnings.push({ code: "guard-differs", message });
  }
  return { ...shared, scenario, warnings };
}

function readShared(text: string): { scenario: unknown; guards: Record<string, string>; semantics: number } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ShareError("Cannot read the link: what it holds is not JSON; it may have been cut", { cause });
  }
  const { scenario, guards, semantics } = (value ?? {}) as {
    scenario?: unknown;
    guards?: unknown;
    semantics?: unknown;
  };
  if (scenario === undefined || typeof semantics !== "number") {
    throw new ShareError("Cannot read the link: it holds no scenario and version");
  }
  const known: Record<string, string> = Object.create(null);
  for (const [name, digest] of Object.entries(guards ?? {})) {
    if (typeof digest === "string" && /^[0-9a-f]{64}$/i.test(digest)) known[name] = digest.toLowerCase();
  }
  return { scenario, guards: known, semantics };
}

async function unpack(packed: Uint8Array<ArrayBuffer>, maxBytes: number): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await collect(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")), maxBytes);
  } catch (cause) {
    if (cause instanceof ShareError) throw cause;
    throw new ShareError("Cannot read the link: it does not unpack; it may have been cut", { cause });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ShareError("Cannot read the link: what it holds is not text", { cause });
  }
}

/** Stops as soon as there is more than allowed: a small link may unpack to anything. */
async function collect(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel().catch(() => {});
      throw new ShareError(`Cannot read the link: it unpacks to more than ${maxBytes} bytes`);
    }
    parts.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text)) throw new ShareError("Cannot read the link: it holds characters that are not base64url");
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new ShareError("Cannot read the link: it is not base64url; it may have been cut", { cause });
  }
}
