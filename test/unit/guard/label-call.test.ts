// Which strategy a call gets, and how many suspended calls there may be at once.
import { rejects, strictEqual, throws } from "node:assert";
import { test } from "node:test";
import { canSuspend } from "../../../src/capabilities.ts";
import { createDeadline } from "../../../src/guard/deadline.ts";
import type { GuestState } from "../../../src/guard/guest-state.ts";
import { chooseSuspension, labelCall } from "../../../src/guard/label-call.ts";
import { LabelRun } from "../../../src/guard/label-run.ts";
import { Patience } from "../../../src/guard/patience.ts";
import type { Guest } from "../../../src/wasm/guest.ts";

const asynchronous = { name: "a", callTool: async () => 1 };
const synchronous = { name: "s", synchronous: true, callTool: () => 1 };
const state = (obstacle: string | undefined, canRewind: boolean, suspends = false): GuestState =>
  ({ obstacle, canRewind, suspends }) as GuestState;

test("the strategy follows from the backend and from what the state allows", () => {
  const free = state(undefined, true);
  strictEqual(chooseSuspension("auto", undefined, free, "g"), "none");
  strictEqual(chooseSuspension("jspi", synchronous, free, "g"), "none");
  strictEqual(chooseSuspension("auto", asynchronous, free, "g"), "replay");
  strictEqual(chooseSuspension("jspi", asynchronous, free, "g"), "jspi");
  const bounded = state("its code uses table.set", true);
  strictEqual(chooseSuspension("replay", asynchronous, bounded, "g"), "replay");
  strictEqual(chooseSuspension("auto", asynchronous, bounded, "g"), canSuspend() ? "jspi" : "replay");
  const lost = state("its code uses table.set", false);
  throws(() => chooseSuspension("replay", asynchronous, lost, "g"), {
    code: "state-not-capturable",
    message: /table\.set/,
  });
  strictEqual(chooseSuspension("auto", synchronous, lost, "g"), "none");
  strictEqual(
    chooseSuspension("auto", synchronous, state("x", false, true), "g"),
    "jspi",
    "Its only instance suspends",
  );
});

test("suspended calls are refused long before an engine dies of them", async () => {
  const fail: ((error: Error) => void)[] = [];
  const memory = new WebAssembly.Memory({ initial: 1 });
  // A guest that is suspended until the test ends it: there is JSPI only in some of the engines that run this.
  const guest = {
    memory,
    get bytes() {
      return new Uint8Array(memory.buffer);
    },
    buffers: {},
    label: () => () => new Promise<number>((_, reject) => void fail.push(reject)),
    flush: () => {},
  } as unknown as Guest;
  const waiting = { ...state(undefined, true), guest: () => guest, keep: () => {} } as unknown as GuestState;
  const begin = async (): Promise<string> => {
    const run = new LabelRun(
      "label_agent",
      "{}",
      waiting,
      "jspi",
      {
        guard: "g",
        backendCalls: 1,
        patience: new Patience(1000),
        timed: true,
        concurrency: 1,
        speculate: true,
        exchange: { outputBytes: 65_536 },
        log: () => {},
      },
      asynchronous,
      createDeadline(undefined, undefined, {}),
    );
    try {
      return await labelCall(run);
    } finally {
      run.leave();
    }
  };
  const calls = Array.from({ length: 4096 }, begin);
  await rejects(begin(), { code: "limit", limit: "suspensions", message: /4096 are suspended/ });
  fail.pop()?.(new Error("over"));
  await rejects(calls.pop() ?? Promise.resolve(), /over/);
  const next = begin();
  for (const one of fail) one(new Error("over"));
  await Promise.allSettled([...calls, next]);
});
