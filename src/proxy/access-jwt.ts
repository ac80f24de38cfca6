// Identity from a JSON Web Token that Cloudflare Access, or another issuer with a published key set, puts on each request.
import type { Identity } from "./callers.ts";
import { fromBase64Url, type Identify, parseObject } from "./identify.ts";

export interface AccessTokenOptions {
  /** `https://<team>.cloudflareaccess.com`: the issuer that the token must name. */
  readonly issuer: string;
  /** The application's audience tag; the token must name one of them. */
  readonly audience: string | readonly string[];
  /** Where the issuer's keys are. @default `<issuer>/cdn-cgi/access/certs` */
  readonly keys?: string | URL;
  /** @default "cf-access-jwt-assertion" */
  readonly header?: string;
  /** Makes the identity of the token's claims. @default principal: the issuer's `sub`, without one (service tokens) `common_name` */
  readonly identity?: (claims: Readonly<Record<string, unknown>>) => Identity | null;
  /** How far clocks may differ, in seconds. @default 30 */
  readonly leewaySeconds?: number;
  /** @default the runtime's fetch */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** The algorithms that are taken, and what a key for each must be. A token cannot choose another. */
const ALGORITHMS = {
  RS256: {
    kty: "RSA",
    import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    verify: { name: "RSASSA-PKCS1-v1_5" },
  },
  ES256: {
    kty: "EC",
    import: { name: "ECDSA", namedCurve: "P-256" },
    verify: { name: "ECDSA", hash: "SHA-256" },
  },
} as const;

const MAX_TOKEN = 16_384;
const KEYS_FRESH_MS = 3_600_000;
const KEYS_RETRY_MS = 60_000;
const KEYS_TIMEOUT_MS = 5_000;

interface KeySet {
  readonly keys: readonly JsonWebKey[];
  readonly loaded: number;
}

/**
 * Knows agents by a signed token (RFC 7519): RS256 or ES256 with a key of the issuer's set, named by `kid`; `iss`, `aud` and `exp` must
 * be there and hold, `nbf` and `iat` must hold when they are there. Keys are kept for an hour, and fetched again at most once a minute for one
 * that is not known. When the keys cannot be fetched, nobody is let in.
 *
 * @throws {TypeError | RangeError} naming the option
 */
export function accessTokens(options: AccessTokenOptions): Identify {
  const { issuer, header = "cf-access-jwt-assertion", leewaySeconds = 30, now = Date.now } = options;
  const audiences = [options.audience].flat();
  if (!/^https:\/\/[^/]+$/.test(issuer)) {
    throw new RangeError(`Cannot identify agents: "issuer" must be an https origin without a path, got "${issuer}"`);
  }
  if (audiences.length === 0 || audiences.some((audience) => typeof audience !== "string" || audience === "")) {
    throw new RangeError(`Cannot identify agents: "audience" must name at least one audience`);
  }
  const address = String(options.keys ?? `${issuer}/cdn-cgi/access/certs`);
  const load = options.fetch ?? ((url, init) => fetch(url, init));
  const identityOf = options.identity ?? defaultIdentity;
  const imported = new Map<string, Promise<CryptoKey>>();
  let known: KeySet | undefined;
  let loading: Promise<void> | undefined;
  let tried = Number.NEGATIVE_INFINITY;

  const reload = async (): Promise<void> => {
    tried = now();
    const response = await load(address, {
      redirect: "error",
      signal: AbortSignal.timeout(KEYS_TIMEOUT_MS),
    });
    const set = response.ok ? ((await response.json()) as { keys?: unknown } | null) : undefined;
    if (!Array.isArray(set?.keys)) throw new TypeError("The issuer's keys could not be read");
    imported.clear();
    known = { keys: set.keys as JsonWebKey[], loaded: now() };
  };

  const keyFor = async (
    kid: string,
    algorithm: (typeof ALGORITHMS)[keyof typeof ALGORITHMS],
  ): Promise<CryptoKey | undefined> => {
    const find = (): JsonWebKey | undefined =>
      known?.keys.find((key) => (key as { kid?: unknown } | null)?.kid === kid && key.kty === algorithm.kty);
    const isOld = known === undefined || now() - known.loaded > KEYS_FRESH_MS;
    if (loading || isOld || (find() === undefined && now() - tried > KEYS_RETRY_MS)) {
      loading ??= reload().finally(() => {
        loading = undefined;
      });
      await loading;
    }
    const found = find();
    if (found === undefined || (found as { use?: unknown }).use === "enc") return undefined;
    const { kty, n, e, crv, x, y } = found;
    // Of the key only its numbers: what else it says must not change how it is used.
    const plain = kty === "RSA" ? { kty, n: n!, e: e! } : { kty: kty!, crv: crv!, x: x!, y: y! };
    let key = imported.get(`${kid} ${kty}`);
    if (key === undefined) {
      key = crypto.subtle.importKey("jwk", plain, algorithm.import, false, ["verify"]);
      imported.set(`${kid} ${kty}`, key);
    }
    return key;
  };

  return async (request) => {
    const token = request.headers.get(header);
    if (token === null || token.length > MAX_TOKEN) return null;
    const [head = "", body = "", signature = "", ...rest] = token.split(".");
    const { alg, kid, crit } = parseObject(head) ?? {};
    const mac = fromBase64Url(signature);
    const isKnown = alg === "RS256" || alg === "ES256";
    if (rest.length > 0 || !isKnown || typeof kid !== "string" || crit !== undefined || mac === undefined) return null;
    const algorithm = ALGORITHMS[alg];
    const key = await keyFor(kid, algorithm);
    if (key === undefined) return null;
    const signed = new TextEncoder().encode(`${head}.${body}`);
    if (!(await crypto.subtle.verify(algorithm.verify, key, mac, signed))) return null;
    const claims = parseObject(body);
    if (claims === undefined || !holds(claims, issuer, audiences, now() / 1000, leewaySeconds)) return null;
    return identityOf(claims);
  };
}

function holds(
  { iss, aud, exp, nbf, iat }: Readonly<Record<string, unknown>>,
  issuer: string,
  audiences: readonly unknown[],
  seconds: number,
  leeway: number,
): boolean {
  const named = Array.isArray(aud) ? aud : [aud];
  return (
    iss === issuer &&
    named.some((one) => audiences.includes(one)) &&
    typeof exp === "number" &&
    exp > seconds - leeway &&
    [nbf, iat].every((from) => from === undefined || (typeof from === "number" && from <= seconds + leeway))
  );
}

/** Service tokens have an empty `sub`. */
function defaultIdentity({ sub, common_name: name }: Readonly<Record<string, unknown>>): Identity | null {
  if (typeof sub === "string" && sub !== "") return { principal: `user:${sub}` };
  return typeof name === "string" && name !== "" ? { principal: `service:${name}` } : null;
}
