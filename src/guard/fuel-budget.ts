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

/** A budget for one run; what that run has burned replaces what the ones before it had. */
export function budgetOf(call: {
  readonly options: { readonly fuel?: { readonly limit: number | undefined } | undefined };
  readonly deadline: Deadline;
  fuel: number | undefined;
}): Budget {
  const { options, deadline } = call;
  let total = 0;
  return {
    get fuel() {
      return fuelOf(options.fuel?.limit, deadline.remaining) - total;
    },
    get milliseconds() {
      return deadline.remaining;
    },
    check: deadline.bounded ? () => deadline.check() : undefined,
    burned(fuel) {
      total += fuel;
      call.fuel = total;
    },
  };
}
