// Ready-made answers to "who is the agent": bearer tokens and a signed header. All comparisons take constant time.
import type { Identity } from "./callers.ts";

export type Identify = (request: Request) => Promise<Identity | null>;

const encoder = new TextEncoder();

/** The token of `Authorization: Bearer …`. */
export function bearerToken(request: Request): string | undefined {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

/**
 * Knows agents by their bearer tokens. All tokens are compared, each to its end, so that the time tells nothing.
 *
 * @param tokens who each token stands for; a token has at least 16 characters
 * @throws {RangeError} when there is none, or one is too short
 */
export function bearerTokens(tokens: Readonly<Record<string, Identity>>): Identify {
  const entries = Object.entries(tokens);
  if (entries.length === 0) throw new RangeError(`Cannot identify agents: "tokens" is empty`);
  if (entries.some(([token]) => token.length < 16)) {
    throw new RangeError(`Cannot identify agents: a token in "tokens" has less than 16 characters`);
  }
  const width = 1 + Math.ceil(Math.max(...entries.map(([token]) => token.length)) / 2);
  // One array for all, for one agent's request looks at every token.
  const known = new Int32Array(entries.length * width);
  for (const [index, [token]] of entries.entries())
    writeWords(token, known.subarray(index * width, (index + 1) * width));
  const given = new Int32Array(width);
  return async (request) => {
    const token = bearerToken(request);
    if (token === undefined) return null;
    writeWords(token, given);
    let found = -1;
    for (let index = 0; index < entries.length; index++) if (isEqual(given, known, index * width)) found = index;
    return entries[found]?.[1] ?? null;
  };
}

/** The length and the characters, two in one, so that few steps compare them; what is beyond the width is left out. */
function writeWords(token: string, words: Int32Array): void {
  words.fill(0);
  words[0] = token.length;
  const end = Math.min(token.length, (words.length - 1) * 2);
  for (let index = 0; index < end; index++) words[1 + (index >> 1)]! |= token.charCodeAt(index) << ((index & 1) * 16);
}

/** Takes the same time for every token: neither where it differs nor how long it is can be told. */
function isEqual(given: Int32Array, known: Int32Array, at: number): boolean {
  let difference = 0;
  for (let index = 0; index < given.length; index++) difference |= given[index]! ^ known[at + index]!;
  return difference === 0;
}

export interface SignedHeaderOptions {
  /** Shared with whoever signs, at least 32 characters. Several while one replaces the other. */
  readonly secret: string | readonly string[];
  /** @default "x-agent-identity" */
  readonly header?: string;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

const DEFAULT_HEADER = "x-agent-identity";

/**
 * Knows agents by a header that someone in front of the proxy has signed with HMAC-SHA-256, as {@link signIdentity} does. Whoever sees such
 * a header can use it until it expires: for hops that are encrypted and trusted.
 *
 * @throws {RangeError} when a secret is too short
 */
export function signedHeader(options: SignedHeaderOptions): Identify {
  const { header = DEFAULT_HEADER, now = Date.now } = options;
  const secrets = [options.secret].flat();
  for (const secret of secrets) requireSecret(secret);
  if (secrets.length === 0) throw new RangeError(`Cannot identify agents: "secret" is empty`);
  const keys = secrets.map((secret) => hmacKey(secret, "verify"));
  return async (request) => {
    const [payload = "", signature = "", ...rest] = (request.headers.get(header) ?? "").split(".");
    const mac = fromBase64Url(signature);
    if (rest.length > 0 || payload === "" || mac === undefined) return null;
    let isSigned = false;
    for (const key of keys) {
      if (await crypto.subtle.verify("HMAC", await key, mac, encoder.encode(payload))) isSigned = true;
    }
    if (!isSigned) return null;
    const claims = parseObject(payload);
    const { principal, agent, exp } = claims ?? {};
    if (typeof principal !== "string" || typeof exp !== "number" || exp * 1000 <= now()) return null;
    if (agent !== undefined && typeof agent !== "string") return null;
    return { principal, agent };
  };
}

/** Signs an identity for {@link signedHeader}. `expires`: seconds since 1970. */
export async function signIdentity(identity: Identity, secret: string, expires: number): Promise<string> {
  requireSecret(secret);
  const payload = toBase64Url(encoder.encode(JSON.stringify({ ...identity, exp: expires })));
  const mac = await crypto.subtle.sign("HMAC", await hmacKey(secret, "sign"), encoder.encode(payload));
  return `${payload}.${toBase64Url(new Uint8Array(mac))}`;
}

function requireSecret(secret: unknown): void {
  if (typeof secret === "string" && secret.length >= 32) return;
  throw new RangeError(`Cannot identify agents: "secret" must be a string of at least 32 characters`);
}

function hmacKey(secret: string, use: "sign" | "verify"): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, [use]);
}

/** The JSON object in Base64url; `undefined` when there is none. */
function parseObject(encoded: string): Record<string, unknown> | undefined {
  try {
    const bytes = fromBase64Url(encoded);
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
