// Turns: first come first served, nobody loses one by an abort, everybody hears when it is over.
import { deepStrictEqual, strictEqual } from "node:assert";
import { test } from "node:test";
import { createDeadline, type Deadline } from "../../../src/guard/deadline.ts";
import { createQueue } from "../../../src/guard/queue.ts";

const open = (signal?: AbortSignal): Deadline => createDeadline(signal, undefined, {});
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test("first come first served, at once when nobody is there", async () => {
  const queue = createQueue();
  strictEqual(queue.enter(open()), undefined);
  const order: number[] = [];
  for (const n of [1, 2, 3]) {
    void queue.enter(open())?.then(() => {
      order.push(n);
      queue.leave();
    });
  }
  queue.leave();
  await settled();
  deepStrictEqual(order, [1, 2, 3]);
  strictEqual(queue.enter(open()), undefined);
});

test("an abort while waiting gives the turn to the next, also at the very moment it comes", async () => {
  for (const moment of ["before", "with"] as const) {
    const queue = createQueue();
    queue.enter(open());
    const controller = new AbortController();
    const aborted = queue.enter(open(controller.signal))?.catch((error: { code: string }) => error.code);
    let third = false;
    void queue.enter(open())?.then(() => {
      third = true;
    });
    if (moment === "before") controller.abort();
    queue.leave();
    if (moment === "with") controller.abort();
    strictEqual(await aborted, "aborted", moment);
    await settled();
    strictEqual(third, true, moment);
  }
});

test("clearing rejects everybody who waits, and who is inside leaves as usual", async () => {
  const queue = createQueue();
  queue.enter(open());
  const reason = new Error("closed");
  const waiting = [queue.enter(open()), queue.enter(open())].map((turn) => turn?.catch((error: unknown) => error));
  queue.clear(reason);
  deepStrictEqual(await Promise.all(waiting), [reason, reason]);
  queue.leave();
  strictEqual(queue.enter(open()), undefined);
});
