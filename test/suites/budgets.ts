// Guards that run away, and what they burn: ended by their budget or their deadline on any thread, the next call fine, and the same call
// burns the same everywhere.
import type {
  Backend,
  CallEvent,
  GuardError,
  GuardEvent,
  LimitError,
  LoadGuardOptions,
  WasmGuard,
  WorkerGuard,
} from "edge-guard";
import calls from "../vectors/fuel/calls.json" with { type: "json" };
import { equal, ok, rejects } from "./assert.ts";
import { buildModule } from "./module-builder.ts";
import type { Environment, Library, Runner } from "./suite.ts";
import { openSession, people, policy, type Waiting } from "./toolchain-session.ts";

const silent = { label_agent: "417f", label_resource: "417f", label_response: "4100" };
const endless = "03400c000b";
const generous = { timeoutMs: 60_000 };

const kinds: Readonly<Record<string, string>> = {
  l: "an endless loop",
  t: "a loop behind br_table",
  r: "endless recursion",
  i: "two functions that call each other through a table",
  p: "the same in tail position",
  f: "bulk instructions without end",
};

export function budgetsSuite(runner: Runner, library: Library, environment: Environment): void {
  const { loadGuard, functionBackend, LimitError, TimeoutError } = library;
  const test = (title: string, body: () => Promise<void>): void => runner.test(`budgets: ${title}`, body);

  const load = async (name: string, options: LoadGuardOptions = {}): Promise<WasmGuard> =>
    loadGuard(await environment.guard(name), { name, fuel: true, ...options });
  const outOfFuel = (error: Error): void => {
    ok(error instanceof LimitError, `Expected a LimitError, got ${error.name}: ${error.message}`);
    equal([(error as GuardError).code, (error as LimitError).limit], ["out-of-fuel", "fuel"]);
  };
  const late = (error: Error): void =>
    ok(error instanceof TimeoutError, `Expected a TimeoutError, got ${error.name}: ${error.message}`);
  const describe = async (guard: WasmGuard | WorkerGuard, tool: string, options = {}): Promise<string> =>
    (await guard.labelResource({ tool }, options)).description;

  const ways: Waiting[] = ["synchronous", "replay", "stepwise"];
  if ("Suspending" in WebAssembly) ways.push("jspi");
  const answering = (waiting: Waiting, result: unknown): Backend =>
    waiting === "synchronous"
      ? functionBackend(() => result, { name: "lookup", synchronous: true })
      : functionBackend(
          async () => {
            await new Promise((resolve) => setTimeout(resolve, 1));
            return result;
          },
          { name: "lookup" },
        );
  const asking = (waiting: Waiting, result: unknown): LoadGuardOptions => ({
    backend: answering(waiting, result),
    suspension: waiting === "jspi" ? "jspi" : "replay",
    speculate: waiting !== "stepwise",
  });

  for (const [kind, what] of Object.entries(kinds)) {
    test(`${what}: ended by its budget, the call never was`, async () => {
      const guard = await load("runaway", { limits: { fuel: 20_000 } });
      equal(await describe(guard, "ok"), "call 1");
      const running = rejects(describe(guard, kind));
      const next = describe(guard, "ok");
      const error = await running;
      outOfFuel(error);
      equal([(error as GuardError).guard, (error as GuardError).phase], ["runaway", "label_resource"]);
      equal([await next, guard.health], ["call 2", "ok"], "The next call finds the state before");
      outOfFuel(await rejects(describe(guard, kind)));
      equal(await describe(guard, "ok"), "call 3");
      await guard.close();
    });

    test(`${what}: ended at the deadline`, async () => {
      const guard = await load("runaway", { limits: { timeoutMs: 40 } });
      equal(await describe(guard, "ok", generous), "call 1");
      const error = await rejects(describe(guard, kind));
      // The stack may be at its end before the time is.
      if ((error as GuardError).code === "trap" && "ri".includes(kind)) await guard.recover();
      else late(error);
      equal([await describe(guard, "ok", generous), guard.health], ["call 2", "ok"]);
      await guard.close();
    });
  }

  test("the deadline of one call", async () => {
    const guard = await load("runaway");
    late(await rejects(describe(guard, "l", { timeoutMs: 30 })));
    equal(await describe(guard, "ok", generous), "call 1");
    await guard.close();
  });

  test("the message of an exhausted budget says what to do", async () => {
    const guard = await load("runaway", { limits: { fuel: 5000 } });
    const { message } = await rejects(describe(guard, "l"));
    ok(/5000 units of fuel.*limits\.fuel/.test(message), message);
    await guard.close();
  });

  for (const waiting of ways) {
    test(`a loop after an answer, ${waiting}`, async () => {
      for (const [limits, check] of [
        [{ fuel: 50_000 }, outOfFuel],
        [{ timeoutMs: 150 }, late],
      ] as const) {
        const guard = await load("runaway", { ...asking(waiting, true), limits });
        equal(await describe(guard, "ok"), "call 1");
        check(await rejects(describe(guard, "q")));
        equal([await describe(guard, "ok"), guard.health], ["call 2", "ok"]);
        await guard.close();
      }
    });

    test(`what follows from a false answer is nobody's fault, ${waiting}`, async () => {
      const guard = await load("runaway", { ...asking(waiting, true), limits: { fuel: 3_000_000 } });
      equal(await describe(guard, "b"), "call 1", "It loops only without an answer");
      equal(await describe(guard, "ok"), "call 2");
      await guard.close();
    });
  }

  test("replay: a false answer that sends it round in circles ends by itself, without any limit", async () => {
    const guard = await load("runaway", { ...asking("replay", true), limits: generous });
    equal(await describe(guard, "b"), "call 1");
    await guard.close();
  });

  test("what is left of an earlier call is no one's: each has its own budget", async () => {
    const guard = await load("runaway", { limits: { fuel: 200_000 } });
    for (let call = 1; call < 9; call++) equal(await describe(guard, "w1"), `call ${call}`);
    outOfFuel(await rejects(describe(guard, "w9")));
    await guard.close();
  });

  test("the budget that is enough is what the call burns, to the unit", async () => {
    const events: GuardEvent[] = [];
    const measured = await load("runaway", { onEvent: (event) => events.push(event) });
    await describe(measured, "w3");
    const { fuel = 0 } = events.find((event) => event.type === "label-call") as CallEvent;
    ok(fuel > 100_000 && fuel < 1_000_000, `It burned ${fuel}`);
    const enough = await load("runaway", { limits: { fuel } });
    equal(await describe(enough, "w3"), "call 1");
    const short = await load("runaway", { limits: { fuel: fuel - 1 } });
    outOfFuel(await rejects(describe(short, "w3")));
    await Promise.all([measured.close(), enough.close(), short.close()]);
  });

  test("a start function and _initialize that never end", async () => {
    const initializing = buildModule({ exports: { _initialize: ">" }, code: { ...silent, _initialize: endless } });
    for (const bytes of [await environment.guard("fuel-endless-start"), initializing]) {
      for (const [limits, check] of [
        [{ fuel: 10_000 }, outOfFuel],
        [{ timeoutMs: 40 }, late],
      ] as const) {
        const error = await rejects(loadGuard(bytes, { name: "odd", fuel: true, limits }));
        check(error);
        equal([(error as GuardError).guard, (error as GuardError).phase], ["odd", "_initialize"]);
      }
    }
  });

  test("an allocator that never comes back, and closing that does", async () => {
    const guard = await load("runaway-allocator", { limits: { timeoutMs: 40 } });
    await guard.labelAgent({});
    // Larger than the buffer at hand: the guest must give it back and hand out another.
    late(await rejects(guard.labelResource({ tool: "x".repeat(100_000) })));
    await guard.labelAgent({});
    await guard.close();
    equal(guard.health, "closed");
  });

  test("forks and fresh instances count too; going back after an exhausted budget leads to the same state", async () => {
    const guard = await load("runaway", { limits: { fuel: 20_000 } });
    equal(await describe(guard, "ok"), "call 1");
    const second = await guard.fork();
    outOfFuel(await rejects(describe(second, "l")));
    equal([await describe(second, "ok"), await describe(guard, "ok")], ["call 2", "call 2"]);
    const fresh = await guard.fresh();
    outOfFuel(await rejects(describe(fresh, "l")));
    equal(await describe(fresh, "ok"), "call 1");
    await Promise.all([guard.close(), second.close(), fresh.close()]);
  });

  for (const { name, guard: file, tool, answer, fuel } of calls.cases) {
    for (const waiting of ways) {
      test(`${name}, ${waiting}: burns what it burns everywhere`, async () => {
        const burned: (number | undefined)[] = [];
        const guard = await load(file, {
          ...(answer === undefined ? {} : asking(waiting, answer)),
          onEvent: (event) => {
            if (event.type === "label-call") burned.push(event.fuel);
          },
        });
        await guard.labelAgent({});
        await guard.labelResource({ tool });
        await guard.labelResource({ tool });
        equal(burned, [fuel[0], fuel[1], fuel[1]]);
        await guard.close();
      });
    }
  }

  for (const { language, fuel } of calls.toolchains) {
    for (const waiting of ways) {
      const burnedInSession = async (): Promise<unknown[]> => {
        const {
          guard,
          events,
          describe: described,
        } = await openSession(library, environment, language as "rust", waiting, people, (bytes) => bytes, false, {
          fuel: true,
        });
        await guard.labelAgent(policy);
        await described("list_issues");
        const items = Array.from({ length: 20 }, (_, number) => ({
          number,
          user: { login: Object.keys(people)[number % 3] },
        }));
        await guard.labelResponse({ tool: "list_issues" }, { items });
        await guard.labelResponse({ tool: "list_issues" }, items);
        await guard.close();
        return events.flatMap((event) => (event.type === "label-call" ? [event.fuel] : []));
      };
      test(`a guard made with ${language}, ${waiting}: burns what it burns everywhere`, async () => {
        let burned = await burnedInSession();
        // Rust and Go seed their hash tables by random_get: with about one seed in forty two keys meet, which costs a little more.
        for (let session = 1; session < 6 && JSON.stringify(burned) !== JSON.stringify(fuel); session++) {
          burned = await burnedInSession();
        }
        equal(burned, fuel);
      });
    }
  }

  test("without fuel nothing is counted, and a budget is refused", async () => {
    const events: GuardEvent[] = [];
    const bytes = await environment.guard("runaway");
    const guard = await loadGuard(bytes, { fuel: false, onEvent: (event) => events.push(event) });
    equal(guard.module.counts, false);
    await describe(guard, "ok");
    equal(
      events.flatMap((event) => (event.type === "label-call" ? [event.fuel ?? "none"] : [])),
      ["none"],
    );
    await guard.close();
    const contradiction = await rejects(loadGuard(bytes, { fuel: false, limits: { fuel: 5 } }));
    ok(contradiction instanceof RangeError && contradiction.message.includes("limits.fuel"), contradiction.message);
    for (const fuel of [0, -1, 1.5, Number.NaN]) {
      const wrong = await rejects(load("runaway", { limits: { fuel } }));
      ok(wrong instanceof RangeError && wrong.message.includes('"limits.fuel"'), wrong.message);
    }
  });

  test("the preview tells what each call burned", async () => {
    const scenario = {
      servers: {
        s: { guard: { wasm: "runaway" }, policy: { "allow-only": { repos: "public", "min-integrity": "none" } } },
      },
      calls: [
        { server: "s", tool: "w1", result: [] },
        { server: "s", tool: "w3", result: [] },
        { server: "s", tool: "l", result: [] },
      ],
    };
    const guard = await load("runaway", { limits: { fuel: 1_000_000 } });
    const report = await library.preview(scenario, { guards: { runaway: guard } });
    await guard.close();
    const [first = 0, second = 0, third = 0] = report.calls.map(({ fuel }) => fuel);
    ok(first > 10_000 && second > 2 * first && third > 1_000_000, `Burned: ${[first, second, third].join(", ")}`);
    equal(
      report.calls.map(({ outcome }) => [outcome.status, (outcome.error as GuardError | undefined)?.code]),
      [
        ["allowed", undefined],
        ["allowed", undefined],
        ["failed", "out-of-fuel"],
      ],
    );
  });

  test("a compiled module that only says it counts is refused", async () => {
    const says = (more: object): string => JSON.stringify({ version: 2, memoryPages: 512, globals: [], ...more });
    const claim = { "edge-guard.prepared": says({ fuel: true }) };
    const imports = [["edge_guard", "out_of_fuel", ">i"]] as const;
    const looksSo = await WebAssembly.compile(
      buildModule({ code: silent, imports, exports: { "edge_guard.fuel": "i>i" }, customSections: claim }),
    );
    // Its function does not set a count.
    equal(((await rejects(loadGuard(looksSo))) as GuardError).code, "bad-module");
    const imported = await WebAssembly.compile(buildModule({ code: silent, imports, customSections: claim }));
    equal(((await rejects(loadGuard(imported))) as GuardError).code, "unknown-import");
    const quiet = await WebAssembly.compile(
      buildModule({ code: silent, imports, customSections: { "edge-guard.prepared": says({}) } }),
    );
    equal(((await rejects(loadGuard(quiet))) as GuardError).code, "unknown-import");
    const plain = await WebAssembly.compile(buildModule({ code: silent }));
    const wanted = await rejects(loadGuard(plain, { fuel: true }));
    ok(wanted instanceof RangeError && wanted.message.includes("prepare it with fuel"), wanted.message);
  });

  test("bytes that only look as if they counted are refused; those that do are prepared anew", async () => {
    const forged = buildModule({
      code: { ...silent, label_resource: `${endless}00` },
      imports: [["edge_guard", "out_of_fuel", ">i"]],
      exports: { "edge_guard.fuel": "i>i" },
      customSections: {
        "edge-guard.prepared": JSON.stringify({ version: 2, memoryPages: 512, globals: [], fuel: true }),
      },
    });
    equal(((await rejects(async () => library.prepareGuard(forged, { fuel: true }))) as GuardError).code, "bad-module");
    equal(((await rejects(async () => library.prepareGuard(forged))) as GuardError).code, "bad-module");
    const report = library.inspectGuard(forged);
    equal([report.ok, report.counts, report.problems[0]?.code], [false, false, "bad-module"]);
    const bytes = await environment.guard("runaway");
    const prepared = library.prepareGuard(bytes, { fuel: true, memoryPages: 200 });
    equal(library.inspectGuard(prepared).counts, true);
    const again = library.prepareGuard(prepared, { fuel: true, memoryPages: 150 });
    equal(library.inspectGuard(again).memory, { minimumPages: 2, maximumPages: 150 });
    const guard = await loadGuard(await WebAssembly.compile(prepared), { limits: { fuel: 20_000 } });
    outOfFuel(await rejects(describe(guard, "l")));
    equal(await describe(guard, "ok"), "call 1");
    await guard.close();
  });

  const { createWorker } = environment;
  if (createWorker === undefined) return;

  for (const [kind, what] of Object.entries(kinds)) {
    test(`in a worker: ${what}: the worker stays, and so does the session`, async () => {
      const options = { createWorker, fuel: true, limits: { timeoutMs: 400 } };
      const guard = await library.workerGuard(await environment.guard("runaway"), options);
      equal(await describe(guard, "ok"), "call 1");
      const error = await rejects(describe(guard, kind));
      if ((error as GuardError).code === "trap" && "ri".includes(kind)) await guard.recover();
      else late(error);
      equal([await describe(guard, "ok", generous), guard.health, guard.replaced], ["call 2", "ok", 0]);
      await guard.close();
    });
  }

  test("in a worker: a budget, a call's own deadline", async () => {
    const options = { createWorker, limits: { fuel: 20_000 } };
    const guard = await library.workerGuard(await environment.guard("runaway"), options);
    outOfFuel(await rejects(describe(guard, "l")));
    equal(await describe(guard, "ok"), "call 1");
    await guard.close();
    const timed = await library.workerGuard(await environment.guard("runaway"), { createWorker, fuel: true });
    late(await rejects(describe(timed, "l", { timeoutMs: 200 })));
    equal([await describe(timed, "ok"), timed.replaced], ["call 1", 0]);
    await timed.close();
  });
}
