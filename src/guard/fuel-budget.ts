// What one run of a label function may burn, and what becomes of the figure.
import type { Budget } from "../wasm/meter.ts";
import type { Deadline } from "./deadline.ts";

/** Where a guard counts and neither `limits.fuel` nor a deadline ends a call: some seconds of computing. */
export const defaultFuel = 10_000_000_000;

/** What a run may burn after it was told something false: it does not count, and false answers may send a guard round in circles. */
export const tentativeFuel = 1_000_000_000;

/** Says how much a call may burn by default: with a deadline, as much as it can until then. */
export function fuelOf(limit: number | undefined, timeoutMs: number | undefined): number {
  return (
    limit ??
    (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY ? defaultFuel : Number.POSITIVE_INFINITY)
  );
}

/** What a budget needs of its call. */
interface Burning {
  readonly options: { readonly fuel?: { readonly limit: number | undefined } | undefined };
  readonly deadline: Deadline;
  fuel: number | undefined;
}

// A class: an object literal with a getter takes microseconds to make, and one is made for every run.
class RunBudget implements Budget {
  readonly #call: Burning;
  readonly check: (() => void) | undefined;
  #total = 0;

  constructor(call: Burning) {
    this.#call = call;
    this.check = call.deadline.bounded ? () => call.deadline.check() : undefined;
  }

  get fuel(): number {
    const { options, deadline } = this.#call;
    return fuelOf(options.fuel?.limit, deadline.remaining) - this.#total;
  }

  get milliseconds(): number {
    return this.#call.deadline.remaining;
  }

  burned(fuel: number): void {
    this.#total += fuel;
    this.#call.fuel = this.#total;
  }
}

/** A budget for one run; what that run has burned replaces what the ones before it had. */
export function budgetOf(call: Burning): Budget {
  return new RunBudget(call);
}
