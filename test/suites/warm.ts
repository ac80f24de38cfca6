// Warm starts after label_agent: the state and the answer that were kept are those of a run, and are refused unless everything is the same.
import type { CacheEvent, GuardEvent, LoadGuardOptions, ModuleCache, WasmGuard } from "edge-guard";
import { equal, ok, rejects } from "./assert.ts";
import { mapStorage, resealed, secretOf } from "./kept-state.ts";
import { script, textsOf } from "./script.ts";
import type { Environment, Library, Runner } from "./suite.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const labels = '{"agent":{"secrecy":["told"],"integrity":[]},"difc_mode":"filter"}';
/** Moves the script guard's counter on, and answers labels. */
const told = (steps: string, texts: readonly string[] = []): object => ({
  do: `${steps}z0w6R`,
  ...textsOf(texts),
  t6: labels,
});

/** Kept bytes, and of them the states after label_agent: name and bytes. */
function storage() {
  const { kept, open } = mapStorage();
  const images = (): [string, Bytes][] => [...kept].filter(([name]) => /^w-[0-9a-f]{64}$/.test(name));
  return { kept, open, images };
}

const hex = (bytes: Bytes | undefined): string =>
  bytes === undefined ? "nothing" : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
/** Long enough for what goes on behind a load: it digests now and then, and on a busy machine that takes longer than any timer. */
const turns = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 40));
  for (let digests = 0; digests < 6; digests++) await crypto.subtle.digest("SHA-256", new Uint8Array(1));
};
const forever = (): Promise<never> => new Promise(() => {});

