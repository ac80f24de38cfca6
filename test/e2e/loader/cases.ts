// What a guard in a dynamic Worker must do beyond the suites: stay apart from the network, outlive requests, survive the loss of its Worker.
import {
  type Backend,
  type CallEvent,
  createMonitor,
  functionBackend,
  type GuardError,
  type GuardEvent,
  isGuardError,
  type ModuleCache,
} from "edge-guard";
import {
  type LoadedWorkerCode,
  type LoaderGuard,
  type LoaderGuardOptions,
  loaderGuard,
  type WorkerLoaderLike,
} from "edge-guard/cloudflare";
import { equal, ok, rejects } from "../../suites/assert.ts";
import { script } from "../../suites/script.ts";

export interface Tools {
  readonly loader: WorkerLoaderLike;
  bytes(name: string): Uint8Array<ArrayBuffer>;
  /** What outlives a request. */
  readonly kept: Map<string, unknown>;
  /** A server that counts its requests. */
  readonly upstream: string;
  readonly cache: ModuleCache;
  load(name: string, options?: Partial<LoaderGuardOptions>): Promise<LoaderGuard>;
}

const call = { tool: "a" };
const later = functionBackend(async () => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  return true;
});

async function fault(promise: Promise<unknown>): Promise<readonly unknown[]> {
  const error = (await rejects(promise)) as GuardError;
  return [error.name, error.code, error.guard, error.phase];
}

/** Says how the guest waited and how often it ran. */
async function ways(tools: Tools, name: string, ask: (guard: LoaderGuard) => Promise<unknown>): Promise<unknown> {
  const calls: CallEvent[] = [];
  const onEvent = (event: GuardEvent): void => void (event.type === "label-call" && calls.push(event));
  const guard = await tools.load(name, { backend: later, onEvent });
  const said = await ask(guard);
  return [said, calls.map(({ suspension, runs }) => `${suspension}, ${runs}`), guard.checkpoint.possible];
}

/** A backend that never answers, and says whether it was told that nobody waits. */
function silent(): Backend & { heard: boolean } {
  const backend: Backend & { heard: boolean } = {
    name: "silent",
    heard: false,
    callTool: (_tool, _args, options) =>
      new Promise(() => options?.signal?.addEventListener("abort", () => (backend.heard = true))),
  };
  return backend;
}

/** A loader whose Workers are gone whenever `generation` has changed, as if they had been evicted. */
function evicting(loader: WorkerLoaderLike): WorkerLoaderLike & { generation: number } {
  const own = {
    generation: 0,
    get: (id: string, code: () => Promise<LoadedWorkerCode>) => loader.get(`${id}-${own.generation}`, code),
  };
  return own;
}

