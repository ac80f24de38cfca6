// <policy-preview> in a page of every engine: a guard that runs away ends within the deadline, and the next evaluation is fine.
import { equal, ok } from "../suites/assert.ts";
import type { Environment, Library, Runner } from "../suites/suite.ts";

interface Element extends HTMLElement {
  scenario: unknown;
  guards: unknown;
  deadlineMs: number;
}

const scenario = (tools: readonly string[]) => ({
  servers: {
    s: { guard: { wasm: "runaway" }, policy: { "allow-only": { repos: "public", "min-integrity": "none" } } },
  },
  calls: tools.map((tool) => ({ server: "s", tool, result: [] })),
});

/** Runs where the environment says where the element's module is. */
export function elementSuite(runner: Runner, _library: Library, environment: Environment): void {
  const { elementModule } = environment;
  if (elementModule === undefined) return;

  /** Gives the scenarios to one element, one after the other, and tells how each evaluation ended, with its calls' fuel. */
  const evaluate = async (guards: unknown, scenarios: readonly unknown[]): Promise<(string | number[])[]> => {
    await import(elementModule);
    const element = document.createElement("policy-preview") as Element;
    const outcomes: (string | number[])[] = [];
    element.deadlineMs = 700;
    element.guards = guards;
    document.body.append(element);
    try {
      for (const one of scenarios) {
        const ended = new Promise<string | number[]>((resolve) => {
          element.addEventListener(
            "policy-preview:report",
            (event) => {
              const { calls } = (event as CustomEvent).detail as {
                calls: { phases: { fuel?: number }[] }[];
              };
              resolve(calls.map(({ phases }) => phases.reduce((sum, { fuel = 0 }) => sum + fuel, 0)));
            },
            { once: true },
          );
          element.addEventListener(
            "policy-preview:error",
            (event) => resolve(((event as CustomEvent).detail as { errors: { message: string }[] }).errors[0]!.message),
            { once: true },
          );
        });
        element.scenario = one;
        outcomes.push(await ended);
      }
    } finally {
      element.remove();
    }
    return outcomes;
  };

  for (const [kind, what] of Object.entries({ l: "a loop", t: "br_table", p: "tail calls", f: "bulk instructions" })) {
    runner.test(`element: ${what} without end`, async () => {
      const guard = await environment.guard("runaway");
      const outcomes = await evaluate({ runaway: guard }, [
        scenario(["ok"]),
        scenario([kind, kind]),
        scenario(["ok", "w1"]),
      ]);
      ok(tooBusy.test(`${outcomes[1]}`), `Expected that it was stopped: ${outcomes[1]}`);
      const [before, , after] = outcomes;
      ok(Array.isArray(before) && Array.isArray(after), `The others are fine: ${JSON.stringify(outcomes)}`);
      equal([before.length, after[0] === before[0], after[1]! > 100_000], [1, true, true]);
    });
  }

  runner.test("element: a start function without end", async () => {
    const guard = await environment.guard("fuel-endless-start");
    const [outcome] = await evaluate({ runaway: guard }, [scenario(["ok"])]);
    ok(tooBusy.test(`${outcome}`), `Expected that it was stopped: ${outcome}`);
  });
}

// On a machine that does much else, the page may lose its patience with the worker first.
const tooBusy = /the guard was busy for 0\.7 s without answering, so (it|its worker) was stopped/;
