// The cache coordinator by its behaviour: one request, one compilation, verified bytes, and no store that can fail a load.
import type { CacheEvent, ModuleCache } from "edge-guard";
import { equal, ok, rejects } from "./assert.ts";
import { mapStorage } from "./kept-state.ts";
import { makeGuard } from "./made-guard.ts";
import type { Library, Runner } from "./suite.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Answer = (request: Request, count: number) => Response | Promise<Response>;

/** In a page on its own server: across origins no question is asked by headers. */
const page = (globalThis as { location?: { origin?: string } }).location?.origin;
const address = `${page?.startsWith("http") ? page : "https://guards.example"}/repo-guard.wasm`;
const [first, second] = [makeGuard({ bytes: 3000 }), makeGuard({ bytes: 3000, seed: 1 })];

const wasm = (bytes: Bytes, headers: Record<string, string> = {}, status = 200): Response =>
  new Response(status === 304 ? null : bytes, { status, headers: { "content-type": "application/wasm", ...headers } });

/** A server in memory: `requests` are those that reached it. */
function serverOf(answer: Answer) {
  const requests: Request[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    requests.push(request);
    return answer(request, requests.length);
  };
  return { fetch: fetch as typeof globalThis.fetch, requests };
}

/** The events of a load, short: `type`, and what qualifies it. */
function recorder() {
  const events: CacheEvent[] = [];
  return {
    events,
    onCacheEvent: (event: CacheEvent): void => void events.push(event),
    short: () => events.map(({ type, from, outcome }) => [type, outcome, from].filter(Boolean).join(" ")),
  };
}