export const cases: { readonly [name: string]: (tools: Tools) => Promise<void> } = {
  "waits by replay where the state can be captured, by JSPI where not": async (tools) => {
    const describe = async (guard: LoaderGuard) => (await guard.labelResource(call)).description;
    equal(await ways(tools, "asker", describe), ["yes!", ["replay, 2"], true]);
    const count = async (guard: LoaderGuard) => {
      const labels = await guard.labelResponse(call, null);
      return labels !== null && "items" in labels ? labels.items[0]?.data : labels;
    };
    equal(await ways(tools, "table-state", count), [[1001, true], ["jspi, 1"], false]);
  },

  "a deadline while the backend is asked leaves the state before the call": async ({ load }) => {
    for (const suspension of ["replay", "jspi"] as const) {
      const guard = await load("script", { suspension });
      equal(await script(guard as never, "k"), [1001]);
      const backend = silent();
      const options = { backend, timeoutMs: 500 };
      const args = { do: "kkq0d", t0: "tool", t1: "{}" };
      equal(await fault(guard.labelResponse({ tool: "t", args }, null, options)), [
        "TimeoutError",
        "timeout",
        "script",
        "label_response",
      ]);
      equal([await script(guard as never, "k"), guard.health, guard.replaced], [[2002], "ok", 0], suspension);
      ok(backend.heard, "The backend was not told that nobody waits");
    }
  },

  "an abort takes effect at once, and the next call finds the guard": async ({ load }) => {
    const guard = await load("asker");
    const controller = new AbortController();
    const waiting = fault(guard.labelResource(call, { backend: silent(), signal: controller.signal }));
    const next = guard.labelResource(call, { backend: later });
    setTimeout(() => controller.abort(), 10);
    equal(await waiting, ["AbortError", "aborted", "asker", "label_resource"]);
    equal([(await next).description, guard.replaced], ["yes!", 0]);
    const before = { signal: AbortSignal.abort() };
    equal(await fault(guard.labelResource(call, before)), ["AbortError", "aborted", "asker", "label_resource"]);
  },

  "close ends a guest that waits, and everything after it is refused": async ({ load }) => {
    const guard = await load("asker");
    const waiting = fault(guard.labelResource(call, { backend: silent() }));
    const queued = fault(guard.labelResource(call));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await guard.close();
    await guard.close();
    equal([(await waiting)[1], (await queued)[1], guard.health], ["closed", "closed", "closed"]);
    equal(await fault(guard.labelAgent({})), ["ClosedError", "closed", "asker", "label_agent"]);
    equal((await rejects(guard.fork())).name, "ClosedError");
  },

  "faults keep class, code and place; a trap poisons until it is recovered": async ({ load }) => {
    const events: GuardEvent[] = [];
    const guard = await load("script", { onEvent: (event) => events.push(event) });
    await script(guard as never, "k");
    const first = await rejects(script(guard as never, "kk!"));
    ok(isGuardError(first) && first.name === "TrapError" && first.phase === "label_response", String(first));
    const refused = await rejects(script(guard as never, "k"));
    ok(refused.name === "PoisonedError" && refused.cause === first, String(refused));
    const fork = await guard.fork();
    await guard.recover();
    equal([await script(guard as never, "k"), await script(fork as never, "k")], [[2002], [2002]]);
    equal((await fault(script(guard as never, "r-4")))[1], "guard-return");
    const told = events.flatMap((event) => (event.type === "health" ? [[event.health, event.cause === first]] : []));
    equal(told, [
      ["poisoned", true],
      ["ok", false],
    ]);
    await fork.close();
  },

  "no network, no bindings": async ({ load, loader, upstream }) => {
    const probe = `
      import { WorkerEntrypoint } from "cloudflare:workers";
      import { connect } from "cloudflare:sockets";
      import "./main.js";
      const attempt = async (action) => { try { return String(await action()); } catch (error) { return "refused: " + error.message; } };
      export default class extends WorkerEntrypoint {
        async probe(url) {
          const socket = () => connect(new URL(url).host).opened.then(() => "open");
          return [await attempt(() => fetch(url)), await attempt(socket), Object.keys(this.env)];
        }
      }`;
    let seen: LoadedWorkerCode | undefined;
    const watching: WorkerLoaderLike = {
      get: (id, code) =>
        loader.get(id, async () => {
          seen = await code();
          return seen;
        }),
    };
    // Another limit, so that this Worker is not there yet.
    await load("echo", { loader: watching, limits: { memoryPages: 77 } });
    ok(seen !== undefined, "The loader was not asked");
    equal(Object.keys(seen?.modules ?? {}).sort(), ["guard.wasm", "host.js", "main.js"]);
    const code = { ...seen, mainModule: "probe.js", modules: { ...seen?.modules, "probe.js": probe } };
    const stub = loader.get("probe", async () => code as LoadedWorkerCode).getEntrypoint() as {
      probe(url: string): Promise<[string, string, string[]]>;
    };
    const [fetched, opened, bindings] = await stub.probe(upstream);
    ok(/^refused: .*not permitted to access the internet/.test(fetched), fetched);
    ok(/^refused: .*not permitted to access the internet/.test(opened), opened);
    equal([...bindings], []);
    // Nor can a module bring another way out.
    ok((await fetch(upstream)).ok, "The server is there for others");
  },

  "an instance that was lost is replaced by a clean one that knows its policy": async ({ load, loader }) => {
    const own = evicting(loader);
    const guard = await load("policy-keeper", { loader: own });
    await guard.labelAgent({ name: "12345678" });
    const kept = async () => {
      const labels = await guard.labelResponse(call, null);
      return labels !== null && "items" in labels ? labels.items[0]?.data : labels;
    };
    equal([await kept(), guard.replaced], ["12345678", 0]);
    own.generation++;
    equal([await kept(), guard.replaced], ["12345678", 1]);
    await guard.labelAgent({ name: "abcdefgh" });
    // The old Worker is back, with an instance that knows another policy.
    own.generation--;
    equal([await kept(), guard.replaced], ["abcdefgh", 2]);
  },

  "what an instance has kept is all there, or none of it": async ({ load, loader }) => {
    const own = evicting(loader);
    const guard = await load("script", { loader: own });
    equal([await script(guard as never, "k"), await script(guard as never, "k")], [[1001], [2002]]);
    own.generation = 1;
    equal(await script(guard as never, "k"), [1001]);
    // Never the state of two calls ago.
    own.generation = 0;
    equal(await script(guard as never, "k"), [1001]);
    equal(await script(guard as never, "k"), [2002]);
    await rejects(script(guard as never, "k!"));
    own.generation = 2;
    await guard.recover();
    equal([guard.health, await script(guard as never, "k"), guard.replaced], ["ok", [1001], 3]);
  },

  "a Worker that breaks off is an error, and the next call finds a guard": async ({ load, loader }) => {
    let broken = false;
    const guard = await load("script", {
      loader: {
        get: (id, code) => {
          if (!broken) return loader.get(id, code);
          broken = false;
          return { getEntrypoint: () => ({ perform: () => Promise.reject(new Error("The script was evicted")) }) };
        },
      },
    });
    broken = true;
    const error = (await rejects(script(guard as never, "k"))) as GuardError;
    equal([error.code, error.guard, error.phase], ["load-failed", "script", "label_response"]);
    ok(error.message.includes("The script was evicted"), error.message);
    equal([await script(guard as never, "k"), guard.health, guard.replaced], [[1001], "ok", 1]);
  },

  "an end by Cloudflare's CPU limit is a time-out": async ({ load, loader }) => {
    let over = false;
    let limits: unknown;
    const guard = await load("script", {
      cpuMs: 30,
      loader: {
        get: (id, code) =>
          over
            ? { getEntrypoint: () => ({ perform: () => Promise.reject(new Error("Worker exceeded CPU time limit.")) }) }
            : loader.get(id, async () => {
                const own = await code();
                limits = own.limits;
                return own;
              }),
      },
    });
    equal(limits, { cpuMs: 30 });
    over = true;
    equal(await fault(script(guard as never, "k")), ["TimeoutError", "timeout", "script", "label_response"]);
  },

  "a guard that computes without end is ended by its fuel, or by its deadline": async ({ load }) => {
    for (const options of [{ limits: { fuel: 1_000_000 } }, { limits: { timeoutMs: 200 } }]) {
      const guard = await load("stubborn", options);
      await guard.labelAgent({});
      const error = await rejects(guard.labelResource({ tool: "x".repeat(600) }));
      equal(error.name, "fuel" in options.limits ? "LimitError" : "TimeoutError", error.message);
      const { description } = await guard.labelResource(call);
      equal([description, guard.health, guard.replaced], ["told!", "ok", 0]);
    }
  },

  "what cannot be hosted is refused in words": async ({ load, loader, bytes }) => {
    const broken: WorkerLoaderLike = {
      get: (id, code) =>
        loader.get(`${id}-broken`, async () => ({
          ...(await code()),
          modules: { "main.js": "throw new Error('no')" },
        })),
    };
    const refusals: readonly (readonly [Promise<unknown>, string, RegExp])[] = [
      [loaderGuard(new Uint8Array([1, 2, 3]), { loader }), "bad-module", /Cannot/],
      [load("script", { loader: broken }), "load-failed", /its dynamic Worker failed/],
      [load("script", { limits: { memoryPages: 1 } }), "memory-limit", /memory/],
      [load("script", { integrity: `sha256-${"A".repeat(43)}=` }), "integrity-mismatch", /expected/],
      [load("script", { signal: AbortSignal.abort() }), "aborted", /abort/],
      [load("script", { loader: {} as never }), "", /"loader" must be a Worker Loader binding/],
      [load("script", { cpuMs: 0 }), "", /"cpuMs" must be a positive number/],
      [load("script", { limits: { timeoutMs: -1 } }), "", /"limits.timeoutMs" must be a positive number/],
      [load("script", { limits: { backendCalls: 1.5 } }), "", /"limits.backendCalls" must be/],
      [load("script", { suspension: "never" as never }), "", /"suspension" must be/],
    ];
    for (const [promise, code, message] of refusals) {
      const error = (await rejects(promise)) as GuardError;
      equal(error.code ?? "", code, error.message);
      ok(message.test(error.message), error.message);
      if (code !== "") equal([error.phase, typeof error.guard], ["load", "string"], error.message);
    }
    void bytes;
  },

  "a monitor gives each policy an instance of its own": async ({ load }) => {
    const guard = await load("repo-guard");
    const backend = functionBackend(async () => ({ full_name: "acme/site", private: false }));
    const server = (integrity: string) => {
      const policy = { "allow-only": { repos: "public", "min-integrity": integrity } };
      return { guard, backend, policy };
    };
    const monitor = createMonitor({ servers: { strict: server("approved"), open: server("none") } });
    const issues = ["MEMBER", "NONE"].map((author_association, index) => ({
      number: index + 1,
      title: "A bug",
      author_association,
      user: { login: `user-${index}` },
    }));
    const answer = async () => ({ content: [{ type: "text", text: JSON.stringify(issues) }] });
    const outcomes = await Promise.all(
      ["strict", "open", "strict", "open"].map((name, index) =>
        monitor.callTool(
          { agentId: `agent-${index}`, server: name, tool: "list_issues", args: { owner: "acme", repo: "site" } },
          answer,
        ),
      ),
    );
    equal(
      outcomes.map(({ status, removed }) => [status, removed.map(({ index }) => index)]),
      [
        ["filtered", [1]],
        ["allowed", []],
        ["filtered", [1]],
        ["allowed", []],
      ],
    );
    await monitor.close();
    equal(guard.health, "ok");
  },

  "many instances within one Worker's memory": async ({ load }) => {
    const guard = await load("script", { limits: { outputBytes: 65536 } });
    const all = await Promise.all(Array.from({ length: 40 }, () => guard.fresh()));
    for (const each of all) equal(await script(each as never, "k"), [1001]);
    const first = all[0] as LoaderGuard;
    // It was dropped for younger ones, or not: then it has its state.
    equal(await script(first as never, "k"), first.replaced > 0 ? [1001] : [2002]);
    await Promise.all(all.map((each) => each.close()));
  },

  "pinned bytes come from the cache": async ({ loader, upstream, cache, bytes }) => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes("echo")));
    const integrity = `sha256-${btoa(String.fromCharCode(...digest))}`;
    let requests = 0;
    const counting: typeof fetch = (...parameters) => {
      requests++;
      return fetch(...parameters);
    };
    const url = `${upstream}echo.wasm`;
    for (const expected of [1, 1]) {
      const guard = await loaderGuard(url, { loader, integrity, cache, fetch: counting });
      equal([guard.name, requests], ["echo", expected]);
      await guard.close();
    }
    await (await loaderGuard(url, { loader, cache, fetch: counting })).close();
    equal(requests, 2, "Without a pin the server is asked");
  },

  "one request loads a guard": async ({ load, kept }) => {
    const guard = await load("script", { backend: later });
    equal(await script(guard as never, "k"), [1001]);
    kept.set("guard", guard);
  },
  "and another one uses it": async ({ kept }) => {
    const guard = kept.get("guard") as LoaderGuard;
    const count = Number(kept.get("count") ?? 1) + 1;
    kept.set("count", count);
    equal(await script(guard as never, "k"), [count * 1001]);
    equal(await script(guard as never, "q0d", ["tool", "{}"]), [true]);
    equal(guard.replaced, 0);
  },
  "ten at the same time": async ({ kept }) => {
    const guard = kept.get("guard") as LoaderGuard;
    const [counted] = (await script(guard as never, "k")) as [number];
    ok(counted % 1001 === 0 && counted > 1001, `${counted}`);
    equal(guard.replaced, 0);
  },
  "ten who load it together": async ({ loader, bytes, kept }) => {
    let shared = kept.get("shared") as Promise<LoaderGuard> | undefined;
    shared ??= loaderGuard(bytes("echo"), { loader, limits: { memoryPages: 99 } });
    kept.set("shared", shared);
    equal((await shared).health, "ok");
  },
};
