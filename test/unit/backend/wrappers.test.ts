// withTimeout, withRetry, withLimit, memoized: their own behaviour, with clocks and pauses that the tests control.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "../../../src/backend/backend.ts";
import { functionBackend } from "../../../src/backend/function.ts";
import { withLimit } from "../../../src/backend/limit.ts";
import { memoized } from "../../../src/backend/memoized.ts";
import { withRetry } from "../../../src/backend/retry.ts";
import { withTimeout } from "../../../src/backend/timeout.ts";
import { AbortError, BackendError, LimitError, TimeoutError } from "../../../src/errors.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const forever = () => new Promise<never>(() => {});
const ask = async (backend: Backend, tool = "t", args: unknown = {}, signal?: AbortSignal) =>
  backend.callTool(tool, args, { signal });
const busy = () => new BackendError("busy", { transient: true });

test("withTimeout: gives up at the deadline and aborts the inner question", async () => {
  let inner: AbortSignal | undefined;
  const backend = withTimeout(
    functionBackend((_tool, _args, { signal }) => {
      inner = signal;
      return forever();
    }),
    20,
  );
  const started = performance.now();
  await assert.rejects(ask(backend), TimeoutError);
  assert(performance.now() - started < 1000);
  assert(inner?.aborted);
});

test("withTimeout: settles when the inner backend ignores its signal", async () => {
  const backend = withTimeout({ name: "deaf", callTool: forever }, 10);
  await assert.rejects(ask(backend), TimeoutError);
  const controller = new AbortController();
  const answer = ask(withTimeout({ name: "deaf", callTool: forever }, 60_000), "t", {}, controller.signal);
  controller.abort();
  await assert.rejects(answer, AbortError);
});

test("withTimeout: leaves no timer behind", async () => {
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  await ask(
    withTimeout(
      functionBackend(() => 1),
      60_000,
    ),
  );
  await assert.rejects(ask(withTimeout({ name: "x", callTool: () => assert.fail("thrown") }, 60_000)));
  assert.equal(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length, before);
});

test("withRetry: asks again after transient faults, with full jitter under a doubling bound", async () => {
  const pauses: number[] = [];
  let calls = 0;
  const inner = functionBackend(() => (++calls < 6 ? Promise.reject(busy()) : "done"));
  const options = {
    attempts: 6,
    baseMs: 100,
    maxMs: 500,
    random: () => 0.5,
    sleep: async (ms: number) => pauses.push(ms),
  };
  assert.equal(await ask(withRetry(inner, options)), "done");
  assert.deepEqual(pauses, [50, 100, 200, 250, 250]);
});

test("withRetry: gives the last fault after the last attempt", async () => {
  let calls = 0;
  const inner = functionBackend(() => Promise.reject(new BackendError(`busy ${++calls}`, { transient: true })));
  await assert.rejects(ask(withRetry(inner, { baseMs: 0 })), /busy 3/);
  assert.equal(calls, 3);
});

for (const [name, error, again] of [
  ["a lasting BackendError", new BackendError("no"), false],
  ["any other error", new Error("no"), false],
  ["a LimitError", new LimitError("x", "no"), false],
  ["an AbortError", new AbortError("no"), false],
  ["a TimeoutError", new TimeoutError("late"), true],
  ["a transient BackendError", busy(), true],
] as const) {
  test(`withRetry: ${name} ${again ? "is" : "is not"} asked again`, async () => {
    let calls = 0;
    const inner: Backend = {
      name: "x",
      callTool() {
        calls++;
        throw error;
      },
    };
    await assert.rejects(ask(withRetry(inner, { attempts: 2, baseMs: 0 })));
    assert.equal(calls, again ? 2 : 1);
  });
}

test("withRetry: an abort ends the pause and asks nothing more", async () => {
  let calls = 0;
  const inner = functionBackend(() => {
    calls++;
    return Promise.reject(busy());
  });
  const controller = new AbortController();
  const answer = ask(
    withRetry(inner, { baseMs: 60_000, maxMs: 60_000, random: () => 0.99 }),
    "t",
    {},
    controller.signal,
  );
  while (calls === 0) await pause(1);
  await pause(5);
  controller.abort();
  await assert.rejects(answer, AbortError);
  await pause(20);
  assert.equal(calls, 1);
});

test("withRetry: asynchronous around a synchronous backend", async () => {
  let calls = 0;
  const inner = functionBackend(
    () => {
      if (++calls < 2) throw busy();
      return 1;
    },
    { synchronous: true },
  );
  const backend = withRetry(inner, { baseMs: 0 });
  assert.equal(backend.synchronous, false);
  assert.equal(await ask(backend), 1);
});

test("withLimit: never more at once, first come first served", async () => {
  let [running, most] = [0, 0];
  const order: unknown[] = [];
  const inner = functionBackend(async (_tool, { n }) => {
    most = Math.max(most, ++running);
    order.push(n);
    await pause(2);
    running--;
    return n;
  });
  const backend = withLimit(inner, { concurrency: 3 });
  const numbers = Array.from({ length: 20 }, (_, n) => n);
  assert.deepEqual(await Promise.all(numbers.map((n) => ask(backend, "t", { n }))), numbers);
  assert.equal(most, 3);
  assert.deepEqual(order, numbers);
});