export function warmSuite(runner: Runner, library: Library, environment: Environment): void {
  const { closeCache, loadGuard } = library;

  interface Started {
    readonly guard: WasmGuard;
    readonly events: CacheEvent[];
    readonly calls: GuardEvent[];
    /** Why states were put in place, and what else the cache told. */
    told(): string[];
    /** Closes the guard, and the cache when everything is written. */
    end(): Promise<void>;
  }

  async function start(cache: ModuleCache, options: LoadGuardOptions & object = {}, name = "script"): Promise<Started> {
    const events: CacheEvent[] = [];
    const calls: GuardEvent[] = [];
    const guard = await loadGuard(await environment.guard(name), {
      cache,
      warmStart: { labelAgent: true },
      onCacheEvent: (event) => void events.push(event),
      onEvent: (event) => void calls.push(event),
      ...options,
    });
    const end = async (): Promise<void> => {
      await guard.close();
      await closeCache(cache);
    };
    const short = ({ type, from, reason }: CacheEvent): string =>
      type === "restored" ? `${type} ${reason} ${from}` : type;
    return {
      guard,
      events,
      calls,
      told: () => events.filter(({ reason }) => reason !== "_initialize").map(short),
      end,
    };
  }

  const test = (name: string, body: () => Promise<void>): void => runner.test(`label_agent, warm: ${name}`, body);
  const policy = told("kkk");
  const restored = "restored label_agent store";

  /** Starts a guard, tells it the policy, closes it when everything is written. */
  async function once(cache: ModuleCache, options: object = {}, given: object = policy): Promise<string[]> {
    const { guard, told: heard, end } = await start(cache, options);
    await guard.labelAgent(given);
    await end();
    return heard();
  }

  test("the next process has the answer and the state without running it", async () => {
    const { open } = storage();
    const cold = await start(open());
    const answer = await cold.guard.labelAgent(policy);
    const seen = await script(cold.guard, "k");
    await cold.end();
    const warm = await start(open());
    equal(await warm.guard.labelAgent(policy), answer);
    equal(await script(warm.guard, "k"), seen);
    equal([cold.told(), warm.told()], [[], [restored]]);
    const runs = (events: GuardEvent[]): unknown[] => events.flatMap((event) => ("runs" in event ? [event.runs] : []));
    equal(
      [runs(cold.calls), runs(warm.calls)],
      [
        [1, 1],
        [0, 1],
      ],
    );
    await warm.guard.close();
  });

  test("instances that share a kept state do not see each other, nor do their forks", async () => {
    const { open } = storage();
    await once(open());
    const { guard, told: heard } = await start(open());
    const second = await guard.fresh();
    for (const each of [guard, second]) await each.labelAgent(policy);
    const first = await script(guard, "k");
    await script(guard, "kkkkkk");
    equal(await script(second, "k"), first);
    const fork = await second.fork();
    equal(await script(fork, "k"), await script(second, "k"));
    const third = await guard.fresh();
    await third.labelAgent(policy);
    equal(await script(third, "k"), first);
    equal(heard(), [restored, "restored label_agent memory", "restored label_agent memory"]);
    for (const each of [guard, second, third, fork]) await each.close();
  });

  test("what an instance does afterwards, with checkpoints of its own, does not reach the kept state", async () => {
    const { open } = storage();
    const backend = library.functionBackend(() => new Promise(() => {}));
    for (const round of ["kept", "found"]) {
      const { guard, end } = await start(open(), { backend });
      const controller = new AbortController();
      const waiting = rejects(guard.labelAgent(told("q0", ["tool", "{}"]), { signal: controller.signal }));
      await turns();
      controller.abort();
      await waiting;
      await guard.labelAgent(policy);
      for (let n = 0; n < 3; n++) {
        await script(guard, "kkk");
        await (await guard.fork()).close();
      }
      const [second, cold] = [await guard.fresh(), await loadGuard(await environment.guard("script"))];
      for (const each of [second, cold]) await each.labelAgent(policy);
      equal(await script(second, "k"), await script(cold, "k"), round);
      for (const each of [second, cold]) await each.close();
      await end();
    }
  });

  test("recovery leads back to the kept state, and to what was done since", async () => {
    const { open } = storage();
    await once(open());
    const { guard } = await start(open());
    await guard.labelAgent(policy);
    ok((await rejects(script(guard, "k!o"))) instanceof library.TrapError, "No trap");
    await guard.recover();
    const fresh = await guard.fresh();
    await fresh.labelAgent(policy);
    equal(await script(guard, "k"), await script(fresh, "k"));
    await script(guard, "kk");
    ok((await rejects(script(guard, "k!o"))) instanceof library.TrapError, "No trap");
    await guard.recover();
    await script(fresh, "kk");
    equal(await script(guard, "k"), await script(fresh, "k"));
    await guard.close();
    await fresh.close();
  });

  test("a kept state goes on under replay, and under a backend that answers at once", async () => {
    const { open } = storage();
    const answer = { content: [{ type: "text", text: "yes" }] };
    for (const backend of [
      library.functionBackend(async () => answer),
      library.functionBackend(() => answer, { synchronous: true }),
    ]) {
      const seen: unknown[] = [];
      for (const cache of [open(), open()]) {
        const { guard, end } = await start(cache, { backend });
        await guard.labelAgent(policy);
        seen.push(await script(guard, "q0dw7k", ["tool", "{}"]));
        await end();
      }
      equal(seen[1], seen[0]);
    }
  });

  const others: Readonly<Record<string, readonly [options: object, policy?: object]>> = {
    "another policy": [{}, told("kk")],
    "another cap on memory": [{ limits: { memoryPages: 300 } }],
    "another limit of questions": [{ limits: { backendCalls: 3 } }],
    "another limit of the answer": [{ limits: { outputBytes: 70_000 } }],
    "another limit of the input": [{ limits: { inputBytes: 70_000 } }],
  };
  for (const [what, [options, given]] of Object.entries(others)) {
    test(`${what} has a state of its own`, async () => {
      const { open, images } = storage();
      await once(open());
      equal([await once(open(), options, given), images().length], [[], 2]);
      equal(await once(open(), options, given), [restored]);
      equal(await once(open()), [restored]);
    });
  }

  test("whether a guard counts its fuel is no part of the state, its budget is", async () => {
    const { open } = storage();
    await once(open(), { fuel: false });
    equal(await once(open(), { fuel: true }), [restored]);
    equal(await once(open(), { fuel: true, limits: { fuel: 1_000_000 } }), []);
    equal(await once(open(), { fuel: true, limits: { fuel: 1_000_000 } }), [restored]);
    const { guard, end } = await start(open(), { fuel: true, limits: { fuel: 100_000 } });
    await guard.labelAgent(policy);
    const cold = await loadGuard(await environment.guard("script"), { fuel: false });
    await cold.labelAgent(policy);
    equal(await script(guard, "k"), await script(cold, "k"));
    await cold.close();
    await end();
  });

  test("deadlines are no part of the state", async () => {
    const { open } = storage();
    await once(open());
    equal(await once(open(), { limits: { timeoutMs: 60_000, backendTimeoutMs: 5_000 } }), [restored]);
  });

  test("only an instance's first call is kept, and replaced", async () => {
    const { open, images } = storage();
    const late = await start(open());
    await script(late.guard, "k");
    for (let n = 0; n < 2; n++) await late.guard.labelAgent(policy);
    await late.end();
    equal(images().length, 0);
    await once(open());
    const { guard, told: heard } = await start(open());
    await guard.labelAgent(policy);
    await guard.labelAgent(policy);
    equal([late.told(), heard()], [[], [restored]]);
    const twice = await script(guard, "k");
    const cold = await loadGuard(await environment.guard("script"));
    for (let n = 0; n < 2; n++) await cold.labelAgent(policy);
    equal(twice, await script(cold, "k"));
    for (const each of [guard, cold]) await each.close();
  });

  const unkept: Readonly<Record<string, readonly [steps: string, texts: readonly string[]]>> = {
    "asked its backend": ["q0", ["tool", "{}"]],
    slept: ["s1", []],
  };
  for (const [what, [steps, texts]] of Object.entries(unkept)) {
    test(`what a guard answered that ${what} is not kept`, async () => {
      for (const backend of [undefined, library.functionBackend(async () => ({ content: [] }))]) {
        const { open, images } = storage();
        const options = backend === undefined ? {} : { backend };
        equal([await once(open(), options, told(steps, texts)), images().length], [[], 0]);
        equal(
          [await once(open(), { ...options, limits: { backendCalls: 0 } }, told(steps, texts)), images()],
          [[], []],
        );
      }
    });
  }

  test("a refusal of the guard is not kept", async () => {
    const { open, images } = storage();
    for (const steps of ["kr4", "kw0R"]) {
      const { guard, end } = await start(open());
      await rejects(guard.labelAgent({ do: steps, ...textsOf(["no labels"]) }));
      await end();
    }
    equal(images().length, 0);
  });

  const damages: Readonly<Record<string, (image: Bytes, other: Bytes) => Bytes | Promise<Bytes>>> = {
    "one byte changed": (image) => image.with(image.length - 5000, (image[image.length - 5000] as number) ^ 1),
    "only its first half": (image) => image.slice(0, image.length / 2),
    "nothing in it": () => new Uint8Array(0),
    "another policy's state": (_, other) => other,
    "labels that are none": (image) => resealed(image, (header) => ({ ...header, answer: '{"agent":null}' })),
    "no answer": (image) => resealed(image, ({ answer: _, ...header }) => header),
    "less memory than the guard has": (image) => resealed(image, (header) => ({ ...header, pages: 1, parts: [] })),
    "values of the wrong types": async (image) => {
      const end = 36 + new DataView(image.buffer).getUint32(32, true);
      return resealed(image.with(end, 1), (header) => header);
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`a kept state with ${what} is dropped, and the guard runs`, async () => {
      const { kept, open, images } = storage();
      await once(open(), {}, told("kkkkk"));
      const other = images()[0]?.[1] as Bytes;
      await once(open());
      const [name, image] = images().at(-1) as [string, Bytes];
      kept.set(name, await damage(image, other));
      const cold = await loadGuard(await environment.guard("script"));
      const { guard, told: heard, end } = await start(open());
      for (const each of [cold, guard]) await each.labelAgent(policy);
      equal(await script(guard, "k"), await script(cold, "k"));
      await end();
      ok(heard().includes("corrupt"), `Nothing tells of it: ${heard()}`);
      equal(hex(kept.get(name)), hex(image), "The store was not mended");
      await cold.close();
      equal((await once(open())).at(-1), restored);
    });
  }

  test("with a secret, only states that were signed with it are used", async () => {
    const { kept, open, images } = storage();
    const [one, other] = [await secretOf(1), await secretOf(2)];
    const signed = { warmStart: { labelAgent: true, key: one } };
    await once(open());
    // The state after `_initialize` was not signed either.
    equal(await once(open(), signed), ["corrupt", "corrupt"]);
    equal(await once(open(), signed), [restored]);
    equal(await once(open(), { warmStart: { labelAgent: true, key: other } }), ["corrupt", "corrupt"]);
    await once(open(), signed);
    await once(open(), signed);
    const [name, image] = images()[0] as [string, Bytes];
    const lax = labels.replace("told", "");
    kept.set(name, await resealed(image, (header) => ({ ...header, answer: lax })));
    equal(await once(open(), signed), ["corrupt"]);
  });

  test("what is no secret is the caller's mistake", async () => {
    const { publicKey } = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    for (const key of [publicKey, new Uint8Array(32), "secret"]) {
      const error = await rejects(start(storage().open(), { warmStart: { key: key as CryptoKey } }));
      ok(error instanceof TypeError && error.message.includes("warmStart.key"), String(error));
    }
  });

  test("where the bytes are pinned, nothing that is not signed stands in for running them", async () => {
    const { kept, open } = storage();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await environment.guard("script")));
    const integrity = `sha256-${btoa(String.fromCharCode(...digest))}`;
    await once(open());
    const { guard, told: heard, events } = await start(open(), { integrity });
    await guard.labelAgent(policy);
    const again = await guard.fresh();
    await again.labelAgent(policy);
    // Within this process the state is its own.
    equal(heard(), ["bypass", "restored label_agent memory"]);
    ok(
      events.some(({ reason }) => reason?.includes("not signed")),
      "The event does not say why",
    );
    await guard.close();
    await again.close();
    kept.clear();
    const pinned = { integrity, warmStart: { labelAgent: true, key: await secretOf(3) } };
    await once(open(), pinned);
    equal(await once(open(), pinned), [restored]);
  });

  test("a store that never answers does not hold a call beyond its deadline", async () => {
    const { open } = storage();
    const slow = open({ get: (key) => (/^w-[0-9a-f]{64}$/.test(key) ? forever() : undefined) });
    const { guard, told: heard } = await start(slow);
    const error = await rejects(guard.labelAgent(policy, { timeoutMs: 50 }));
    equal((error as { code?: string }).code, "timeout");
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const aborted = await rejects(guard.labelAgent(policy, { signal: controller.signal }));
    equal((aborted as { code?: string }).code, "aborted");
    equal((await guard.labelAgent(policy)).agent.secrecy, ["told"]);
    ok(heard().includes("failed"), `No event tells of it: ${heard()}`);
    const cold = await loadGuard(await environment.guard("script"));
    await cold.labelAgent(policy);
    equal(await script(guard, "k"), await script(cold, "k"));
    await guard.close();
    await cold.close();
  });

  test("calls that wait behind it come after it", async () => {
    const { open } = storage();
    await once(open());
    const { guard } = await start(open());
    const [answer, seen] = await Promise.all([guard.labelAgent(policy), script(guard, "k")]);
    const cold = await loadGuard(await environment.guard("script"));
    equal([answer, seen], [await cold.labelAgent(policy), await script(cold, "k")]);
    await guard.close();
    await cold.close();
  });

  test("a guard that is closed while its state is read says so", async () => {
    const { open } = storage();
    await once(open());
    let release = (): void => {};
    const { kept } = storage();
    const slow = open({
      get: (key) =>
        /^w-[0-9a-f]{64}$/.test(key)
          ? new Promise((resolve) => {
              release = () => resolve(kept.get(key));
            })
          : undefined,
    });
    const { guard } = await start(slow);
    const calling = rejects(guard.labelAgent(policy));
    await turns();
    await guard.close();
    release();
    ok((await calling) instanceof library.ClosedError, "Another error");
  });

  test("a store that is full, or fails, leaves the call alone", async () => {
    const fail = (): never => {
      throw new DOMException("The quota has been exceeded", "QuotaExceededError");
    };
    for (const failure of [{ get: fail }, { set: fail }, { get: fail, set: fail, delete: fail }]) {
      const { guard, told: heard, end } = await start(storage().open(failure));
      equal((await guard.labelAgent(policy)).agent.secrecy, ["told"]);
      await end();
      ok(heard().includes("failed"), `No event tells of it: ${heard()}`);
    }
  });

  test("a guard without an allocator keeps its state, too", async () => {
    const { open } = storage();
    const seen: unknown[] = [];
    for (const name of ["one_name", "one_name", "othrname"]) {
      const { guard, told: heard, end } = await start(open(), {}, "policy-keeper");
      await guard.labelAgent({ name });
      const response = await guard.labelResponse({ tool: "t" }, null);
      seen.push([heard(), (response as { items: { data: unknown }[] }).items[0]?.data]);
      await end();
    }
    equal(seen, [
      [[], "one_name"],
      [[restored], "one_name"],
      [[], "othrname"],
    ]);
  });

  for (const fuel of [false, true]) {
    const counting = fuel ? "a guard that counts" : "a guard that does not count";
    test(`${counting} and was replaced on the server takes its states along; the oldest of many leave`, async () => {
      const { kept, open, images } = storage();
      const bytes = [await environment.guard("script"), await environment.guard("policy-keeper")];
      let version = 0;
      const fetch = (async () =>
        new Response(bytes[version], { headers: { etag: `"${version}"` } })) as typeof globalThis.fetch;
      const url = `${(globalThis as { location?: { origin?: string } }).location?.origin?.replace("null", "") || "https://guards.example"}/told.wasm`;
      for (let n = 0; n < 18; n++) {
        const cache = open();
        const guard = await loadGuard(url, { fetch, cache, fuel, warmStart: { labelAgent: true } });
        if (version === 0) await guard.labelAgent(told(`[${n}k]`));
        await guard.close();
        await closeCache(cache);
        if (n === 16) {
          equal(images().length, 16);
          version = 1;
        }
      }
      equal(
        [...kept.keys()].filter((name) => name.startsWith("w-")),
        [],
      );
    });
  }

  test("two policies through monitors that share a module stay apart", async () => {
    const { open } = storage();
    const { guard } = await start(open(), {}, "policy-keeper");
    const sessions = library.guardSessions();
    for (const round of [1, 2]) {
      for (const name of ["one_name", "othrname"]) {
        const session = await sessions.open(guard, { name, round }, undefined);
        const response = await session.guard.labelResponse({ tool: "t" }, null);
        equal((response as { items: { data: unknown }[] }).items[0]?.data, name);
      }
    }
    await sessions.close();
    await guard.close();
  });
}
