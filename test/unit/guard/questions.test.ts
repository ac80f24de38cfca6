// The scheduler of questions: at most so many at once, in order, each once, and no place lost.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { test } from "node:test";
import type { Backend } from "../../../src/backend/backend.ts";
import { createDeadline } from "../../../src/guard/deadline.ts";
import { Patience } from "../../../src/guard/patience.ts";
import { Questions } from "../../../src/guard/questions.ts";
import type { Question } from "../../../src/wasm/run.ts";

const ask = (n: number): Question => ({ key: String(n), tool: "tool", args: n });
function make(callTool: Backend["callTool"], concurrency = 4, answerTimeoutMs = 60_000) {
  const deadline = createDeadline(undefined, undefined, {});
  const questions = new Questions(
    { name: "test", callTool },
    { guard: "g", concurrency, patience: new Patience(answerTimeoutMs), timed: true },
    deadline,
  );
  questions.beginRun();
  return { deadline, questions };
}

const answerOf = (questions: Questions, question: Question): Promise<string | null> =>
  new Promise((resolve) => questions.answer(question, 1000, resolve));

test("never more than the limit at once, in order, each once", async () => {
  let now = 0;
  let most = 0;
  const order: unknown[] = [];
  const { questions } = make(async (_tool, args) => {
    order.push(args);
    most = Math.max(most, ++now);
    // Some answer at once, some late, so that places become free in another order.
    for (let turns = 1 + (((args as number) * 7) % 5); turns > 0; turns--) await null;
    now--;
    return args;
  });
  for (let n = 0; n < 50; n++) strictEqual(questions.ask(ask(n), 1000), undefined);
  for (let n = 0; n < 50; n++) strictEqual(questions.ask(ask(n), 1000), undefined, "Asked already");
  await questions.settled();
  deepStrictEqual([most, now], [4, 0]);
  deepStrictEqual(
    order,
    Array.from({ length: 50 }, (_, n) => n),
  );
  strictEqual(questions.ask(ask(49), 1000), "49");
});

test("places are passed on when backends answer at once, fail or throw", async () => {
  const { questions } = make((_tool, args) => {
    if (args === 1) return "at once";
    if (args === 2) throw new Error("No");
    return args === 3 ? Promise.reject(new Error("No")) : Promise.resolve(args);
  }, 1);
  const first = questions.ask(ask(0), 1000);
  const others = [1, 2, 3, 4].map((n) => answerOf(questions, ask(n)));
  strictEqual(first, undefined);
  deepStrictEqual(await Promise.all(others), ['"at once"', null, null, "4"]);
  await questions.settled();
  // The run that counts asks two of them.
  questions.beginRun();
  deepStrictEqual(
    [0, 4].map((n) => questions.ask(ask(n), 2)),
    ["0", "4"],
  );
  strictEqual(questions.ask(ask(1), 2), null, "Beyond the limit of a run, though it would be known");
  const answered: string[] = [];
  questions.answers()?.forEach((_, key) => {
    answered.push(key);
  });
  deepStrictEqual(answered, ["0", "4"]);
  deepStrictEqual(
    questions.events().map(({ args, used, error }) => [args, used, error?.code]),
    [
      [0, true, undefined],
      [1, false, undefined],
      [2, false, "backend"],
      [3, false, "backend"],
      [4, true, undefined],
    ],
  );
});

test("an end settles everything, also what had not begun, and the backend hears it", async () => {
  const signals: AbortSignal[] = [];
  const { questions, deadline } = make((_tool, _args, options) => {
    if (options?.signal !== undefined) signals.push(options.signal);
    return new Promise(() => {});
  }, 2);
  for (let n = 0; n < 5; n++) questions.ask(ask(n), 1000);
  const pending = questions.events();
  ok(
    pending.every(({ error }) => error !== undefined),
    "No answer is an error, not an answer of undefined",
  );
  deadline.end(new Error("closed"));
  await questions.settled();
  deepStrictEqual([signals.length, signals.every(({ aborted }) => aborted)], [2, true]);
});

test("an answer that takes too long is a failure, and its transport is told to stop", async () => {
  let stopped = false;
  const { questions } = make(
    (_tool, _args, options) => {
      options?.signal?.addEventListener("abort", () => {
        stopped = true;
      });
      return new Promise(() => {});
    },
    4,
    10,
  );
  strictEqual(await answerOf(questions, ask(1)), null);
  deepStrictEqual([stopped, questions.events()[0]?.error?.code], [true, "timeout"]);
});
