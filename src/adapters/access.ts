// Identity from a JSON Web Token that Cloudflare Access, or another issuer with a published key set, puts on each request. Needs jose.
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from "jose";
import type { Identity } from "../proxy/callers.ts";
import type { Identify } from "../proxy/identify.ts";

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
  /** The clock that tokens are held against, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** A token cannot choose another. */
const ALGORITHMS = ["RS256", "ES256"];
const MAX_TOKEN = 16_384;
const KEYS_FRESH_MS = 3_600_000;
const KEYS_RETRY_MS = 60_000;
const KEYS_TIMEOUT_MS = 5_000;

/** What a token can be blamed for. Everything else is the issuer's fault, or the network's: then it cannot be told who calls. */
const REFUSED = new Set<string>(
  [
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSMultipleMatchingKeys,
    errors.JWKSNoMatchingKey,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JWTClaimValidationFailed,
    errors.JWTExpired,
    errors.JWTInvalid,
  ].map(({ code }) => code),
);

/**
 * Knows agents by a signed token (RFC 7519), verified by jose: RS256 or ES256 with a key of the issuer's set; `iss`, `aud` and `exp` must
 * be there and hold, `nbf` must hold when it is there. Keys are kept for an hour, and fetched again at most once a minute for one
 * that is not known. When the keys cannot be fetched, nobody is let in: it rejects.
 *
 * @throws {TypeError | RangeError} naming the option
 * @example
 * ```ts
 * const identify = accessTokens({ issuer: "https://team.cloudflareaccess.com", audience: "<the application's AUD tag>" });
 * ```
 */
export function accessTokens(options: AccessTokenOptions): Identify {
  const { issuer, header = "cf-access-jwt-assertion", leewaySeconds = 30, now = Date.now } = options;
  const audience = [options.audience].flat();
  if (!/^https:\/\/[^/]+$/.test(issuer)) {
    throw new RangeError(`Cannot identify agents: "issuer" must be an https origin without a path, got "${issuer}"`);
  }
  if (audience.length === 0 || audience.some((one) => typeof one !== "string" || one === "")) {
    throw new RangeError(`Cannot identify agents: "audience" must name at least one audience`);
  }
  const { fetch: load, identity = defaultIdentity } = options;
  const keys = createRemoteJWKSet(new URL(options.keys ?? `${issuer}/cdn-cgi/access/certs`), {
    cacheMaxAge: KEYS_FRESH_MS,
    cooldownDuration: KEYS_RETRY_MS,
    timeoutDuration: KEYS_TIMEOUT_MS,
    ...(load && { [customFetch]: load as typeof fetch }),
  });
  return async (request) => {
    const token = request.headers.get(header);
    if (token === null || token.length > MAX_TOKEN) return null;
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: audience as string[],
        algorithms: ALGORITHMS,
        requiredClaims: ["exp"],
        clockTolerance: leewaySeconds,
        currentDate: new Date(now()),
      });
      return identity(payload);
    } catch (error) {
      if (REFUSED.has((error as { code?: string }).code ?? "")) return null;
      throw error;
    }
  };
}

/** Service tokens have an empty `sub`. */
function defaultIdentity({ sub, common_name: name }: Readonly<Record<string, unknown>>): Identity | null {
  if (typeof sub === "string" && sub !== "") return { principal: `user:${sub}` };
  return typeof name === "string" && name !== "" ? { principal: `service:${name}` } : null;
}
