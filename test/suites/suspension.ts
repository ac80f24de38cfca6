// A synchronous question over an asynchronous backend: every strategy that the runtime has gives the same outcome.
import type { Backend, CallEvent, GuardError, GuardEvent, QuestionEvent, WasmGuard } from "edge-guard";
import backendVectors from "../vectors/abi/backend.json" with { type: "json" };
import faultVectors from "../vectors/abi/faults.json" with { type: "json" };
import importVectors from "../vectors/abi/imports.json" with { type: "json" };
import { equal, ok, rejects } from "./assert.ts";
import { loadScript, runCase, type ScriptCase, type Strategy, script, strategies } from "./script.ts";
import type { Environment, Library, Runner } from "./suite.ts";

const asynchronous: readonly Strategy[] = strategies().filter((strategy) => strategy !== "sync");
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const never = (): Promise<never> => new Promise(() => {});
const thenable = (then: (done: (value: number) => void) => unknown): unknown => ({ then });
const question = ["tool", "{}"];

export function suspensionSuite(runner: Runner, library: Library, environment: Environment): void {
  const { functionBackend, loadGuard } = library;
  const test = (title: string, body: () => Promise<void>): void => runner.test(`suspension: ${title}`, body);
  /** One test per asynchronous strategy, with a guard of its own. */
  const each = (
    title: string,
    options: Record<string, unknown>,
    body: (guard: WasmGuard, events: GuardEvent[], strategy: Strategy) => Promise<void>,
  ): void => {
    for (const strategy of asynchronous) {
      test(`${title}, ${strategy}`, async () => {
        const events: GuardEvent[] = [];
        const onEvent = (event: GuardEvent): void => void events.push(event);
        const guard = await loadScript(library, await environment.guard("script"), strategy, { onEvent, ...options });
        try {
          await body(guard, events, strategy);
        } finally {
          await guard.close();
        }
      });
    }
  };
  const runs = (events: readonly GuardEvent[]): CallEvent[] => events.filter((event) => event.type === "label-call");
  const questions = (events: readonly GuardEvent[]): QuestionEvent[] =>
    events.filter((event) => event.type === "question");

  const cases = [...backendVectors.cases, ...faultVectors.cases, ...importVectors.cases] as unknown as ScriptCase[];
  for (const one of cases) {
    test(`the same under every strategy: ${one.name}`, async () => {
      const outcomes: string[] = [];
      for (const strategy of strategies()) {
        if ("only" in one && one.only !== strategy) continue;
        outcomes.push(JSON.stringify(await runCase(library, await environment.guard("script"), one, strategy)));
        equal(outcomes.at(-1), outcomes[0], `${strategy} against sync`);
      }
    });
  }

  each(
    "three concurrent calls get their own answers",
    {
      backend: functionBackend(async (_tool, args) => {
        const { n } = args as { n: number };
        await pause(30 - 10 * n);
        return { own: n };
      }),
    },
    async (guard) => {
      const calls = [0, 1, 2].map((n) => script(guard, "kw7q0d", ["tool", `{"n":${n}}`]));
      equal(
        await Promise.all(calls),
        [0, 1, 2].map((n) => [(n + 1) * 1001, { own: n }]),
      );
    },
  );

  each(
    "64 KiB of arguments",
    { backend: functionBackend(async (_tool, args) => JSON.stringify(args).length) },
    async (guard) => {
      const args = JSON.stringify({ x: "y".repeat(65536 - 8) });
      equal(args.length, 65536);
      equal(await script(guard, "q0d", ["tool", args]), [65536]);
    },
  );

  each("an answer of 16 MiB", { backend: functionBackend(async () => "x".repeat(2 ** 24 - 2)) }, async (guard) => {
    equal(await script(guard, "q0nw7C16777216q0n", question), [-2, 2 ** 24]);
  });

  test("95 questions of 20 ms: all at once, 16 in flight, in two runs", async () => {
    let inFlight = 0;
    let most = 0;
    const order: number[] = [];
    const backend = functionBackend(async (_tool, args) => {
      order.push((args as { n: number }).n);
      most = Math.max(most, ++inFlight);
      await pause(20);
      inFlight--;
      return order.at(-1) !== undefined ? { ok: true } : null;
    });
    const events: GuardEvent[] = [];
    const onEvent = (event: GuardEvent): void => void events.push(event);
    const guard = await loadScript(library, await environment.guard("script"), "speculative", { backend, onEvent });
    equal((await script(guard, "[95q0]n", ["tool", '{"n":#}'])).length, 1);
    equal([runs(events)[0]?.runs, runs(events)[0]?.questions, most, inFlight], [2, 95, 16, 0]);
    equal(
      order,
      Array.from({ length: 95 }, (_, index) => index),
      "Asked once each, in order",
    );
    ok(
      questions(events).every(({ used }) => used),
      "None in vain",
    );
    await guard.close();
  });

  each(
    "40 questions of which each needs the answer before",
    { backend: functionBackend(async (_tool, args) => ({ n: ((args as { n?: number }).n ?? 0) + 1 })) },
    async (guard, events, strategy) => {
      equal(await script(guard, "[40Q0]d", ["next"]), [{ n: 40 }]);
      const [call] = runs(events);
      equal([call?.questions, call?.runs], [40, strategy === "jspi" ? 1 : 41]);
    },
  );

  each("a guard that asks until it gets an answer", { backend: functionBackend(async () => 1) }, async (guard) =>
    equal(await script(guard, "[100000q0]n", question), [1]),
  );

  test("speculation asks in vain where the answer decides, stepwise does not", async () => {
    for (const [strategy, wanted] of [
      ["speculative", ["a", "b"]],
      ["stepwise", ["a"]],
    ] as const) {
      const asked: string[] = [];
      const backend = functionBackend(async (tool) => {
        asked.push(tool);
        return 1;
      });
      const events: GuardEvent[] = [];
      const onEvent = (event: GuardEvent): void => void events.push(event);
      const guard = await loadScript(library, await environment.guard("script"), strategy, { backend, onEvent });
      equal(await script(guard, "q0-q2n", ["a", "{}", "b", "{}"]), [1]);
      equal(asked, wanted);
      equal(
        questions(events).map(({ tool, used }) => [tool, used]),
        wanted.map((tool) => [tool, tool === "a"]),
      );
      // What was asked in vain is no limit for the run that counts.
      await guard.close();
    }
  });

  test("a backend can refuse speculation", async () => {
    const asked: string[] = [];
    const backend: Backend = {
      name: "metered",
      speculate: false,
      callTool: async (tool) => {
        asked.push(tool);
        return 1;
      },
    };
    const guard = await loadScript(library, await environment.guard("script"), "speculative", { backend });
    await script(guard, "q0-q2n", ["a", "{}", "b", "{}"]);
    equal(asked, ["a"]);
    await guard.close();
  });

  test("questions asked in vain do not come back when the call is run again", async () => {
    // The third question is over the limit, but a speculative run asked it: the way back must not know its answer.
    const backend = functionBackend(async (_tool, args) => (args as { n: number }).n);
    const guard = await loadScript(library, await environment.guard("script"), "speculative", {
      backend,
      limits: { backendCalls: 2 },
    });
    equal(await script(guard, "q0+q2q4fFw7n", ["a", '{"n":1}', "b", '{"n":2}', "c", '{"n":3}']), [1, -1]);
    await rejects(script(guard, "!"));
    await guard.recover();
    equal(await script(guard, "F"), [1]);
    await guard.close();
  });

  each(
    "a sleeping guard leaves the event loop free",
    { backend: functionBackend(async () => 5) },
    async (guard, events) => {
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      const started = performance.now();
      equal(await script(guard, "q0dw7s60nw7q0d", question), [5, 0, 5]);
      clearInterval(timer);
      ok(performance.now() - started >= 59, "It slept for real");
      ok(ticks >= 2, `Others ran meanwhile: ${ticks}`);
      equal(
        events.flatMap((event) => (event.type === "sleep" ? [event.milliseconds] : [])),
        [60],
      );
    },
  );

  each(
    "a clock shows a sleep, also after readings that did not count",
    { backend: functionBackend(async () => 5) },
    async (guard) => {
      // The clock is read thrice before the question is answered, and once after the sleep.
      const seen = (await script(guard, "t1nw7q0t1t1-t1s40t1n", question)) as [number, number];
      ok(seen[1] - seen[0] >= 39, `The clock moved on by the sleep: ${seen[1] - seen[0]}`);
    },
  );

  test("a sleep without an asynchronous backend moves this guard's clocks only", async () => {
    const bytes = await environment.guard("script");
    const [one, other] = await Promise.all([loadGuard(bytes), loadGuard(bytes)]);
    const started = performance.now();
    const seen = (await script(one, "t1nw7s600000t1n")) as [number, number];
    ok(seen[1] - seen[0] >= 600_000 && performance.now() - started < 60_000, "Ten minutes passed for the guard");
    const [elsewhere] = (await script(other, "t1n")) as [number];
    ok(elsewhere < seen[0] + 300_000, "Not for another guard");
    const later = await one.fork();
    ok(((await script(later, "t1n")) as [number])[0] >= seen[1], "A fork's clock does not run backwards");
    await Promise.all([one.close(), other.close(), later.close()]);
  });

  each("a guard that sleeps too often", { backend: functionBackend(async () => 5) }, async (guard) => {
    const error = (await rejects(script(guard, "[300s1]"))) as GuardError;
    equal([error.code, (error as { limit?: string }).limit, guard.health], ["limit", "sleeps", "ok"]);
    equal(await script(guard, "k"), [1001]);
  });

  each(
    "randomness is the same in every run of a call, and differs between calls",
    { backend: functionBackend(async () => 5) },
    async (guard) => {
      const first = await script(guard, "u8nw7q0u8nw7u16n", question);
      const second = await script(guard, "u8nw7q0u8nw7u16n", question);
      ok(JSON.stringify(first) !== JSON.stringify(second), `New randomness: ${first}`);
    },
  );

  const failing: Readonly<Record<string, [backend: Backend["callTool"], result: number, error: string | undefined]>> = {
    "throws at once": [
      () => {
        throw new Error("No");
      },
      -1,
      "backend",
    ],
    rejects: [async () => Promise.reject(new Error("No")), -1, "backend"],
    "rejects with something that is no error": [async () => Promise.reject(undefined), -1, "backend"],
    "answers with undefined": [async () => undefined, -1, "backend"],
    "answers with what is not JSON": [async () => 1n, -1, "backend"],
    "never answers": [never, -1, "timeout"],
    "answers at once, without a promise": [() => 7, 1, undefined],
    "answers twice": [() => thenable((done) => [done(1), done(2)]), 1, undefined],
    "has a then that throws": [
      () =>
        thenable(() => {
          throw new Error("No");
        }),
      -1,
      "backend",
    ],
  };
  for (const [what, [callTool, result, code]] of Object.entries(failing)) {
    const backend: Backend = { name: "odd", callTool };
    each(`a backend that ${what}`, { backend, limits: { backendTimeoutMs: 25 } }, async (guard, events) => {
      equal(await script(guard, "q0nw7q0n", question), [result, result]);
      equal(
        questions(events).map(({ error, used }) => [error?.code, used]),
        [[code, true]],
      );
      equal(await script(guard, "k"), [1001]);
    });
  }

  test("a backend that is declared synchronous but answers with a promise", async () => {
    const events: GuardEvent[] = [];
    const backend: Backend = { name: "liar", synchronous: true, callTool: () => Promise.reject(new Error("late")) };
    const onEvent = (event: GuardEvent): void => void events.push(event);
    const guard = await loadGuard(await environment.guard("script"), { backend, onEvent });
    equal(await script(guard, "q0n", question), [-1]);
    ok(questions(events)[0]?.error?.message.includes("declared synchronous"), "The event says so");
    await guard.close();
  });

  for (const how of ["signal", "timeoutMs", "limits.timeoutMs", "close"] as const) {
    const limits = how === "limits.timeoutMs" ? { timeoutMs: 250 } : {};
    let heard = 0;
    const backend: Backend = {
      name: "silent",
      callTool: (tool, _args, options) => {
        if (tool !== "silent") return Promise.resolve(1);
        options?.signal?.addEventListener("abort", () => heard++);
        return never();
      },
    };
    each(`a call that waits for its backend ends at once: ${how}`, { backend, limits }, async (guard) => {
      heard = 0;
      const controller = new AbortController();
      const reason = new Error("Enough");
      const waiting = script(guard, "kq0d", ["silent", "{}"], {
        ...(how === "signal" ? { signal: controller.signal } : {}),
        ...(how === "timeoutMs" ? { timeoutMs: 40 } : {}),
      });
      const queued = script(guard, "k", [], { timeoutMs: 60_000 });
      const outcome = rejects(waiting);
      const second = queued.then(
        (value) => value,
        (error: Error) => error,
      );
      await pause(15);
      const started = performance.now();
      if (how === "signal") controller.abort(reason);
      if (how === "close") await guard.close();
      const error = (await outcome) as GuardError;
      ok(performance.now() - started < 1000, "At once");
      equal(error.code, how === "signal" ? "aborted" : how === "close" ? "closed" : "timeout");
      equal([error.guard, error.phase], how === "close" ? ["script", error.phase] : ["script", "label_response"]);
      if (how === "signal") ok(error.cause === reason, "The cause is the signal's reason");
      equal(heard, 1, "The backend hears that nobody waits any more");
      if (how === "close") {
        ok((await second) instanceof library.ClosedError, "Who waits in the queue hears it too");
        return;
      }
      equal(await second, [1001], "The next call finds the state before the failed one");
      equal([guard.health, await script(guard, "kw7q0d", question)], ["ok", [2002, 1]]);
    });
  }

  each("a late answer changes nothing", { backend: functionBackend(async () => 1) }, async (guard) => {
    let answer: (value: unknown) => void = () => {};
    const slow: Backend = { name: "slow", callTool: () => new Promise((resolve) => (answer = resolve)) };
    await rejects(script(guard, "kq0d", question, { backend: slow, timeoutMs: 20 }));
    const next = script(guard, "kw7q0d", question);
    answer({ late: true });
    equal(await next, [1001, 1]);
  });

  each(
    "an abort leaves nothing behind on the caller's signal",
    { backend: functionBackend(async () => pause(2).then(() => 1)) },
    async (guard) => {
      const { signal } = new AbortController();
      let listeners = 0;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...parameters: Parameters<typeof add>) => [listeners++, add(...parameters)];
      signal.removeEventListener = (...parameters: Parameters<typeof remove>) => [listeners--, remove(...parameters)];
      await Promise.all([1, 2, 3].map(() => script(guard, "[20q0]s2k", ["tool", '{"n":#}'], { signal })));
      equal(listeners, 0);
    },
  );

  test("a signal that fired before the call, and one that fires while the call is queued", async () => {
    const backend = functionBackend(async () => pause(20).then(() => 1));
    const guard = await loadScript(library, await environment.guard("script"), "speculative", { backend });
    equal(((await rejects(script(guard, "k", [], { signal: AbortSignal.abort() }))) as GuardError).code, "aborted");
    const controller = new AbortController();
    const first = script(guard, "kw7q0d", question);
    const queued = rejects(script(guard, "k", [], { signal: controller.signal }));
    const third = script(guard, "k");
    controller.abort();
    equal(((await queued) as GuardError).code, "aborted");
    equal([await first, await third], [[1001, 1], [2002]], "Nobody loses his turn");
    await guard.close();
  });

  test("a guard that catches every exception cannot turn an end into labels", async () => {
    const answers: Record<string, unknown> = { a: "first", b: 22 };
    for (const strategy of asynchronous) {
      const guard = await loadScript(library, await environment.guard("catcher"), strategy, {
        backend: functionBackend(async (tool) => (tool === "a" || !("silent" in answers) ? answers[tool] : never())),
      });
      const labels = await guard.labelResponse({ tool: "t" }, null);
      ok(labels !== null && "items" in labels, "Labels");
      equal(labels.items[0]?.data, [0, 2], strategy);
      answers["silent"] = true;
      const error = (await rejects(guard.labelResponse({ tool: "t" }, null, { timeoutMs: 30 }))) as GuardError;
      equal([error.code, guard.health], ["timeout", "ok"], strategy);
      delete answers["silent"];
      ok((await guard.labelResponse({ tool: "t" }, null)) !== null, "The next call works");
      await guard.close();
    }
  });

  test("a module whose state cannot be captured says so and works", async () => {
    const bytes = await environment.guard("table-state");
    const read = async (guard: WasmGuard): Promise<unknown> => {
      const labels = await guard.labelResponse({ tool: "t" }, null);
      return labels !== null && "items" in labels ? labels.items[0]?.data : labels;
    };
    const report = library.inspectGuard(bytes);
    ok(
      report.ok && !report.checkpoint.possible && report.checkpoint.obstacle?.includes("table.set"),
      "The report says why",
    );
    for (const suspension of ["auto", "replay", ...(asynchronous.includes("jspi") ? ["jspi"] : [])] as const) {
      const events: GuardEvent[] = [];
      const backend = functionBackend(async () => 7);
      const guard = await loadGuard(bytes, {
        backend,
        suspension: suspension as "auto",
        onEvent: (event) => events.push(event),
      });
      for (let call = 1; call <= 5; call++) equal(await read(guard), [1000 + call, 7], suspension);
      const jspi = suspension === "jspi" || (suspension === "auto" && asynchronous.includes("jspi"));
      ok(
        runs(events).every((event) => event.suspension === (jspi ? "jspi" : "replay")),
        suspension,
      );
      const second = await guard.fork();
      equal(
        [await read(second), await read(guard)],
        [
          [1006, 7],
          [1006, 7],
        ],
        "A fork by running the calls again",
      );
      for (let call = 7; call <= 300 && jspi; call++) equal(await read(guard), [1000 + call, 7]);
      if (jspi) {
        equal(((await rejects(guard.fork())) as GuardError).code, "state-not-capturable");
        const synchronous = functionBackend(() => 8, { synchronous: true });
        const labels = await guard.labelResponse({ tool: "t" }, null, { backend: synchronous });
        equal(labels !== null && "items" in labels && labels.items[0]?.data, [1301, 8], "Another kind of backend");
      }
      await Promise.all([guard.close(), second.close()]);
    }
  });

  test("one guard, every kind of backend in turn", async () => {
    const guard = await loadGuard(await environment.guard("script"));
    const kinds: readonly (Backend | undefined)[] = [
      undefined,
      functionBackend(() => 1, { synchronous: true }),
      functionBackend(async () => 1),
    ];
    for (let call = 1; call <= 12; call++) {
      const backend = kinds[call % 3];
      equal(await script(guard, "kw7q0n", question, { backend }), [call * 1001, backend === undefined ? -1 : 1]);
    }
    await guard.close();
  });

  each(
    "recovery is exact with answers, randomness and clocks",
    { backend: functionBackend(async (tool) => `${tool}!`) },
    async (guard) => {
      for (let call = 1; call <= 300; call++) await script(guard, "ku8t0q0f", ["tool", `{"n":${call}}`]);
      await rejects(script(guard, "kq0!", question));
      await guard.recover();
      equal(await script(guard, "kw7F"), [301 * 1001, 0]);
    },
  );

  test("many calls do not make the guest's memory grow", async () => {
    const calls = environment.name === "node" ? 100_000 : 10_000;
    const guard = await loadGuard(await environment.guard("script"));
    await script(guard, "k");
    const before = await script(guard, "m");
    const bytes = guard.memoryBytes;
    for (let call = 0; call < calls; call++) await guard.labelResponse({ tool: "t", args: { do: "r0" } }, null);
    equal(await script(guard, "m"), before, "What alloc has given out");
    ok(guard.memoryBytes < bytes + 4 * 2 ** 20, `The host's share: ${guard.memoryBytes - bytes}`);
    equal(await script(guard, "k"), [2002]);
    await guard.close();
  });

  test("kept buffers are given back when inputs were large", async () => {
    const guard = await loadGuard(await environment.guard("script"));
    const [small] = (await script(guard, "m")) as [number];
    await guard.labelResponse({ tool: "t", args: { do: "r0" } }, "x".repeat(3 * 2 ** 20));
    const [after] = (await script(guard, "m")) as [number];
    ok(after <= small + 2 ** 20, `Given out ${after} after ${small}`);
    await guard.close();
  });
}
