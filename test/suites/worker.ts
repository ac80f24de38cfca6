// A guard in a worker: the same answers as on this thread, backends across the border, deadlines that hold, workers that are replaced.
import type { Backend, WorkerGuard, WorkerGuardOptions } from "edge-guard";
import { equal, ok, rejects } from "./assert.ts";
import type { Environment, Library, Runner } from "./suite.ts";

const call = { tool: "a" };
/** Makes the guard "stubborn" spin. */
const endless = { tool: "x".repeat(600) };

/** Runs where the environment can start workers. */
export function workerSuite(runner: Runner, library: Library, environment: Environment): void {
  const { createWorker } = environment;
  if (createWorker === undefined) return;

  const withGuard = (
    title: string,
    guardName: string,
    options: Partial<WorkerGuardOptions>,
    body: (guard: WorkerGuard) => Promise<void>,
  ): void =>
    runner.test(`worker: ${title}`, async () => {
      const guard = await library.workerGuard(await environment.guard(guardName), { createWorker, ...options });
      try {
        await body(guard);
      } finally {
        await guard.close();
      }
    });

  const backend = (callTool: Backend["callTool"]): Backend => library.functionBackend(callTool, { name: "test" });

  withGuard("labels as on this thread", "asker", {}, async (guard) => {
    const here = await library.loadGuard(await environment.guard("asker"));
    equal(await guard.labelAgent({}), await here.labelAgent({}));
    equal(await guard.labelResource(call), await here.labelResource(call));
    await here.close();
  });

  runner.test("worker: its load tells every phase, and an abort in any of them ends it", async () => {
    const bytes = await environment.guard("asker");
    const fetch = (async () =>
      new Response(bytes, { headers: { "content-length": String(bytes.length) } })) as typeof globalThis.fetch;
    const url = "https://guards.example/asker.wasm";
    const heard: string[] = [];
    const load = (options: Partial<WorkerGuardOptions>): Promise<WorkerGuard> =>
      library.workerGuard(url, { createWorker, fetch, cache: library.memoryCache(), ...options });
    const guard = await load({
      onProgress: ({ phase, loaded, total }) => void heard.push(`${phase} ${loaded} of ${total}`),
    });
    await guard.close();
    const { length } = bytes;
    equal(heard[0], `download 0 of ${length}`);
    equal(heard.slice(-5), [
      `download ${length} of ${length}`,
      "compile 0 of 1",
      "compile 1 of 1",
      "instantiate 0 of 1",
      "instantiate 1 of 1",
    ]);
    for (const wanted of ["download", "compile", "instantiate"]) {
      const controller = new AbortController();
      const onProgress: WorkerGuardOptions["onProgress"] = ({ phase }) => {
        if (phase === wanted) controller.abort(new Error("enough"));
      };
      const error = await rejects(load({ signal: controller.signal, onProgress }));
      ok(error instanceof library.AbortError, `${wanted}: ${error}`);
    }
  });

  withGuard("asks an asynchronous backend across the border", "asker", {}, async (guard) => {
    const answering = backend(async (tool, args) => {
      equal([tool, args], ["lookup", {}]);
      return true;
    });
    equal((await guard.labelResource(call, { backend: answering })).description, "yes!");
    // Each call has its own backend: without one the question fails.
    equal((await guard.labelResource(call)).description, "none");
  });

  withGuard("a failing backend is -1 for the guest and an event for the host", "asker", {}, async (guard) => {
    const events: string[] = [];
    const failing = backend(async () => {
      throw new Error("down");
    });
    const onEvent: WorkerGuardOptions["onEvent"] = (event) => {
      if (event.type === "question") events.push(event.error?.code ?? "answered");
    };
    equal((await guard.labelResource(call, { backend: failing, onEvent })).description, "none");
    equal(events, ["backend"]);
  });

  withGuard("faults keep their class, code and place", "asker", {}, async (guard) => {
    const fault = await rejects(guard.labelResponse(call, {}));
    ok(fault instanceof library.TrapError, `Expected a TrapError, got ${fault.name}`);
    equal([fault.code, fault.phase], ["trap", "label_response"]);
    equal(guard.health, "poisoned");
    const later = await rejects(guard.labelResource(call));
    ok(later instanceof library.PoisonedError, `Expected a PoisonedError, got ${later.name}`);
    await guard.recover();
    equal((await guard.labelResource(call)).description, "none");
  });

  withGuard("a backend that never answers: the deadline holds and the guest stays", "asker", {}, async (guard) => {
    const silent = backend(() => new Promise(() => {}));
    const late = await rejects(guard.labelResource(call, { backend: silent, timeoutMs: 60 }));
    ok(late instanceof library.TimeoutError, `Expected a TimeoutError, got ${late.name}`);
    equal((await guard.labelResource(call)).description, "none");
    equal(guard.replaced, 0);
  });

  withGuard("an abort takes effect while the backend is asked", "asker", {}, async (guard) => {
    const controller = new AbortController();
    let aborted = false;
    const silent = backend(
      (_tool, _args, asked) =>
        new Promise((_resolve, reject) => {
          asked?.signal?.addEventListener("abort", () => {
            aborted = true;
            reject(new Error("aborted"));
          });
          controller.abort();
        }),
    );
    const fault = await rejects(guard.labelResource(call, { backend: silent, signal: controller.signal }));
    ok(fault instanceof library.AbortError, `Expected an AbortError, got ${fault.name}`);
    equal((await guard.labelResource(call)).description, "none");
    ok(aborted, "The backend was not told of the abort");
  });

  withGuard("calls keep their order and their own answers", "asker", {}, async (guard) => {
    const answers = await Promise.all(
      [true, false, true].map((answer) => guard.labelResource(call, { backend: backend(async () => answer) })),
    );
    equal(
      answers.map(({ description }) => description),
      ["yes!", "none", "yes!"],
    );
  });

  // Without fuel only where ending a worker ends its loop: elsewhere the guest would spin on after the tests.
  const ways: readonly Partial<WorkerGuardOptions>[] = environment.endsLoops === false ? [{}] : [{}, { fuel: false }];
  for (const options of ways) {
    const how = options.fuel === false ? "without fuel: " : "";
    withGuard(
      `${how}an endless loop ends at the deadline, and the next call finds a guard that knows its policy`,
      "stubborn",
      options,
      async (guard) => {
        await guard.labelAgent({});
        equal((await guard.labelResource(call)).description, "told!");
        const waiting = guard.labelResource(endless, { timeoutMs: 150 });
        const next = guard.labelResource(call);
        const late = await rejects(waiting);
        ok(late instanceof library.TimeoutError, `Expected a TimeoutError, got ${late.name}`);
        equal((await next).description, "told!");
        // A guard that counts ends itself, and its worker stays.
        equal([guard.replaced, guard.health], [guard.module.counts ? 0 : 1, "ok"]);
      },
    );

    withGuard(`${how}this thread goes on while the guest spins`, "stubborn", options, async (guard) => {
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      await rejects(guard.labelResource(endless, { timeoutMs: 150 }));
      clearInterval(timer);
      ok(ticks > 1, `Only ${ticks} timers fired`);
    });

    // Where the thread cannot be ended, the guest's budget ends it after a while.
    const bounded = environment.endsLoops === false ? { limits: { fuel: 1_000_000_000 } } : {};
    withGuard(`${how}close ends a spinning guest`, "stubborn", { ...options, ...bounded }, async (guard) => {
      const waiting = rejects(guard.labelResource(endless));
      await new Promise((resolve) => setTimeout(resolve, 30));
      await guard.close();
      const fault = await waiting;
      ok(fault instanceof library.ClosedError, `Expected a ClosedError, got ${fault.name}`);
    });
  }

  runner.test("worker: one that cannot be started is an error, not silence", async () => {
    const source = await environment.guard("asker");
    const blocked = (): never => {
      throw new Error("blocked");
    };
    const fault = await rejects(library.workerGuard(source, { createWorker: blocked }));
    ok(
      fault instanceof library.ModuleError && fault.code === "load-failed",
      `Expected load-failed, got ${fault.message}`,
    );
    const misuse = await rejects(library.workerGuard(source, {} as WorkerGuardOptions));
    ok(
      misuse instanceof TypeError && misuse.message.includes("createWorker"),
      `Expected a TypeError, got ${misuse.message}`,
    );
  });

  runner.test("worker: a module that cannot be a guard is refused before a worker starts", async () => {
    let started = 0;
    const counting = () => {
      started++;
      return createWorker();
    };
    const fault = await rejects(library.workerGuard(new Uint8Array([1, 2, 3]), { createWorker: counting }));
    ok(fault instanceof library.ModuleError, `Expected a ModuleError, got ${fault.name}`);
    equal(started, 0);
  });
}
