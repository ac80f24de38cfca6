// The one timer of a request: what is due fires in order, what is withdrawn does not, and nothing is left behind.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { TimeoutError } from "../../../src/errors.ts";
import { createAlarm } from "../../../src/proxy/alarm.ts";

function underTest(run: (at: { pass(ms: number): void; timers(): number }) => void): void {
  let now = 1000;
  let next = 1;
  const open = new Map<number, { at: number; action: () => void }>();
  const clock = mock.method(performance, "now", () => now);
  const set = mock.method(globalThis, "setTimeout", ((action: () => void, ms: number) => {
    assert.ok(ms >= 0 && ms < 2 ** 31, `${ms} would overflow to "at once"`);
    open.set(next, { at: now + ms, action });
    return next++;
  }) as unknown as typeof setTimeout);
  const clear = mock.method(globalThis, "clearTimeout", ((id: number) => void open.delete(id)) as typeof clearTimeout);
  try {
    run({
      timers: () => open.size,
      pass(ms) {
        for (const end = now + ms; ; ) {
          const [id, timer] = [...open].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
          if (timer === undefined || timer.at > end) {
            now = end;
            return;
          }
          now = timer.at;
          open.delete(id!);
          timer.action();
        }
      },
    });
  } finally {
    for (const mocked of [clock, set, clear]) mocked.mock.restore();
  }
}

test("everything fires when it is due, by one timer at a time", () => {
  underTest(({ pass, timers }) => {
    const fired: string[] = [];
    const alarm = createAlarm(100);
    alarm.after(10_000, () => fired.push("late"));
    alarm.after(100, () => fired.push("soon"));
    alarm.after(50, () => fired.push("first"));
    assert.equal(timers(), 1);
    pass(49);
    assert.deepEqual(fired, []);
    pass(1);
    assert.deepEqual(fired, ["first"]);
    pass(50);
    assert.deepEqual(fired, ["first", "soon"]);
    assert.equal(timers(), 1);
    pass(9_898);
    assert.deepEqual(fired, ["first", "soon"]);
    pass(2);
    assert.deepEqual(fired, ["first", "soon", "late"]);
    assert.equal(timers(), 0);
  });
});

test("what is withdrawn does not fire, and no long timer stays for nothing", () => {
  underTest(({ pass, timers }) => {
    let fired = 0;
    const alarm = createAlarm(100);
    alarm.after(10_000, () => fired++)();
    pass(100);
    assert.equal(timers(), 0, "the brief one fired for nothing, and is not set again");
    const withdraw = alarm.after(10_000, () => fired++);
    pass(200);
    assert.equal(timers(), 1);
    withdraw();
    assert.equal(timers(), 0);
    alarm.after(500, () => fired++);
    alarm.stop();
    assert.equal(timers(), 0);
    pass(100_000);
    assert.equal(fired, 0);
  });
});

test("a delay that timers cannot hold is waited for in parts", () => {
  underTest(({ pass }) => {
    let fired = 0;
    createAlarm(100).after(2 ** 32, () => fired++);
    pass(2 ** 32 - 10);
    assert.equal(fired, 0);
    pass(10);
    assert.equal(fired, 1);
  });
});

test("within: the work's end, its fault, or a TimeoutError; what comes later is dropped", async () => {
  const alarm = createAlarm(5);
  assert.equal(await alarm.within(1000, 1), 1);
  assert.equal(await alarm.within(1000, Promise.resolve(2)), 2);
  await assert.rejects(alarm.within(1000, Promise.reject(new RangeError("own"))), RangeError);
  let fail: ((reason: unknown) => void) | undefined;
  const work = new Promise((_, reject) => {
    fail = reject;
  });
  await assert.rejects(alarm.within(20, work), TimeoutError);
  fail!(new Error("too late"));
  alarm.stop();
});