test("withLimit: an abort while queued asks nothing, an abort while running frees the place", async () => {
  const asked: unknown[] = [];
  const deaf: Backend = {
    name: "deaf",
    callTool(_tool, args) {
      asked.push((args as { n: number }).n);
      return (args as { n: number }).n === 1 ? forever() : "answer";
    },
  };
  const backend = withLimit(deaf, { concurrency: 1 });
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = [ask(backend, "t", { n: 1 }, first.signal), ask(backend, "t", { n: 2 }, second.signal)];
  const third = ask(backend, "t", { n: 3 });
  second.abort();
  await assert.rejects(answers[1]!, AbortError);
  assert.deepEqual(asked, [1]);
  first.abort();
  await assert.rejects(answers[0]!, AbortError);
  assert.equal(await third, "answer");
  assert.equal(await ask(backend, "t", { n: 4 }), "answer");
  assert.deepEqual(asked, [1, 3, 4]);
});

test("withLimit: failures and throws free their places", async () => {
  const backend = withLimit({ name: "x", callTool: () => assert.fail("thrown") }, { concurrency: 1 });
  for (let n = 0; n < 5; n++) await assert.rejects(ask(backend));
});

test("withLimit: refuses what does not fit the queue, and goes on", async () => {
  const inner = functionBackend(async () => pause(10).then(() => 1));
  const backend = withLimit(inner, { concurrency: 1, maxQueued: 1 });
  const answers = await Promise.allSettled([ask(backend), ask(backend), ask(backend)]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected"],
  );
  assert((answers[2] as PromiseRejectedResult).reason instanceof LimitError);
  assert.equal(await ask(backend), 1);
});

test("withLimit: closing settles what is queued", async () => {
  const backend = withLimit(functionBackend(forever), { concurrency: 1 });
  const answers = [ask(backend), ask(backend)];
  const checks = answers.map((answer) => assert.rejects(answer, BackendError));
  await backend.close?.();
  await Promise.all(checks);
});

function counting(answer: (n: number) => unknown = (n) => ({ n })) {
  let calls = 0;
  const inner = functionBackend(async () => answer(++calls));
  return { inner, calls: () => calls };
}

test("memoized: the same question reaches the inner backend once until it expires", async () => {
  let time = 1000;
  const { inner, calls } = counting();
  const backend = memoized(inner, { ttlMs: 100, now: () => time });
  assert.deepEqual(await ask(backend, "t", { a: 1, b: 2 }), { n: 1 });
  assert.deepEqual(await ask(backend, "t", { b: 2, a: 1 }), { n: 1 });
  time += 99;
  assert.deepEqual(await ask(backend, "t", { a: 1, b: 2 }), { n: 1 });
  time += 1;
  assert.deepEqual(await ask(backend, "t", { a: 1, b: 2 }), { n: 2 });
  await ask(backend, "u", { a: 1, b: 2 });
  assert.equal(calls(), 3);
});

test("memoized: absent arguments are the same question as none", async () => {
  const { inner, calls } = counting();
  const backend = memoized(inner);
  await ask(backend, "t", undefined);
  await ask(backend, "t", {});
  assert.equal(calls(), 1);
});

test("memoized: drops the least recently used answer", async () => {
  const { inner, calls } = counting();
  const backend = memoized(inner, { maxEntries: 2 });
  for (const tool of ["a", "b", "a", "c", "a"]) await ask(backend, tool);
  assert.equal(calls(), 3);
  await ask(backend, "b");
  assert.equal(calls(), 4);
});

test("memoized: concurrent identical questions share one, also with ttlMs 0", async () => {
  const { inner, calls } = counting();
  const backend = memoized(inner, { ttlMs: 0 });
  await Promise.all([ask(backend), ask(backend), ask(backend)]);
  assert.equal(calls(), 1);
  await ask(backend);
  assert.equal(calls(), 2);
});

