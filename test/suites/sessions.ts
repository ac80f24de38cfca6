// Sessions: one instance per guard, policy and backend, within a budget of memory.
import type { Guard, GuardError, GuardSessions, WasmGuard } from "edge-guard";
import { equal, ok, rejects } from "./assert.ts";
import { script, textsOf } from "./script.ts";
import type { Environment, Library, Runner } from "./suite.ts";

const labels = '{"agent":{"secrecy":[],"integrity":[]},"difc_mode":"filter"}';
/** A policy for the scripted guard: it counts once, and answers. */
const policy = (name: unknown, steps = "kz0w0R"): unknown => ({ do: steps, ...textsOf([labels]), name });
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function sessionsSuite(runner: Runner, library: Library, environment: Environment): void {
  const { guardSessions, loadGuard, functionBackend } = library;
  const test = (
    title: string,
    body: (sessions: GuardSessions, guard: WasmGuard) => Promise<void>,
    options: Parameters<typeof guardSessions>[0] = {},
  ): void =>
    runner.test(`sessions: ${title}`, async () => {
      const guard = await loadGuard(await environment.guard("script"), { limits: { outputBytes: 65536 } });
      const sessions = guardSessions(options);
      try {
        await body(sessions, guard);
      } finally {
        await sessions.close();
        await guard.close();
      }
    });
  const count = async (guard: Guard): Promise<unknown> => script(guard as WasmGuard, "k");

  test("the same policy shares an instance, another one never does", async (sessions, guard) => {
    const one = await sessions.open(guard, policy(1), undefined);
    const again = await sessions.open(guard, policy(1), undefined);
    const other = await sessions.open(guard, policy(2), undefined);
    equal(one.agentLabels.mode, "filter");
    ok(one.guard === again.guard && one.guard !== other.guard && one.guard !== guard, "Instances");
    equal([await count(one.guard), await count(again.guard), await count(other.guard)], [[2002], [3003], [2002]]);
    equal(await count(guard), [1001], "The guard itself stays clean");
  });

  test("another backend is another session", async (sessions, guard) => {
    const backends = [functionBackend(async () => 1), functionBackend(async () => 2)];
    const opened = await Promise.all(backends.map((backend) => sessions.open(guard, policy(1), backend)));
    equal(
      await Promise.all(
        opened.map(({ guard: own }, at) => script(own as WasmGuard, "q0d", ["tool", "{}"], { backend: backends[at] })),
      ),
      [[1], [2]],
    );
  });

  test("callers who come at the same time share one beginning", async (sessions, guard) => {
    const opened = await Promise.all(Array.from({ length: 20 }, () => sessions.open(guard, policy(1), undefined)));
    equal(new Set(opened.map((session) => session.guard)).size, 1);
    equal(await count(opened[0]?.guard as Guard), [2002]);
  });

  test("who waits for a backend holds up nobody else, up to a number of instances", async (sessions, guard) => {
    const answers: (() => void)[] = [];
    const backend = functionBackend(() => new Promise((resolve) => answers.push(() => resolve(1))));
    const open = (): ReturnType<GuardSessions["open"]> => sessions.open(guard, policy(1), backend);
    const ask = async (): Promise<{ guard: Guard; asked: Promise<unknown> }> => {
      const { guard: own } = await open();
      const before = answers.length;
      const asked = script(own as WasmGuard, "q0d", ["tool", "{}"], { backend });
      while (answers.length === before) await pause(5);
      await pause(10);
      return { guard: own, asked };
    };
    const waiting = [await ask(), await ask(), await ask()];
    equal(new Set(waiting.map((one) => one.guard)).size, 3, "Each waits on an instance of its own");
    const free = await open();
    equal(await count(free.guard), [2002], "The fourth is free");
    equal((await open()).guard === free.guard, true);
    for (const answer of answers) answer();
    equal(await Promise.all(waiting.map((one) => one.asked)), [[1], [1], [1]]);
    ok(
      waiting.some((one) => one.guard === waiting[0]?.guard),
      "Instances",
    );
    equal((await open()).guard === waiting[0]?.guard, true, "Those that are free again are used first");
  });

  test(
    "beyond that number callers wait in turn",
    async (sessions, guard) => {
      const answers: (() => void)[] = [];
      const backend = functionBackend(() => new Promise((resolve) => answers.push(() => resolve(1))));
      const opened = async (): Promise<Guard> => (await sessions.open(guard, policy(1), backend)).guard;
      const first = await opened();
      const asked = script(first as WasmGuard, "q0d", ["tool", "{}"], { backend });
      while (answers.length === 0) await pause(5);
      await pause(10);
      const second = await opened();
      ok(second === first, "There is one instance");
      let answered = false;
      const behind = count(second).then((found) => {
        answered = true;
        return found;
      });
      await pause(20);
      equal(answered, false);
      answers[0]!();
      equal(await asked, [1]);
      ok(Array.isArray(await behind), "It is answered after the first");
    },
    { parallel: 1 },
  );

  test("a poisoned session is replaced by a clean one and stays poisoned", async (sessions, guard) => {
    const first = await sessions.open(guard, policy(1), undefined);
    await rejects(script(first.guard as WasmGuard, "k!"));
    const second = await sessions.open(guard, policy(1), undefined);
    equal([await count(second.guard), (first.guard as WasmGuard).health, guard.health], [[2002], "poisoned", "ok"]);
  });

  test("a session that cannot begin is not kept", async (sessions, guard) => {
    for (let attempt = 0; attempt < 2; attempt++) {
      equal(((await rejects(sessions.open(guard, policy(1, "r-5"), undefined))) as GuardError).code, "guard-return");
    }
    equal(sessions.memoryBytes, 0);
  });

  test("one caller's abort does not end the beginning for others", async (sessions, guard) => {
    const backend = functionBackend(async () => pause(30).then(() => 1));
    const slow = policy(1, "q1z0w0R");
    const controller = new AbortController();
    const impatient = rejects(
      sessions.open(guard, { ...(slow as object), t1: "tool", t2: "{}" }, backend, { signal: controller.signal }),
    );
    const patient = sessions.open(guard, { ...(slow as object), t1: "tool", t2: "{}" }, backend);
    controller.abort();
    equal(((await impatient) as GuardError).code, "aborted");
    equal((await patient).agentLabels.mode, "filter");
  });

  test(
    "ten thousand sessions stay within the budget, and each knows its own policy only",
    async (sessions) => {
      const small = await loadGuard(
        await WebAssembly.compile(library.prepareGuard(await environment.guard("policy-keeper"))),
        {
          limits: { outputBytes: 4096 },
        },
      );
      const policies = environment.name === "node" ? 10_000 : 1_000;
      let most = 0;
      const name = (index: number): string => String(10_000_000 + index);
      for (let index = 0; index < policies; index++) {
        const own = await sessions.open(small, { name: name(index) }, undefined);
        const before = await sessions.open(small, { name: name(Math.max(index - 3, 0)) }, undefined);
        most = Math.max(most, sessions.memoryBytes);
        // Engines collect dropped instances between tasks.
        if (index % 16 === 0) await pause(0);
        const told = await Promise.all([own, before].map(({ guard }) => guard.labelResponse({ tool: "t" }, null)));
        equal(
          told.map((labels) => (labels !== null && "items" in labels ? labels.items[0]?.data : labels)),
          [name(index), name(Math.max(index - 3, 0))],
        );
      }
      ok(most > 0 && most <= 4 * 2 ** 20, `At most ${most} bytes`);
      await small.close();
    },
    { memoryBytes: 4 * 2 ** 20 },
  );

  test(
    "the least recently used go first, and come back on demand",
    async (sessions, guard) => {
      const first = await sessions.open(guard, policy(0), undefined);
      const kept = await sessions.open(guard, policy("kept"), undefined);
      for (let index = 1; index < 40; index++) {
        await sessions.open(guard, policy(index), undefined);
        ok((await sessions.open(guard, policy("kept"), undefined)).guard === kept.guard, "What is used stays");
        ok(sessions.memoryBytes <= 24 * 2 ** 20, `Within the budget: ${sessions.memoryBytes}`);
      }
      const back = await sessions.open(guard, policy(0), undefined);
      ok(back.guard !== first.guard, "Another instance");
      equal(await count(back.guard), [2002], "That has been told its policy");
      equal(await count(first.guard), [2002], "Who still holds the old one may use it");
    },
    { memoryBytes: 24 * 2 ** 20, instances: 8 },
  );

  test(
    "what an instance takes in a call counts as soon as that has ended",
    async (sessions, guard) => {
      const grow = async ({ guard }: { readonly guard: Guard }): Promise<unknown> =>
        script(guard as WasmGuard, "g100n");
      const first = await sessions.open(guard, policy(1), undefined);
      const second = await sessions.open(guard, policy(2), undefined);
      await grow(first);
      await grow(second);
      ok(sessions.memoryBytes > 12 * 2 ** 20, `Both have grown: ${sessions.memoryBytes}`);
      const third = await sessions.open(guard, policy(3), undefined);
      ok(sessions.memoryBytes <= 12 * 2 ** 20, `Within the budget: ${sessions.memoryBytes}`);
      ok((await sessions.open(guard, policy(3), undefined)).guard === third.guard, "The newest stays");
      await grow(first);
      ok(sessions.memoryBytes <= 12 * 2 ** 20, "One that was dropped does not count");
      ok((await sessions.open(guard, policy(1), undefined)).guard !== first.guard, "And is not used again");
    },
    { memoryBytes: 12 * 2 ** 20 },
  );

  test("guards without memory of their own are used as they are", async (sessions) => {
    const noop = library.noopGuard();
    ok((await sessions.open(noop, {}, undefined)).guard === noop, "The very guard");
    equal(sessions.memoryBytes, 0);
  });

  test("a closed pool closes what it made, also what was still beginning", async (sessions, guard) => {
    const open = await sessions.open(guard, policy(1), undefined);
    const beginning = rejects(sessions.open(guard, policy(2), undefined));
    await sessions.close();
    equal(((await beginning) as GuardError).code, "closed");
    equal((open.guard as WasmGuard).health, "closed");
    equal(((await rejects(sessions.open(guard, policy(1), undefined))) as GuardError).code, "closed");
    equal(guard.health, "ok", "The caller's guard is the caller's");
  });

  runner.test("sessions: options that make no sense", async () => {
    for (const [option, value] of [
      ["memoryBytes", 0],
      ["memoryBytes", Number.NaN],
      ["instances", 0],
    ] as const) {
      const error = await rejects(() => guardSessions({ [option]: value }));
      ok(error instanceof RangeError && error.message.includes(option), `${error}`);
    }
  });
}
