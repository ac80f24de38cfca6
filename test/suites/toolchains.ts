// Guards from real toolchains: the same behaviour (test/guards/toolchains.md) in four languages, however they are suspended.
import type { Backend, GuardSource, WasmGuard } from "edge-guard";
import sessions from "../vectors/toolchains/sessions.json" with { type: "json" };
import { equal, ok, rejects } from "./assert.ts";
import type { Environment, Library, Runner } from "./suite.ts";
import { crowd, randomSession } from "./toolchain-random.ts";
import {
  issues,
  type Language,
  languages,
  openSession,
  people,
  play,
  policy,
  type Session,
  type Step,
  type Users,
  type Waiting,
} from "./toolchain-session.ts";

export function toolchainsSuite(runner: Runner, library: Library, environment: Environment): void {
  const ways: Waiting[] = ["synchronous", "replay", "stepwise"];
  if ("Suspending" in WebAssembly) ways.push("jspi");

  const open = (
    language: Language,
    waiting: Waiting,
    users: Users,
    arrive?: (bytes: Uint8Array<ArrayBuffer>) => GuardSource,
  ): Promise<Session> => openSession(library, environment, language, waiting, users, arrive);

  /** One test per language and way of waiting, with a guard that knows its policy. */
  const each = (
    title: string,
    body: (session: Session, waiting: Waiting, language: Language) => Promise<void>,
    only: { readonly languages?: readonly Language[]; readonly ways?: readonly Waiting[] } = {},
  ): void => {
    for (const language of only.languages ?? languages) {
      for (const waiting of ways.filter((way) => only.ways?.includes(way) ?? true)) {
        runner.test(`toolchains: ${language}, ${waiting}: ${title}`, async () => {
          const session = await open(language, waiting, people);
          try {
            await session.guard.labelAgent(policy);
            await body(session, waiting, language);
          } finally {
            await session.guard.close();
          }
        });
      }
    }
  };
  const wasi = { languages: languages.filter((language) => language !== "assemblyscript") };

  const trapped = async (session: Session, action: Promise<unknown>): Promise<void> => {
    const fault = await rejects(action);
    ok(fault instanceof library.TrapError, `Expected a TrapError, got ${fault.name}: ${fault.message}`);
    equal(session.guard.health, "poisoned");
    const later = await rejects(session.describe("get_issue"));
    ok(later instanceof library.PoisonedError && later.cause === fault, `Expected a PoisonedError, got ${later.name}`);
    await session.guard.recover();
  };

  for (const language of languages) {
    for (const waiting of ways) {
      for (const { name, users, steps } of sessions.cases) {
        runner.test(`toolchains: ${language}, ${waiting}: ${name}`, async () => {
          const session = await open(language, waiting, users as Users);
          for (const [index, step] of (steps as Step[]).entries())
            await play(session, step, `step ${index + 1}, ${step.call}`);
          await session.guard.close();
        });
      }
    }
  }

  // Without preparation the way back is to make the session's calls again; with it, a checkpoint, as with bytes.
  const arrivals: { readonly [how: string]: (bytes: Uint8Array<ArrayBuffer>) => GuardSource } = {
    "as a prepared module": (bytes) => WebAssembly.compile(library.prepareGuard(bytes)),
    "as a module that was not prepared": (bytes) => WebAssembly.compile(bytes),
  };
  for (const [how, arrive] of Object.entries(arrivals)) {
    for (const language of languages) {
      for (const waiting of ways) {
        runner.test(`toolchains: ${language}, ${waiting}: ${how}`, async () => {
          for (const { users, steps } of sessions.cases) {
            const session = await open(language, waiting, users as Users, arrive);
            equal(session.guard.module.checkpoint.possible, how.includes("a prepared"));
            for (const [index, step] of (steps as Step[]).entries()) {
              await play(session, step, `step ${index + 1}, ${step.call}`);
            }
            await trapped(session, session.guard.labelResponse({ tool: "trap" }, issues));
            ok((await session.describe("get_x")).startsWith("get_x #"), "The guard is of no use after its recovery");
            await session.guard.close();
          }
        });
      }
    }
  }

  for (const language of languages) {
    for (const waiting of ways) {
      for (const [what, warm] of [
        ["warm", true],
        ["warm and told their policy", { labelAgent: true }],
      ] as const) {
        runner.test(
          `toolchains: ${language}, ${waiting}: instances that start ${what}, one after the other`,
          async () => {
            for (const { users, steps } of sessions.cases) {
              const first = await openSession(library, environment, language, waiting, users as Users, undefined, warm);
              for (const session of [first, { ...first, guard: await first.guard.fresh() }]) {
                for (const [index, step] of (steps as Step[]).entries()) await play(session, step, `step ${index + 1}`);
                await session.guard.close();
              }
            }
          },
        );
      }
    }
  }

  each("a trap poisons, recovery leads to the state before the failed call", async (session, _waiting, language) => {
    await session.describe("get_issue");
    await trapped(session, session.describe("trap"));
    equal(await session.describe("get_issue"), "get_issue #2, 0 authors, approved:public");
    session.log.length = 0;
    await trapped(session, session.guard.labelResponse({ tool: "trap" }, issues));
    // The last words of a panic reach the log, those of runs that do not count do not.
    const speaks = language === "rust" || language === "go";
    const words = session.log.filter(({ source, message }) => source === "stderr" && message.includes("asked to trap"));
    equal(words.length, speaks ? 1 : 0, `Other last words: ${JSON.stringify(words)}`);
    equal(await session.describe("get_issue"), "get_issue #3, 0 authors, approved:public");
    const labels = await session.guard.labelResponse({ tool: "list_issues" }, issues);
    // The authors that the failed call had learnt are forgotten with it.
    equal(session.backend.asked, ["ada", "bob", "cat", "ada", "bob", "cat"]);
    equal((labels as { labeledPaths: unknown[] }).labeledPaths.length, 3);
    equal(await session.describe("get_issue"), "get_issue #4, 3 authors, approved:public");
  });

  each("an exhausted stack is a trap like any other", async (session) => {
    await session.describe("get_issue");
    await trapped(session, session.describe("recurse"));
    equal(await session.describe("get_issue"), "get_issue #2, 0 authors, approved:public");
  });

  each("proc_exit(0) spares the guard, proc_exit(3) poisons it", exits, wasi);
  async function exits(session: Session): Promise<void> {
    await session.describe("get_issue");
    const exit = await rejects(session.describe("exit"));
    ok(exit instanceof library.ExitError, `Expected an ExitError, got ${exit.name}: ${exit.message}`);
    equal(
      [session.guard.health, await session.describe("get_issue")],
      ["ok", "get_issue #2, 0 authors, approved:public"],
    );
    const failing = rejects(session.describe("exit", { code: 3 }));
    await trapped(
      session,
      failing.then((error) => Promise.reject(error)),
    );
    equal(((await failing) as { exitCode?: number }).exitCode, 3);
    equal(await session.describe("get_issue"), "get_issue #3, 0 authors, approved:public");
  }

  each("a fork goes its own way", async (session) => {
    await session.describe("get_issue");
    await session.guard.labelResponse({ tool: "list_issues" }, issues);
    const fork = await session.guard.fork();
    const describe = async (guard: WasmGuard): Promise<string> =>
      (await guard.labelResource({ tool: "get_x" })).description;
    equal(await describe(fork), "get_x #2, 3 authors, approved:public");
    await fork.labelAgent({ "allow-only": { repos: "all" } });
    equal(await describe(fork), "get_x #1, 0 authors, approved:all");
    equal(await describe(session.guard), "get_x #2, 3 authors, approved:public");
    await rejects(fork.labelResource({ tool: "trap" }));
    equal([fork.health, session.guard.health], ["poisoned", "ok"]);
    await fork.close();
    equal(await describe(session.guard), "get_x #3, 3 authors, approved:public");
  });

  each("an answer that needs a larger buffer comes whole, and counts once", async (session) => {
    const size = 4_700_000;
    const description = await session.describe("large", { size });
    const head = "large #1, 0 authors, approved:public; ";
    equal([description.length, description.slice(0, head.length + 1)], [head.length + size, `${head}x`]);
    equal(await session.describe("get_issue"), "get_issue #2, 0 authors, approved:public");
  });

  each("calls that were made at once are answered in order", async (session) => {
    const tools = ["get_a", "get_b", "get_c"];
    const answers = await Promise.all(tools.map((tool) => session.guard.labelResource({ tool })));
    equal(
      answers.map(({ description }) => description),
      tools.map((tool, index) => `${tool} #${index + 1}, 0 authors, approved:public`),
    );
  });

  each(
    "an abort while the backend is asked leaves the state before the call",
    async (session) => {
      const controller = new AbortController();
      const silent: Backend = {
        name: "silent",
        callTool: () => new Promise(() => setTimeout(() => controller.abort(), 5)),
      };
      const call = session.guard.labelResponse({ tool: "list_issues" }, issues, {
        backend: silent,
        signal: controller.signal,
      });
      const fault = await rejects(call);
      ok(fault instanceof library.AbortError, `Expected an AbortError, got ${fault.name}: ${fault.message}`);
      equal(await session.describe("get_issue"), "get_issue #1, 0 authors, approved:public");
    },
    { ways: ["replay", "stepwise", "jspi"] },
  );

  each("sleeping blocks nobody, and the guard's clock shows it", sleeps, wasi);
  async function sleeps(session: Session, waiting: Waiting): Promise<void> {
    // Without an asynchronous backend nothing is awaited: only the guest's clock moves, and the time does not pass for the host.
    const awaited = waiting !== "synchronous";
    const ms = awaited ? 100 : 30_000;
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const begin = performance.now();
    const description = await session.describe("sleep", { ms });
    const milliseconds = performance.now() - begin;
    clearInterval(timer);
    equal(description, "sleep #1, 0 authors, approved:public; slept");
    ok(
      session.events.some((event) => event.type === "sleep" && event.milliseconds > 0),
      "No sleep was told of",
    );
    if (awaited) ok(ticks > 0 && milliseconds > 95, `${ticks} timers fired in ${milliseconds} ms`);
    else ok(milliseconds < ms / 2, `The thread was held for ${milliseconds} ms`);
  }

  for (const what of ["clock", "random"]) {
    each(
      `what the ${what} says is repeated when the call is`,
      async ({ describe, backend }, waiting, language) => {
        const description = await describe(what);
        const value = description.match(new RegExp(`; ${what} ([0-9a-f]{16,}) \\(unknown\\)$`))?.[1];
        ok(value !== undefined, `${language} has said "${description}"`);
        // Had a later run told another value, it would have been another question.
        equal(backend.asked, [value]);
        if (what === "clock")
          ok(Math.abs(Number(value) / 1e6 - Date.now()) < 60_000, `${waiting}: the clock says ${value}`);
        // A clock of whole milliseconds may say the same twice.
        if (what === "random") ok(!(await describe(what)).includes(value), "The second random number is the first one");
      },
      wasi,
    );
  }

  each("stdout goes to the log, once", prints, wasi);
  async function prints({ describe, log, backend }: Session): Promise<void> {
    log.length = 0;
    equal(await describe("print", { text: "ada" }), "print #1, 0 authors, approved:public; printed (member)");
    equal(await describe("print", { text: "x\ny é" }), "print #2, 1 authors, approved:public; printed (unknown)");
    equal(backend.asked, ["ada", "x\ny é"]);
    const printed = log.filter(({ source }) => source !== "host_log");
    const line = (message: string) => ({ guard: printed[0]?.guard, level: "info", source: "stdout", message });
    equal(printed, ["ada", "x", "y é"].map(line));
    equal(log.length - printed.length, 8);
  }

  each("replay runs the guest so often as it must, and no more", async (session, waiting) => {
    await session.guard.labelResponse({ tool: "list_issues" }, issues);
    await session.guard.labelResponse({ tool: "list_issues" }, issues);
    const runs = session.events.flatMap((event) => (event.type === "label-call" ? [event.runs] : []));
    equal(runs, [1, waiting === "stepwise" ? 4 : waiting === "replay" ? 2 : 1, 1]);
  });

  let reference: Promise<unknown[]> | undefined;
  for (const language of languages) {
    for (const waiting of ways) {
      runner.test(
        `toolchains: ${language}, ${waiting}: a random session comes to what it comes to elsewhere`,
        async () => {
          const run = async (...which: [Language, Waiting]): Promise<unknown[]> =>
            randomSession(await open(...which, crowd), 20261122, 120);
          reference ??= run("c", "synchronous");
          const [expected, actual] = [await reference, await run(language, waiting)];
          for (const [step, wanted] of expected.entries())
            equal(actual[step], wanted, `Another outcome in step ${step}`);
        },
      );
    }
  }

  each(
    "memory does not grow over 2000 calls",
    async ({ guard, describe }, _waiting, language) => {
      const long = issues.map((issue) => ({ ...issue, body: "long".repeat(500) }));
      const round = async (): Promise<void> => {
        for (let call = 0; call < 1000; call++) {
          await describe("get_issue", { owner: "octo", repo: "cat", number: call });
          await guard.labelResponse({ tool: "list_issues" }, long);
        }
      };
      await round();
      const before = guard.memoryBytes;
      await round();
      // Garbage and what is kept for going back come and go, most with Go's collector; the inputs of the second round are 6 MB, and
      // what is made of them is more.
      const allowed = language === "go" ? 5_000_000 : 1_000_000;
      ok(guard.memoryBytes - before < allowed, `It has grown from ${before} to ${guard.memoryBytes} bytes`);
      equal(await describe("get_issue"), "get_issue #2001, 3 authors, approved:public");
    },
    { ways: ["synchronous", "jspi", "replay"] },
  );
}