test("memoized: failures are not kept, and all who wait get them", async () => {
  const { inner, calls } = counting((n) => (n === 1 ? Promise.reject(busy()) : n));
  const backend = memoized(inner);
  const answers = await Promise.allSettled([ask(backend), ask(backend)]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(await ask(backend), 2);
  assert.equal(calls(), 2);
});

test("memoized: one abort leaves the others waiting, the last one reaches the inner backend", async () => {
  const signals: AbortSignal[] = [];
  const release: ((value: unknown) => void)[] = [];
  const inner = functionBackend((_tool, _args, { signal }) => {
    signals.push(signal);
    return new Promise((resolve) => release.push(resolve));
  });
  const backend = memoized(inner);
  const controllers = [new AbortController(), new AbortController(), new AbortController()];
  const answers = controllers.map(({ signal }) => ask(backend, "t", {}, signal));
  await pause(1);
  controllers[0]!.abort();
  await assert.rejects(answers[0]!, AbortError);
  assert(!signals[0]!.aborted);
  controllers[1]!.abort();
  await assert.rejects(answers[1]!, AbortError);
  controllers[2]!.abort();
  await assert.rejects(answers[2]!, AbortError);
  assert(signals[0]!.aborted);
  const next = ask(backend);
  await pause(1);
  assert.equal(signals.length, 2, "a question after the last abort joined the aborted one");
  release[0]!("late");
  release[1]!("fresh");
  assert.equal(await next, "fresh");
  assert.equal(await ask(backend), "fresh");
});

test("memoized: no caller can change another's answer, and the inner backend's object stays its own", async () => {
  const own = { list: [{ a: 1 }] };
  const backend = memoized(functionBackend(() => own));
  const first = (await ask(backend)) as typeof own;
  assert.throws(() => first.list.push({ a: 2 }), TypeError);
  assert.throws(() => {
    first.list[0]!.a = 2;
  }, TypeError);
  own.list.push({ a: 3 });
  assert.deepEqual(await ask(backend), { list: [{ a: 1 }] });
});

test("memoized: an answer with a million items is kept", async () => {
  const answer = await ask(memoized(functionBackend(() => Array.from({ length: 1_000_000 }, () => [null]))));
  assert(Object.isFrozen((answer as unknown[])[999_999]));
});

test("memoized: an own key __proto__ survives the copy", async () => {
  const value = JSON.parse('{"__proto__":{"x":1}}');
  const answer = await ask(memoized(functionBackend(() => value)));
  assert(Object.hasOwn(answer as object, "__proto__"));
});

test("memoized: a kept answer is a plain value", async () => {
  const backend = memoized(functionBackend(() => [1]));
  await ask(backend);
  assert.deepEqual(backend.callTool("t", {}), [1]);
});

test("memoized: stays synchronous around a synchronous backend", () => {
  let calls = 0;
  const backend = memoized(functionBackend(() => ++calls, { synchronous: true }));
  assert.equal(backend.synchronous, true);
  assert.equal(backend.callTool("t", {}), 1);
  assert.equal(backend.callTool("t", {}), 1);
});

test("memoized: nothing is no answer, the second time too", async () => {
  const backend = memoized({ name: "x", callTool: async () => undefined });
  await assert.rejects(ask(backend), BackendError);
  await assert.rejects(ask(backend), BackendError);
});

test("memoized: a question that has no key goes through unkept", async () => {
  const { inner, calls } = counting();
  const backend = memoized(inner);
  const deep = JSON.parse(`${"[".repeat(3000)}${"]".repeat(3000)}`);
  await ask(backend, "t", deep);
  await ask(backend, "t", deep);
  assert.equal(calls(), 2);
});

test("wrappers keep what the inner backend says of itself and close it", async () => {
  let closed = 0;
  const inner: Backend = { name: "mine", speculate: false, callTool: async () => 1, close: () => void closed++ };
  const wrapped = [withTimeout(inner, 1000), withRetry(inner), withLimit(inner), memoized(inner)];
  for (const backend of wrapped) {
    assert.equal(backend.name, "mine");
    assert.equal(backend.speculate, false);
    assert(!backend.synchronous);
    await backend.close?.();
  }
  assert.equal(closed, wrapped.length);
});

test("100 questions under one signal leave no listeners behind and warn of nothing", async () => {
  const warnings: unknown[] = [];
  const listen = (warning: unknown) => void warnings.push(warning);
  process.on("warning", listen);
  const controller = new AbortController();
  const backend = memoized(
    withLimit(
      withRetry(
        withTimeout(
          functionBackend(async () => pause(1).then(() => 1)),
          1000,
        ),
      ),
    ),
  );
  await Promise.all(Array.from({ length: 100 }, (_, n) => ask(backend, "t", { n }, controller.signal)));
  await pause(5);
  process.off("warning", listen);
  assert.deepEqual(warnings, []);
});

test("misuse is told by the option's name", () => {
  const inner = functionBackend(() => 1);
  const bad: [() => unknown, RegExp][] = [
    [() => withTimeout(inner, 0), /RangeError: Option "ms"/],
    [() => withTimeout(inner, Number.NaN), /RangeError: Option "ms"/],
    [() => withTimeout(inner, "5" as never), /RangeError: Option "ms"/],
    [() => withTimeout(inner, 2 ** 31), /RangeError: Option "ms"/],
    [() => withRetry(inner, { attempts: 0 }), /RangeError: Option "attempts"/],
    [() => withRetry(inner, { baseMs: -1 }), /RangeError: Option "baseMs"/],
    [() => withRetry(inner, { maxMs: Number.POSITIVE_INFINITY }), /RangeError: Option "maxMs"/],
    [() => withLimit(inner, { concurrency: 0 }), /RangeError: Option "concurrency"/],
    [() => withLimit(inner, { maxQueued: -1 }), /RangeError: Option "maxQueued"/],
    [() => memoized(inner, { ttlMs: -1 }), /RangeError: Option "ttlMs"/],
    [() => memoized(inner, { maxEntries: 0 }), /RangeError: Option "maxEntries"/],
    [() => functionBackend(null as never), /TypeError.*"fn"/],
  ];
  for (const [make, message] of bad) {
    assert.throws(make, (error) => message.test(String(error)));
  }
});
