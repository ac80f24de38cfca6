// Who is let in: bearer tokens, signed headers, and tokens of an issuer with a key set, forged in every known way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessTokens } from "../../../src/adapters/access.ts";
import { bearerTokens, signedHeader, signIdentity } from "../../../src/proxy/index.ts";

const request = (headers: Record<string, string>): Request => new Request("https://proxy.example/", { headers });

test("bearer tokens: only whole known ones", async () => {
  const identify = bearerTokens({
    "token-of-alice-0": { principal: "alice" },
    "token-of-robert-0": { principal: "bob", agent: "x" },
    "token-of-a-far-longer-name-0": { principal: "carol" },
  });
  const who = async (authorization: string) => (await identify(request({ authorization })))?.principal ?? null;
  assert.equal(await who("Bearer token-of-alice-0"), "alice");
  assert.equal(await who("bearer  token-of-robert-0"), "bob");
  assert.equal(await who("Bearer token-of-a-far-longer-name-0"), "carol");
  for (const bad of [
    "",
    "Bearer",
    "Bearer token-of-alice-",
    "Bearer token-of-alice-00",
    "Bearer token-of-a-far-longer-name-0=",
    "Bearer token-of-a-far-longer-name-0token-of-a-far-longer-name-0",
    "Basic token-of-alice-0",
    "Bearer token-of-alice-0, x",
    "token-of-alice-0",
    "Bearer __proto__",
  ]) {
    assert.equal(await who(bad), null, bad);
  }
  assert.equal(await identify(request({})), null);
  assert.throws(() => bearerTokens({}), RangeError);
  assert.throws(() => bearerTokens({ short: { principal: "a" } }), RangeError);
});

test("signed headers: whole, unexpired, with a secret that is known", async () => {
  const secret = "s".repeat(32);
  const now = (): number => 1_000_000;
  const identify = signedHeader({ secret: ["o".repeat(32), secret], now });
  const who = async (value: string) => identify(request({ "x-agent-identity": value }));
  const good = await signIdentity({ principal: "alice", agent: "a" }, secret, 1001);
  assert.deepEqual(await who(good), { principal: "alice", agent: "a" });
  assert.equal(await who(await signIdentity({ principal: "alice" }, secret, 1000)), null, "expired");
  assert.equal(await who(await signIdentity({ principal: "alice" }, "x".repeat(32), 1001)), null, "another secret");
  const [payload, mac] = good.split(".");
  const forged = btoa(JSON.stringify({ principal: "root", exp: 9999 })).replace(/=+$/, "");
  for (const bad of [
    "",
    ".",
    `${payload}.`,
    `.${mac}`,
    `${payload}.${mac}.x`,
    `${forged}.${mac}`,
    `${payload}.${mac!.slice(1)}`,
    `${payload}.!!!`,
  ]) {
    assert.equal(await who(bad), null, bad);
  }
  assert.throws(() => signedHeader({ secret: "short" }), RangeError);
  assert.throws(() => signedHeader({ secret: [] }), RangeError);
});

const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const algorithms = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
} as const;
const issuer = "https://team.cloudflareaccess.com";
const claims = { iss: issuer, aud: ["app"], sub: "u1", exp: 1100, nbf: 900, iat: 900 };

async function keyPair(alg: keyof typeof algorithms, kid: string) {
  const pair = (await crypto.subtle.generateKey(algorithms[alg], true, ["sign", "verify"])) as CryptoKeyPair;
  const jwk = { ...(await crypto.subtle.exportKey("jwk", pair.publicKey)), kid, alg };
  const sign = async (payload: unknown, header: object = {}) => {
    const signed = `${encode({ alg, kid, typ: "JWT", ...header })}.${encode(payload)}`;
    const mac = await crypto.subtle.sign(algorithms[alg], pair.privateKey, Buffer.from(signed));
    return `${signed}.${Buffer.from(mac).toString("base64url")}`;
  };
  return { jwk, sign };
}