const forever = (): Promise<never> => new Promise(() => {});
/** Long enough for what goes on behind a load: it digests now and then, and on a busy machine that takes longer than any timer. */
const turns = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 40));
  for (let digests = 0; digests < 6; digests++) await crypto.subtle.digest("SHA-256", new Uint8Array(1));
};
const sha256 = async (bytes: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const hex = (bytes: Bytes): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const pin = async (bytes: Bytes): Promise<string> => `sha256-${btoa(String.fromCharCode(...(await sha256(bytes))))}`;

export function cacheSuite(runner: Runner, library: Library): void {
  const { memoryCache, tieredCache, replaceCache, closeCache } = library;
  // Whether guards count by default is the runtime's affair, and more is kept of those that do: the same everywhere, unless a test says so.
  const loadGuard: Library["loadGuard"] = (source, options) => library.loadGuard(source, { fuel: false, ...options });
  const compileGuard: Library["compileGuard"] = (source, options) =>
    library.compileGuard(source, { fuel: false, ...options });
  const { test } = runner;

  /** Counts compilations while `body` runs. */
  async function compilations(body: () => Promise<unknown>): Promise<number> {
    const original = WebAssembly.compile;
    let count = 0;
    WebAssembly.compile = (async (bytes: BufferSource) => {
      const module = await original(bytes);
      // Node compiles modules of its own for fetch.
      if (WebAssembly.Module.exports(module).some(({ name }) => name === "label_agent")) count++;
      return module;
    }) as typeof original;
    try {
      await body();
    } finally {
      WebAssembly.compile = original;
    }
    return count;
  }

  test("200 loads of one URL at once: one request, one compilation", async () => {
    const { fetch, requests } = serverOf(() => wasm(makeGuard({ bytes: 3000, seed: 200 })));
    const loads = await compilations(async () => {
      // Chromium has room for about 120 instances.
      const [guards, modules] = await Promise.all([
        Promise.all(Array.from({ length: 40 }, () => loadGuard(address, { fetch }))),
        Promise.all(Array.from({ length: 160 }, () => compileGuard(address, { fetch }))),
      ]);
      equal(new Set(guards).size, 40);
      equal(
        new Set([...modules, ...guards.map(({ module }) => module)].map(({ module }) => module)).size,
        1,
        "The modules",
      );
      await Promise.all(guards.map((guard) => guard.close()));
    });
    equal([requests.length, loads], [1, 1]);
  });

  test("200 loads of one URL at once through a store: one request, one compilation, one writing of the bytes", async () => {
    const { fetch, requests } = serverOf(() => wasm(first));
    const writes: string[] = [];
    const cache = mapStorage().open({ set: (key) => void writes.push(key.slice(0, 4)) });
    const count = await compilations(() =>
      Promise.all(Array.from({ length: 200 }, () => compileGuard(address, { fetch, cache }))),
    );
    await closeCache(cache);
    equal([requests.length, count, writes.sort()], [1, 1, [hex(await sha256(first)).slice(0, 4), "url-"].sort()]);
  });

  test("the same bytes from two URLs are compiled once", async () => {
    const { fetch, requests } = serverOf(() => wasm(makeGuard({ bytes: 3000, seed: 2 })));
    const count = await compilations(() =>
      Promise.all([compileGuard(`${address}?a`, { fetch }), compileGuard(`${address}?b`, { fetch })]),
    );
    equal([requests.length, count], [2, 1]);
  });

  test("loads with other limits or another fetch do not share", async () => {
    const cache = mapStorage().open();
    const [one, other] = [serverOf(() => wasm(first)), serverOf(() => wasm(second))];
    const [a, b, c] = await Promise.all([
      compileGuard(address, { fetch: one.fetch, cache }),
      compileGuard(address, { fetch: other.fetch, cache }),
      compileGuard(address, { fetch: one.fetch, cache, limits: { memoryPages: 16 } }),
    ]);
    ok(a.digest !== b.digest && a.digest === c.digest && a.module !== c.module, "The modules are shared");
    equal([one.requests.length, other.requests.length], [2, 1]);
  });

  test("an answer that is fresh is not questioned", async () => {
    const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "public, max-age=60" }));
    const cache = mapStorage().open();
    const told = recorder();
    for (let n = 0; n < 3; n++) await compileGuard(address, { fetch, cache, ...told });
    equal([requests.length, told.short()], [1, ["miss", "hit memory", "hit memory"]]);
  });

  test("an answer's age counts, and a clock that was set back makes it stale", async () => {
    const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "max-age=60", age: "58" }));
    const cache = mapStorage().open();
    const now = Date.now;
    try {
      for (const later of [0, 1_900, 2_100, -1_000_000]) {
        Date.now = () => now() + later;
        await compileGuard(address, { fetch, cache });
      }
    } finally {
      Date.now = now;
    }
    equal(requests.length, 3);
  });

  for (const [kind, validator, question] of [
    ["ETag", { etag: '"v1"' }, "if-none-match"],
    ["Last-Modified", { "last-modified": "Sun, 22 Nov 2026 10:00:00 GMT" }, "if-modified-since"],
  ] as const) {
    test(`a stale answer is asked about by its ${kind}, and kept when the server confirms it`, async () => {
      const wanted = Object.values(validator)[0] as string;
      const { fetch, requests } = serverOf(({ headers }) =>
        headers.get(question) === wanted ? wasm(first, {}, 304) : wasm(first, validator),
      );
      const { open } = mapStorage();
      const told = recorder();
      const cache = open();
      await compileGuard(address, { fetch, cache, ...told });
      await compileGuard(address, { fetch, cache, ...told });
      await turns();
      await compileGuard(address, { fetch, cache: open(), ...told });
      equal(told.short(), ["miss", "stale revalidated memory", "stale revalidated store"]);
      equal(
        requests.map(({ headers }) => headers.get(question)),
        [null, wanted, wanted],
      );
    });
  }

  test("a guard that was replaced on the server is replaced here, and the old bytes go", async () => {
    const { fetch } = serverOf((_, count) => wasm(count === 1 ? first : second, { etag: `"v${count}"` }));
    const { kept, open } = mapStorage();
    const told = recorder();
    const cache = open();
    const before = await compileGuard(address, { fetch, cache, ...told });
    await turns();
    const after = await compileGuard(address, { fetch, cache, ...told });
    await turns();
    equal([before.digest, after.digest], [hex(await sha256(first)), hex(await sha256(second))]);
    equal(told.short(), ["miss", "stale replaced"]);
    equal([kept.has(before.digest as string), kept.has(after.digest as string)], [false, true]);
  });

  const outages: Readonly<Record<string, Answer>> = {
    "cannot be reached": () => Promise.reject(new TypeError("fetch failed")),
    "answers 503": () => new Response("busy", { status: 503 }),
    "breaks off": () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.enqueue(new Uint8Array(10));
            controller.error(new Error("reset"));
          },
        }),
      ),
  };
  for (const [what, outage] of Object.entries(outages)) {
    test(`what is kept is used when the server ${what}`, async () => {
      const { fetch } = serverOf((request, count) => (count === 1 ? wasm(first) : outage(request, count)));
      const { open } = mapStorage();
      const told = recorder();
      const cache = open();
      await compileGuard(address, { fetch, cache, ...told });
      await turns();
      for (const again of [cache, open()]) {
        const guard = await compileGuard(address, { fetch, cache: again, ...told });
        equal(guard.digest, hex(await sha256(first)));
      }
      equal(told.short(), ["miss", "stale offline memory", "stale offline store"]);
      const error = await rejects(compileGuard(`${address}?unknown`, { fetch, cache }));
      equal((error as { code?: string }).code, "load-failed");
    });
  }

  test("a guard that the server withdrew is not used any more", async () => {
    const { fetch } = serverOf((_, count) => (count === 1 ? wasm(first) : new Response("gone", { status: 404 })));
    const cache = mapStorage().open();
    await compileGuard(address, { fetch, cache });
    equal(((await rejects(compileGuard(address, { fetch, cache }))) as { code?: string }).code, "load-failed");
  });

  test("an answer that must not be stored is not", async () => {
    const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "no-store", etag: '"v1"' }));
    const { kept, open } = mapStorage();
    const cache = open();
    for (let n = 0; n < 2; n++) await compileGuard(address, { fetch, cache });
    await turns();
    equal([requests.length, requests[1]?.headers.get("if-none-match"), kept.size], [2, null, 0]);
  });

  test("requests with headers of their own, and other methods, are neither shared nor kept", async () => {
    const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "max-age=60" }));
    const { kept, open } = mapStorage();
    const cache = open();
    const asked = (): Request => new Request(address, { headers: { authorization: "Bearer a" } });
    await Promise.all(
      [asked(), asked(), new Request(address, { method: "POST" })].map((request) =>
        compileGuard(request, { fetch, cache }),
      ),
    );
    await turns();
    equal([requests.length, requests[0]?.headers.get("authorization"), kept.size], [3, "Bearer a", 0]);
  });

  test("the next process needs no request while the answer is fresh", async () => {
    const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "max-age=60" }));
    const { open } = mapStorage();
    const told = recorder();
    await compileGuard(address, { fetch, cache: open(), ...told });
    await turns();
    const guard = await loadGuard(address, { fetch, cache: open(), ...told });
    equal((await guard.labelAgent({})).mode, "strict");
    equal([requests.length, told.short(), guard.name], [1, ["miss", "hit store"], "repo-guard"]);
    await guard.close();
  });

  const damages: Readonly<Record<string, (bytes: Bytes) => unknown>> = {
    "its first byte changed": (bytes) => bytes.with(0, 1),
    "one byte of its code changed": (bytes) => bytes.with(2000, (bytes[2000] as number) ^ 1),
    "its last byte missing": (bytes) => bytes.slice(0, -1),
    "only its first half written": (bytes) => bytes.slice(0, bytes.length / 2),
    "a byte too many": (bytes) => new Uint8Array([...bytes, 0]),
    "nothing in it": () => new Uint8Array(0),
    "another guard in its place": () => second,
    "text instead of bytes": () => "bytes",
    "null instead of bytes": () => null,
    "an ArrayBuffer instead of a view": (bytes) => bytes.buffer,
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`a stored guard with ${what} is noticed, deleted and fetched afresh`, async () => {
      const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "max-age=60" }));
      const { kept, open } = mapStorage();
      const digest = hex(await sha256(first));
      await compileGuard(address, { fetch, cache: open() });
      await turns();
      kept.set(digest, damage(kept.get(digest) as Bytes) as Bytes);
      const deleted: string[] = [];
      const told = recorder();
      const cache = open({
        delete(key) {
          deleted.push(key);
          kept.delete(key);
        },
      });
      const guard = await compileGuard(address, { fetch, cache, ...told });
      await turns();
      equal([guard.digest, told.short(), deleted], [digest, ["corrupt", "miss"], [digest]]);
      ok(
        kept.get(digest)?.every((byte, index) => byte === first[index]),
        "The store was not mended",
      );
      equal(requests.length, 2);
    });
  }

  const records: Readonly<Record<string, unknown>> = {
    "no JSON": "}",
    null: "null",
    "a digest that is none": '{"digest":"../../etc/passwd","checked":0,"fresh":1e300}',
    "times that are none": `{"digest":"${"0".repeat(64)}","checked":"now","fresh":null}`,
    "a header with a line break": `{"digest":"${"0".repeat(64)}","checked":0,"fresh":1,"etag":"a\\r\\nx: y"}`,
    "a digest of nothing that is kept": `{"digest":"${"0".repeat(64)}","checked":0,"fresh":1e15}`,
  };
  for (const [what, record] of Object.entries(records)) {
    test(`an address whose record holds ${what} is asked anew`, async () => {
      const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "max-age=60" }));
      const { kept, open } = mapStorage();
      kept.set(`url-${hex(await sha256(new TextEncoder().encode(address)))}`, new TextEncoder().encode(String(record)));
      equal((await compileGuard(address, { fetch, cache: open() })).digest, hex(await sha256(first)));
      equal(requests.length, 1);
    });
  }

  const fail = (): never => {
    throw new DOMException("The quota has been exceeded", "QuotaExceededError");
  };
  const failures: Readonly<Record<string, Partial<ModuleCache>>> = {
    "throws when it is read": { get: fail },
    "rejects when it is read": { get: async () => fail() },
    "has no room": { set: fail },
    "has no room, asynchronously": { set: async () => fail() },
    "throws at everything": { get: fail, set: fail, delete: fail },
    "throws something that is no error": { get: () => Promise.reject(undefined) },
  };
  for (const [what, failure] of Object.entries(failures)) {
    test(`a store that ${what} fails no load, and says so`, async () => {
      const { fetch } = serverOf(() => wasm(first, { "cache-control": "max-age=60" }));
      const told = recorder();
      const guard = await loadGuard(address, { fetch, cache: mapStorage().open(failure), ...told });
      await turns();
      equal((await guard.labelAgent({})).mode, "strict");
      const failed = told.events.filter(({ type }) => type === "failed");
      ok(failed.length > 0, `No event tells of it: ${told.short()}`);
      equal(
        failed.map(({ cache, error }) => [cache, error?.code]),
        failed.map(() => ["test", "cache"]),
      );
      await guard.close();
    });
  }

  test("a store that never answers delays one load, not the next", async () => {
    const { fetch } = serverOf(() => wasm(first));
    const cache = mapStorage().open({ get: forever });
    const told = recorder();
    await compileGuard(address, { fetch, cache, ...told });
    const started = Date.now();
    await compileGuard(`${address}?other`, { fetch, cache, ...told });
    ok(Date.now() - started < 1000, "The second load waited too");
    equal(told.short().slice(0, 2), ["failed", "miss"]);
    ok(told.short().includes("bypass"), "The second load does not say that it went without the store");
  });

  test("a store that never finishes writing delays nothing", async () => {
    const { fetch } = serverOf(() => wasm(first));
    const started = Date.now();
    await compileGuard(address, { fetch, cache: mapStorage().open({ set: forever }) });
    ok(Date.now() - started < 1000, "The load waited for the store");
  });

  test("a pinned guard is loaded from the store without asking the server", async () => {
    const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "no-cache" }));
    const { open } = mapStorage();
    const integrity = await pin(first);
    const told = recorder();
    for (let n = 0; n < 2; n++) {
      await compileGuard(`${address}?${n}`, { fetch, cache: open(), integrity, ...told });
      await turns();
    }
    equal([requests.length, told.short()], [1, ["miss", "hit store"]]);
  });

  test("bytes that do not fit the pin are refused, and nothing is compiled or kept", async () => {
    const { fetch } = serverOf(() => wasm(second, { "cache-control": "max-age=60" }));
    const { kept, open } = mapStorage();
    const integrity = await pin(first);
    const count = await compilations(async () => {
      const error = await rejects(compileGuard(address, { fetch, cache: open(), integrity }));
      equal((error as { code?: string }).code, "integrity-mismatch");
    });
    await turns();
    equal([count, kept.size], [0, 0]);
  });

  test("a pin holds against what the address gave before, and against what the store gives back", async () => {
    const { fetch, requests } = serverOf((_, n) => wasm(n === 1 ? second : first, { "cache-control": "max-age=60" }));
    const { kept, open } = mapStorage();
    const cache = open();
    await compileGuard(address, { fetch, cache });
    const integrity = await pin(first);
    equal((await compileGuard(address, { fetch, cache, integrity })).digest, hex(await sha256(first)));
    await turns();
    kept.set(hex(await sha256(first)), second);
    equal((await compileGuard(address, { fetch, cache: open(), integrity })).digest, hex(await sha256(first)));
    equal(requests.length, 3);
  });

  test("a pin without a SHA-256 digest is the caller's mistake, whatever is kept", async () => {
    const { fetch } = serverOf(() => wasm(first, { "cache-control": "max-age=60" }));
    const cache = mapStorage().open();
    await compileGuard(address, { fetch, cache });
    for (const integrity of ["", "sha384-AAAA", "sha256-short"]) {
      ok(
        (await rejects(compileGuard(address, { fetch, cache, integrity }))) instanceof TypeError,
        `"${integrity}" was taken`,
      );
    }
  });

  /** Loads a guard that counts, through a driver that notes what is read. */
  async function counting(
    open: ReturnType<typeof mapStorage>["open"],
    fetch: typeof globalThis.fetch,
    options: object = {},
  ) {
    const told = recorder();
    const read: string[] = [];
    const { get } = open();
    const cache = open({
      get(key) {
        read.push(key.replace(/[0-9a-f]{64}.*/, ""));
        return get(key);
      },
    });
    const guard = await loadGuard(address, { fetch, cache, fuel: true, ...told, ...options });
    const { counts } = guard.module;
    equal((await guard.labelAgent({})).mode, "strict");
    await guard.close();
    await closeCache(cache);
    return { events: told.short(), read, counts };
  }
  const isPrepared = (key: string): boolean => key.startsWith("p-");

  test("a guard that counts is kept as it was prepared, beside its bytes", async () => {
    const { fetch } = serverOf(() => wasm(first, { "cache-control": "max-age=60" }));
    const { kept, open } = mapStorage();
    await counting(open, fetch);
    equal([kept.size, [...kept.keys()].filter(isPrepared).length], [3, 1]);
    equal(await counting(open, fetch), { events: ["hit store"], read: ["url-", "p-"], counts: true });
    equal(await counting(open, fetch, { fuel: false }), { events: ["hit store"], read: ["url-", ""], counts: false });
    const integrity = await pin(first);
    equal((await counting(open, fetch, { integrity })).read, [""], "What is read of a store for a pinned guard");
  });

  const forgeries: Readonly<Record<string, (sealed: Bytes) => Promise<Bytes> | Bytes>> = {
    "a changed byte": (sealed) => sealed.with(900, (sealed[900] as number) ^ 1),
    "its end missing": (sealed) => sealed.slice(0, 1000),
    "nothing in it": () => new Uint8Array(0),
    "a guard that does not count": async () => sealed(library.prepareGuard(first)),
    "a guard with another cap": async () => sealed(library.prepareGuard(first, { fuel: true, memoryPages: 64 })),
    "bytes as they came": async () => sealed(first),
    "what is no module": async () => sealed(new Uint8Array(100)),
  };
  const sealed = async (bytes: Bytes): Promise<Bytes> => new Uint8Array([...(await sha256(bytes)), ...bytes]);
  for (const [what, forge] of Object.entries(forgeries)) {
    test(`a prepared guard with ${what} is dropped, and made anew from the bytes`, async () => {
      const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "max-age=60" }));
      const { kept, open } = mapStorage();
      await counting(open, fetch);
      const name = [...kept.keys()].find(isPrepared) as string;
      const before = kept.get(name) as Bytes;
      kept.set(name, await forge(before));
      const { events, read, counts } = await counting(open, fetch);
      equal([events, read, counts], [["corrupt", "hit store"], ["url-", "p-", ""], true]);
      equal([hex(kept.get(name) as Bytes), requests.length], [hex(before), 1]);
    });
  }

  test("a guard that counts leaves with all that was made of it, and is not kept at all where nothing must be", async () => {
    const { fetch } = serverOf((_, count) => wasm(count === 1 ? first : second));
    const { kept, open } = mapStorage();
    for (let n = 0; n < 2; n++) await counting(open, fetch);
    const digest = hex(await sha256(second));
    equal(
      [...kept.keys()].map((key) => key.includes(digest) || key.startsWith("url-")),
      [true, true, true],
    );
    const secret = mapStorage();
    await counting(secret.open, serverOf(() => wasm(first, { "cache-control": "no-store" })).fetch);
    equal(secret.kept.size, 0);
  });

  test("one caller's abort leaves the others their guard", async () => {
    let release = (): void => {};
    const { fetch, requests } = serverOf(
      () =>
        new Promise((resolve) => {
          release = () => resolve(wasm(first));
        }),
    );
    const cache = mapStorage().open();
    const controller = new AbortController();
    const aborted = rejects(compileGuard(address, { fetch, cache, signal: controller.signal }));
    const kept = compileGuard(address, { fetch, cache });
    await turns();
    controller.abort(new Error("enough"));
    const error = await aborted;
    equal([(error as { code?: string }).code, (error.cause as Error).message], ["aborted", "enough"]);
    release();
    equal((await kept).digest, hex(await sha256(first)));
    equal([requests.length, requests[0]?.signal.aborted], [1, false]);
  });

  test("when every caller has aborted, the download ends; the next one starts anew", async () => {
    const { fetch, requests } = serverOf((request, count) =>
      count > 1
        ? wasm(first)
        : new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason))),
    );
    const cache = mapStorage().open();
    const controllers = [new AbortController(), new AbortController()];
    const loads = controllers.map(({ signal }) => rejects(compileGuard(address, { fetch, cache, signal })));
    await turns();
    for (const controller of controllers) controller.abort();
    equal(
      (await Promise.all(loads)).map((error) => (error as { code?: string }).code),
      ["aborted", "aborted"],
    );
    await turns();
    equal(requests[0]?.signal.aborted, true);
    equal((await compileGuard(address, { fetch, cache })).digest, hex(await sha256(first)));
  });

  test("an abort ends a download in the middle of the body, and is never an outage", async () => {
    const { fetch } = serverOf((_, count) =>
      count === 1
        ? wasm(first)
        : new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(8)) })),
    );
    const cache = mapStorage().open();
    await compileGuard(address, { fetch, cache });
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    const error = await rejects(compileGuard(address, { fetch, cache, signal: controller.signal, onProgress }));
    equal((error as { code?: string }).code, "aborted");
    equal(
      ((await rejects(compileGuard(address, { fetch, cache, signal: AbortSignal.abort() }))) as { code?: string }).code,
      "aborted",
    );
  });

  for (const wanted of ["download", "compile", "instantiate"]) {
    test(`an abort while the guard is in "${wanted}" ends the load, and leaves the next one its guard`, async () => {
      const { fetch } = serverOf(() => wasm(makeGuard({ bytes: 3000, seed: 300 })));
      const cache = mapStorage().open();
      const controller = new AbortController();
      const error = await rejects(
        loadGuard(address, {
          fetch,
          cache,
          signal: controller.signal,
          onProgress: ({ phase }) => void (phase === wanted && controller.abort(new Error("enough"))),
        }),
      );
      equal([(error as { code?: string }).code, (error.cause as Error).message], ["aborted", "enough"]);
      const guard = await loadGuard(address, { fetch, cache });
      equal((await guard.labelAgent({})).mode, "strict");
      await guard.close();
      await closeCache(cache);
    });
  }

  test("every caller hears the progress, also without a length", async () => {
    const chunks = [first.slice(0, 1000), first.slice(1000)];
    const body = (): ReadableStream =>
      new ReadableStream({
        start(stream) {
          for (const chunk of chunks) stream.enqueue(chunk);
          stream.close();
        },
      });
    const answers: Readonly<Record<string, Record<string, string>>> = {
      "with a length": { "content-length": String(first.length) },
      "without a length": {},
      "with a compressed body": { "content-length": "10", "content-encoding": "gzip" },
      "with a length that is wrong": { "content-length": "10" },
    };
    for (const [what, headers] of Object.entries(answers)) {
      const { fetch } = serverOf(() => new Response(body(), { headers }));
      const cache = mapStorage().open();
      const heard: unknown[][] = [[], []];
      await Promise.all(
        heard.map((list) =>
          loadGuard(address, {
            fetch,
            cache,
            onProgress: ({ phase, loaded, total }) => void list.push([phase, loaded, total ?? null]),
          }),
        ),
      );
      const [mine = [], other] = heard;
      const downloads = mine.filter((entry) => (entry as unknown[])[0] === "download") as [
        string,
        number,
        number | null,
      ][];
      equal(other, mine, "What the second caller heard");
      equal(downloads.at(-1), ["download", first.length, first.length], what);
      const totals = downloads.slice(0, -1).map(([, loaded, total]) => total === null || loaded <= total);
      ok(totals.every(Boolean), `${what}: more was loaded than there is`);
      equal([...new Set(mine.map((entry) => (entry as unknown[])[0]))], ["download", "compile", "instantiate"], what);
    }
  });

  test("a listener that throws fails its own caller only", async () => {
    const { fetch } = serverOf(() => wasm(first));
    const cache = mapStorage().open();
    const failing = rejects(
      compileGuard(address, {
        fetch,
        cache,
        onCacheEvent() {
          throw new Error("a mistake of the caller");
        },
      }),
    );
    const other = compileGuard(address, { fetch, cache });
    equal((await failing).message, "a mistake of the caller");
    equal((await other).digest, hex(await sha256(first)));
  });

  test("a compiled module passes straight through, and says so", async () => {
    const told = recorder();
    const module = await WebAssembly.compile(first);
    equal((await compileGuard(module, told)).module === module, true);
    equal(told.short(), ["bypass"]);
    equal(
      ((await rejects(compileGuard(module, { integrity: await pin(first) }))) as { code?: string }).code,
      "integrity-mismatch",
    );
  });

  test("bytes that change while they are loaded do not become somebody else's guard", async () => {
    const bytes = first.slice();
    const cache = mapStorage().open();
    const loading = compileGuard(bytes, { cache });
    bytes.set(second);
    await loading;
    const { digest, instantiate } = await compileGuard(first, { cache });
    equal(digest, hex(await sha256(first)));
    await (await instantiate()).close();
  });

  test("compiled modules leave memory when the budget is used up, the least recently used first", async () => {
    const cache = mapStorage().open({ compiledBytes: 10_000 });
    const told = recorder();
    const sources = Array.from({ length: 4 }, (_, seed) => makeGuard({ bytes: 3000, seed: 40 + seed }));
    for (const bytes of sources) await compileGuard(bytes, { cache, fuel: false, ...told });
    await compileGuard(sources[3] as Bytes, { cache, fuel: false, ...told });
    await compileGuard(sources[0] as Bytes, { cache, fuel: false, ...told });
    equal(told.short(), ["evicted", "hit memory", "evicted"]);
    equal(told.events[0]?.digest, hex(await sha256(sources[0] as Bytes)));
  });

  test("caches in tiers: memory before a store", async () => {
    const { fetch, requests } = serverOf(() => wasm(first, { "cache-control": "max-age=60" }));
    const { kept, open } = mapStorage();
    await compileGuard(address, { fetch, cache: tieredCache(memoryCache(), open()) });
    await turns();
    equal(kept.size, 2);
    await compileGuard(address, { fetch, cache: tieredCache(memoryCache(), open()) });
    equal(requests.length, 1);
  });

  test("the process-wide cache is replaced in one step, and two replacements lose nothing", async () => {
    const [a, b] = [mapStorage().open({ name: "a" }), mapStorage().open({ name: "b" })];
    const before = replaceCache(a);
    try {
      await Promise.all(
        [b, memoryCache()].map(async (added) => replaceCache((present) => tieredCache(added, present))),
      );
      equal(replaceCache(before).name, "memory+b+a");
      ok((await rejects(() => replaceCache((async () => a) as never))) instanceof TypeError, "A promise was taken");
      ok((await rejects(() => replaceCache({ name: "x" } as never))) instanceof TypeError, "No cache was taken");
      equal(replaceCache(before) === before, true, "What is left after a mistake");
    } finally {
      replaceCache(before);
    }
  });

  test("loads that name no cache use the process-wide one", async () => {
    const { fetch } = serverOf(() => wasm(first));
    const { kept, open } = mapStorage();
    const before = replaceCache(open());
    try {
      await compileGuard(address, { fetch });
      await turns();
    } finally {
      replaceCache(before);
    }
    equal(kept.size, 2);
  });

  test("a cache with open guards is not closed; the error names them", async () => {
    const cache = mapStorage().open();
    const guard = await loadGuard(first, { cache, name: "repo" });
    const fork = await guard.fork();
    equal(await rejects(closeCache(cache)).then(({ message }) => message.includes('"repo"')), true);
    await guard.close();
    ok((await rejects(closeCache(cache))) instanceof TypeError, "The fork was overlooked");
    await fork.close();
    await closeCache(cache);
  });

  test("closing waits for what is written, disposes, and leaves memory in its place", async () => {
    const order: string[] = [];
    const { fetch } = serverOf(() => wasm(first));
    const { open } = mapStorage();
    const cache = open({
      async set() {
        await turns();
        order.push("written");
      },
      dispose: () => void order.push("disposed"),
    });
    const before = replaceCache(cache);
    try {
      await compileGuard(address, { fetch });
      await closeCache();
      equal(order, ["written", "written", "disposed"]);
      ok(replaceCache(before) !== cache, "The closed cache is still in use");
    } finally {
      replaceCache(before);
    }
    const told = recorder();
    await compileGuard(address, { fetch, cache, ...told });
    ok(told.short().includes("bypass"), "A load through a closed cache does not say that it went without");
  });

  test("what is no cache is the caller's mistake", async () => {
    for (const cache of [null, 1, "indexeddb", {}, { get: forever }]) {
      ok(
        (await rejects(compileGuard(first, { cache: cache as never }))) instanceof TypeError,
        `${String(cache)} was taken`,
      );
    }
  });
}
