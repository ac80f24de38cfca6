// How long an answer may take: which questions cost a timer, and that none waits for ever.
import { deepEqual, equal } from "node:assert/strict";
import { mock, test } from "node:test";
import { Patience, type Waiting } from "../../../src/guard/patience.ts";

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await undefined;
};

/** A question that hears when it has waited too long, and then waits no more. */
function question(patience: Patience): Waiting & { readonly given: Promise<void> } {
  let giveUp = (): void => {};
  const given = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  return {
    given,
    expire() {
      patience.end();
      giveUp();
      return 1000;
    },
  };
}

/** How many timers were set meanwhile. */
async function timersIn(body: () => Promise<void>): Promise<number> {
  const timers = mock.method(globalThis, "setTimeout");
  try {
    await body();
    return timers.mock.callCount();
  } finally {
    timers.mock.restore();
  }
}

/** As on Workers, where a timer ends with its request: they alone have a default cache. */
async function whereTimersEnd(body: () => Promise<void>): Promise<void> {
  const scope = globalThis as { caches?: unknown };
  const before = scope.caches;
  scope.caches = { default: {} };
  try {
    await body();
  } finally {
    if (before === undefined) delete scope.caches;
    else scope.caches = before;
  }
}

test("where timers stay, one serves all questions", async () => {
  const patience = new Patience(50);
  const set = await timersIn(async () => {
    for (let index = 0; index < 100; index++) {
      patience.begin(question(patience));
      await turns(1);
      patience.end();
    }
  });
  equal(set, 1);
  patience.close();
});

test("where timers end with their request, an answer out of the same process costs none", () =>
  whereTimersEnd(async () => {
    const patience = new Patience(50);
    const set = await timersIn(async () => {
      for (const wait of [1, 4, 4, 1]) {
        patience.begin(question(patience));
        await turns(wait);
        patience.end();
      }
      await turns(50);
    });
    equal(set, 0);
  }));

test("where timers end with their request, a late answer has its timer and is given up", () =>
  whereTimersEnd(async () => {
    const patience = new Patience(5);
    const first = question(patience);
    const second = question(patience);
    const counts: number[] = [];
    counts.push(
      await timersIn(async () => {
        patience.begin(first);
        await first.given;
      }),
    );
    // Begun while the turns of an answered one are still counted.
    counts.push(
      await timersIn(async () => {
        patience.begin(question(patience));
        await turns(3);
        patience.end();
        patience.begin(second);
        await second.given;
      }),
    );
    deepEqual(counts, [1, 1]);
  }));
