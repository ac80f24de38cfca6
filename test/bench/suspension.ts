// What an asynchronous backend costs: one question, 95 questions of 20 ms, and what going back costs.
import { type Backend, functionBackend, type LoadGuardOptions, loadGuard } from "edge-guard";
import type { Bench, Contender, Environment, Group, Row } from "./environment.ts";
import { rowOf } from "./environment.ts";
import { bareAsyncify, bareJspi, canSuspend } from "./hosts/suspending.ts";
import { repeat } from "./measure.ts";

const call = { tool: "t" };
type Answering = () => Promise<unknown>;

/** The shortest way to anywhere else: a message to another port and back. */
function overPort(): Answering {
  const { port1, port2 } = new MessageChannel();
  const waiting: ((value: unknown) => void)[] = [];
  port1.onmessage = ({ data }) => waiting.shift()?.(data);
  port2.onmessage = () => port2.postMessage(true);
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port1.postMessage("lookup");
    });
}

const afterTwenty: Answering = () => new Promise((resolve) => setTimeout(() => resolve(true), 20));

const ours =
  (environment: Environment, guard: string, answering: () => Answering, options: LoadGuardOptions = {}) =>
  async (): Promise<() => unknown> => {
    if (options.suspension === "jspi" && !canSuspend()) throw new Error("no JSPI");
    const answer = answering();
    // As bare as what the hosts by hand ask: functionBackend adds what aborts and closes need, 0.3 µs.
    const backend: Backend = { name: "bench", callTool: () => answer() };
    // The hosts written by hand do not count either; what counting costs is another row.
    const loaded = await loadGuard(await environment.source(guard), { backend, fuel: false, ...options });
    return () => loaded.labelResource(call);
  };

/** The hand-written hosts and Extism, asking one question or 95. */
function others(environment: Environment, guard: "asker" | "questions", answering: () => Answering): Contender[] {
  const name = guard === "asker" ? "ask_one" : "ask_many";
  const extism = (version: 1 | 2, worker: boolean) => async (): Promise<() => unknown> => {
    if (!worker && !canSuspend()) throw new Error("no JSPI");
    const ask = answering();
    const rivals = await environment.rivals();
    const plugin = await rivals.extism(version, await environment.module("extism-ask"), { ask, worker });
    return async () => JSON.parse(await plugin.call(name, '{"tool_name":"t","tool_args":{}}'));
  };
  return [
    {
      name: "asyncify, by hand",
      start: async () => bareAsyncify(await environment.module(`${guard}-asyncify`), answering()),
    },
    { name: "JSPI, by hand", start: async () => bareJspi(await environment.module(guard), answering()) },
    { name: "Extism 2.0.0-rc13, JSPI", start: extism(2, false) },
    { name: "Extism 1.0.3, worker", start: extism(1, true) },
  ];
}

function oneQuestion(environment: Environment, what: string, answering: () => Answering): Group {
  return {
    what,
    reference: "asyncify, by hand",
    contenders: [
      ...others(environment, "asker", answering),
      { name: "edge-guard, JSPI", start: ours(environment, "asker", answering, { suspension: "jspi" }) },
      { name: "edge-guard, replay", start: ours(environment, "asker", answering) },
    ],
    comparisons: [
      {
        what: "edge-guard, JSPI / JSPI by hand",
        over: "edge-guard, JSPI",
        under: "JSPI, by hand",
      },
    ],
  };
}

function manyQuestions(environment: Environment): Group {
  const answering = (): Answering => afterTwenty;
  const replay = "edge-guard, replay";
  return {
    what: "95 questions of 20 ms",
    reference: replay,
    waits: true,
    contenders: [
      { name: replay, start: ours(environment, "questions", answering) },
      { name: "edge-guard, JSPI", start: ours(environment, "questions", answering, { suspension: "jspi" }) },
      { name: "edge-guard, stepwise", start: ours(environment, "questions", answering, { speculate: false }) },
      ...others(environment, "questions", answering),
    ],
    comparisons: [
      { over: "edge-guard, JSPI", under: replay, bar: "many-answers" },
      { over: "edge-guard, stepwise", under: replay, bar: "many-answers" },
    ],
  };
}

/** The cost by the size of the guest's memory: two guards that differ in that alone. Every call asks, so every call goes back. */
async function goingBack(environment: Environment): Promise<Row[]> {
  const backend = functionBackend(async () => true);
  const large = await loadGuard(await environment.source("roomy"), { backend });
  const small = await loadGuard(await environment.source("asker"), { backend });
  const time = async (guard: typeof large): Promise<number> => {
    const started = performance.now();
    await repeat(() => guard.labelResource(call), 20);
    return (performance.now() - started) / 20;
  };
  const megabytes = (160 * 65536) / 1e6;
  const found: number[] = [];
  for (let round = environment.quick ? 5 : -3; round < 9; round++) {
    const perMegabyte = ((await time(large)) - (await time(small))) / megabytes;
    if (round >= 0) found.push(perMegabyte);
  }
  await Promise.all([large.close(), small.close()]);
  return [
    rowOf(found, {
      group: "going back to the state before the call",
      what: "checkpoint and restore, per MB of guest memory",
      unit: "ms",
      bar: "checkpoint",
    }),
  ];
}

/** In a process of its own, as where a guard runs: the other ways of asking go through the same code and change what the engine makes of it. */
export const jspi: Bench = {
  groups: (environment) => [
    {
      what: "one answer over a MessagePort, nothing else in the process",
      reference: "JSPI, by hand",
      // Twice as much code is compiled twice as late.
      warmMs: 1000,
      rounds: 45,
      contenders: [
        { name: "JSPI, by hand", start: async () => bareJspi(await environment.module("asker"), overPort()) },
        { name: "edge-guard, JSPI", start: ours(environment, "asker", overPort, { suspension: "jspi" }) },
      ],
      comparisons: [{ over: "edge-guard, JSPI", under: "JSPI, by hand", bar: "one-answer" }],
    },
  ],
};

export const suspension: Bench = {
  groups: (environment) => [
    oneQuestion(environment, "one answer over a MessagePort", overPort),
    oneQuestion(environment, "one answer that is there already", () => async () => true),
    manyQuestions(environment),
  ],
  bench: goingBack,
};