for (const alg of ["RS256", "ES256"] as const) {
  test(`tokens signed with ${alg}: only whole, fresh ones of this issuer for this audience`, async () => {
    const { jwk, sign } = await keyPair(alg, "k1");
    const stranger = await keyPair(alg, "k1");
    let loads = 0;
    const fetch = async (url: string): Promise<Response> => {
      assert.equal(url, `${issuer}/cdn-cgi/access/certs`);
      loads++;
      return Response.json({ keys: [{ kid: "k2", kty: jwk.kty }, jwk], public_certs: [] });
    };
    const identify = accessTokens({ issuer, audience: ["other", "app"], fetch, now: () => 1_000_000 });
    const who = async (token: string) =>
      (await identify(request({ "cf-access-jwt-assertion": token })))?.principal ?? null;
    const good = await sign(claims);
    assert.equal(await who(good), "user:u1");
    assert.equal(await who(await sign({ ...claims, sub: "", common_name: "ci" })), "service:ci");
    assert.equal(await who(await sign({ ...claims, aud: "app" })), "user:u1");
    const bad: Record<string, string> = {
      "another issuer": await sign({ ...claims, iss: "https://evil.example" }),
      "another audience": await sign({ ...claims, aud: ["another"] }),
      "no audience": await sign({ ...claims, aud: undefined }),
      expired: await sign({ ...claims, exp: 969 }),
      "no expiry": await sign({ ...claims, exp: undefined }),
      "an expiry that is text": await sign({ ...claims, exp: "1100" }),
      "not yet valid": await sign({ ...claims, nbf: 1031 }),
      nobody: await sign({ ...claims, sub: undefined }),
      "another key": await stranger.sign(claims),
      "an unknown key": await sign(claims, { kid: "k9" }),
      "a key without numbers": await sign(claims, { kid: "k2" }),
      "critical extensions": await sign(claims, { crit: ["x"] }),
      "algorithm none": `${encode({ alg: "none", kid: "k1" })}.${encode(claims)}.`,
      "algorithm HS256": await sign(claims, { alg: "HS256" }),
      "the other algorithm": await sign(claims, { alg: alg === "RS256" ? "ES256" : "RS256" }),
      "changed claims": good.replace(/\.[^.]+\./, `.${encode({ ...claims, sub: "root" })}.`),
      "a part missing": good.split(".").slice(0, 2).join("."),
      "a part too many": `${good}.x`,
      "no JSON": `${encode("{")}.${encode(claims)}.AAAA`,
      nothing: "",
    };
    for (const [what, token] of Object.entries(bad)) {
      // A key that is broken may also be the issuer's fault: then it rejects.
      const isIssuers = what === "a key without numbers";
      assert.equal(await (isIssuers ? who(token).catch(() => null) : who(token)), null, what);
    }
    assert.ok(loads <= 2, "Keys are not fetched for every unknown one");
  });
}

test("a key that the issuer made since is fetched once, and used", async () => {
  const [old, fresh] = await Promise.all([keyPair("ES256", "old"), keyPair("ES256", "fresh")]);
  let loads = 0;
  const fetch = async (): Promise<Response> => Response.json({ keys: ++loads === 1 ? [old.jwk] : [fresh.jwk] });
  let clock = Date.now();
  const realNow = Date.now;
  Date.now = () => clock;
  try {
    const identify = accessTokens({ issuer, audience: "app", fetch, now: () => 1_000_000 });
    const who = async (token: string) => (await identify(request({ "cf-access-jwt-assertion": token })))?.principal;
    assert.equal(await who(await old.sign(claims)), "user:u1");
    assert.equal(await who(await fresh.sign(claims)), undefined, "Not again within a minute");
    clock += 61_000;
    assert.equal(await who(await fresh.sign(claims)), "user:u1");
    assert.equal(loads, 2);
  } finally {
    Date.now = realNow;
  }
});

test("when the keys cannot be fetched nobody is let in", async () => {
  const { sign } = await keyPair("ES256", "k1");
  for (const fetch of [
    async () => new Response("no", { status: 500 }),
    async () => new Response("no"),
    async () => Response.json({ keys: "no" }),
    async () => Response.redirect("https://evil.example/", 302),
    async () => {
      throw new TypeError("no route");
    },
  ]) {
    const identify = accessTokens({ issuer, audience: "app", fetch, now: () => 1e6 });
    const token = await sign(claims);
    await assert.rejects(identify(request({ "cf-access-jwt-assertion": token })));
  }
});

test("options that would let anybody in are refused", () => {
  assert.throws(() => accessTokens({ issuer: "http://team.example", audience: "a" }), RangeError);
  assert.throws(() => accessTokens({ issuer: "https://team.example/", audience: "a" }), RangeError);
  assert.throws(() => accessTokens({ issuer, audience: [] }), RangeError);
  assert.throws(() => accessTokens({ issuer, audience: "" }), RangeError);
});

test("bearer tokens: one that differs in a single byte, at any place, or in its length alone is another one", async () => {
  const token = "0123456789abcdefg";
  const identify = bearerTokens({ [token]: { principal: "a" }, [token.slice(0, 16)]: { principal: "b" } });
  const ask = (given: string) =>
    identify(new Request("http://localhost/", { headers: { authorization: `Bearer ${given}` } }));
  assert.deepEqual(await ask(token), { principal: "a" });
  assert.deepEqual(await ask(token.slice(0, 16)), { principal: "b" });
  for (let at = 0; at < token.length; at++) {
    assert.equal(await ask(`${token.slice(0, at)}~${token.slice(at + 1)}`), null);
  }
  for (const length of [1, 4, 12, 15]) assert.equal(await ask(token.slice(0, length)), null);
  for (const more of ["h", "hi", "hijk"]) assert.equal(await ask(token + more), null);
});
