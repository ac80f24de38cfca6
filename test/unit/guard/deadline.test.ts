// A deadline takes effect at once, and leaves neither timers nor listeners behind.
import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { createDeadline } from "../../../src/guard/deadline.ts";

const never = new Promise<never>(() => {});
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("without a signal and a time-out nothing ever happens", async () => {
  const deadline = createDeadline(undefined, undefined, {});
  const before = timers();
  deadline.check();
  strictEqual(await deadline.race(Promise.resolve(5)), 5);
  strictEqual(timers(), before);
});

test("a time-out rejects with where it happened", async () => {
  const deadline = createDeadline(undefined, 10, { guard: "g", phase: "p" });
  await rejects(deadline.race(never), { code: "timeout", guard: "g", phase: "p", message: /10 ms/ });
  throws(() => deadline.check(), { code: "timeout" });
  await rejects(deadline.race(Promise.resolve(1)), { code: "timeout" });
  strictEqual(deadline.signal.aborted, true);
});

test("the caller's signal rejects at once, with its reason as the cause", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const deadline = createDeadline(controller.signal, 60_000, {});
  const before = timers();
  const raced = deadline.race(never);
  const heard: unknown[] = [];
  deadline.subscribe((error) => heard.push(error));
  controller.abort(reason);
  await rejects(raced, { code: "aborted", cause: reason });
  strictEqual(heard.length, 1);
  strictEqual(getEventListeners(controller.signal, "abort").length, 0);
  strictEqual(timers(), before);
});

test("AbortSignal.timeout is a time-out", async () => {
  // Its timer does not keep Node running.
  const alive = setTimeout(() => {}, 5000);
  await rejects(createDeadline(AbortSignal.timeout(5), undefined, {}).race(never), { code: "timeout" });
  clearTimeout(alive);
});

test("what settles in time leaves nothing behind", async () => {
  const controller = new AbortController();
  const deadline = createDeadline(controller.signal, 60_000, {});
  const before = timers();
  strictEqual(await deadline.race(Promise.resolve("x")), "x");
  await rejects(deadline.race(Promise.reject(new Error("own"))), /own/);
  const withdraw = deadline.subscribe(() => {});
  withdraw();
  deepStrictEqual([getEventListeners(controller.signal, "abort").length, timers()], [0, before]);
});

test("an end from outside rejects everything that is raced", async () => {
  const deadline = createDeadline(undefined, undefined, {});
  const raced = [deadline.race(never), deadline.race(never)];
  const reason = new Error("closed");
  deadline.end(reason);
  deadline.end(new Error("later"));
  for (const one of raced) await rejects(one, reason);
  throws(() => deadline.check(), reason);
  strictEqual(deadline.signal.reason, reason);
});

test("time-outs that make no sense", () => {
  for (const value of [0, -1, Number.NaN]) throws(() => createDeadline(undefined, value, {}), RangeError);
  createDeadline(undefined, Number.POSITIVE_INFINITY, {}).check();
});
