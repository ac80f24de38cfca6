// The host's side of a guest that counts: how much it may burn, when that ends it, what it burned (design.md, Budgets; fuel.ts).
import { LimitError, ModuleError, TimeoutError } from "../errors.ts";
import { fuelExport } from "./contract.ts";
import type { LabelExport } from "./guest.ts";
import type { Run } from "./run.ts";

/** What the guest may burn from one entry on. */
export interface Budget {
  /** Units of fuel; `Infinity` for no bound. Read at the entry, as all of these are. */
  readonly fuel: number;
  /** In milliseconds from the entry on; `Infinity` for no bound. */
  readonly milliseconds: number;
  /** Throws when the call is over for another reason. */
  readonly check?: (() => void) | undefined;
  /** Hears what was burned, after each entry. */
  burned?(fuel: number): void;
}

export interface Meter {
  /** What the module imports for its count. */
  readonly imports: WebAssembly.ModuleImports;
  /** Takes hold of a new instance's count, and gives its exports with the allocator's on an allowance. Throws ModuleError. */
  attach(exports: WebAssembly.Exports): WebAssembly.Exports;
  /** Runs what starts the guest (its start function, `_initialize`) on the budget for that. */
  start<T>(body: () => T | Promise<T>): T | Promise<T>;
  /** The label function on the budget of the run that the guest is in. */
  label(body: LabelExport): LabelExport;
  /** From here on the guest may burn at most so much in this entry. */
  limit(fuel: number): void;
}

/** Between two looks at the clock: a fraction of a millisecond. */
const slice = 2 ** 18;
/** Without a clock to look at; far from where an i32 ends. */
const whole = 2 ** 30;
/** What an allocator may burn in one call; it may collect garbage. Not the caller's: when the host allocates is its own affair. */
const allocatorFuel = 1_000_000_000;
/** How fast guards burn, roughly: what stands in for the clock where it stands still while a guest computes, as on Workers. */
const fuelPerMillisecond = 1_000_000;

const unbounded: Budget = { fuel: Number.POSITIVE_INFINITY, milliseconds: Number.POSITIVE_INFINITY };

const isPromise = (value: unknown): value is Promise<never> =>
  typeof (value as Promise<never> | null)?.then === "function";

/** A meter for one instance. `runOf` gives the run that the guest is in; `starting` is what it may burn while it starts. */
export function createMeter(runOf: () => Run | undefined, starting: Budget = unbounded): Meter {
  /** Sets what the guest has left, answers what it had. */
  let exchange: ((left: number) => number) | undefined;
  let limit = 0;
  let milliseconds = 0;
  let check: Budget["check"];
  let granted = 0;
  let began = 0;
  /** Why the guest was ended; it traps then, whatever it catches. */
  let reason: unknown;
  let isOver = false;

  const end = (why: unknown): number => {
    isOver = true;
    reason = why;
    return 0;
  };

  const isLate = (): boolean => {
    if (milliseconds === Number.POSITIVE_INFINITY) return false;
    const elapsed = performance.now() - began;
    return (elapsed > 0 ? elapsed : granted / fuelPerMillisecond) >= milliseconds;
  };

  /** What the guest calls when it has burned what it had: the answer is added, and 0 ends it. */
  const outOfFuel = (): number => {
    if (isOver) return 0;
    try {
      check?.();
    } catch (error) {
      return end(error);
    }
    if (isLate()) return end(new TimeoutError(`The guard computed for longer than ${Math.ceil(milliseconds)} ms`));
    if (granted >= limit) {
      return end(
        new LimitError("fuel", `The guard burned its ${limit} units of fuel; raise limits.fuel, or mend the guard`),
      );
    }
    const grant = Math.min(limit - granted, hasClock() ? slice : whole);
    granted += grant;
    return grant;
  };

  const hasClock = (): boolean => milliseconds !== Number.POSITIVE_INFINITY || check !== undefined;

  const enter = (next: Budget): void => {
    limit = next.fuel;
    ({ milliseconds, check } = next);
    isOver = false;
    reason = undefined;
    if (milliseconds !== Number.POSITIVE_INFINITY) began = performance.now();
    // A start function runs before the host can reach the count.
    granted = exchange === undefined ? 0 : Math.min(limit, hasClock() ? slice : whole);
    exchange?.(granted);
  };

  const within = <T>(budget: Budget, body: () => T | Promise<T>): T | Promise<T> => {
    const leave = (): void => budget.burned?.(granted - (exchange?.(0) ?? 0));
    const faultOf = (error: unknown): unknown => {
      leave();
      return isOver ? reason : error;
    };
    enter(budget);
    let value: T | Promise<T>;
    try {
      value = body();
    } catch (error) {
      throw faultOf(error);
    }
    if (!isPromise(value)) {
      leave();
      return value;
    }
    return value.then(
      (settled) => {
        leave();
        return settled;
      },
      (error: unknown) => {
        throw faultOf(error);
      },
    );
  };

  const budgetOfRun = (): Budget => runOf()?.budget ?? unbounded;

  /** The allocator belongs to the host's work: its time is the call's, its fuel is not. */
  const onAllowance = (body: WebAssembly.ExportValue): WebAssembly.ExportValue => {
    const call = body as unknown as (...parameters: number[]) => unknown;
    return ((...parameters: number[]) => {
      const { milliseconds: time, check: isEnded } = budgetOfRun();
      return within({ fuel: allocatorFuel, milliseconds: time, check: isEnded }, () => call(...parameters));
    }) as unknown as WebAssembly.ExportValue;
  };

  return {
    imports: { out_of_fuel: outOfFuel },
    attach(exports) {
      const found = exports[fuelExport];
      // Only a module that came compiled can be something else than what the rewrite makes.
      if (!isExchange(found)) {
        throw new ModuleError(
          "bad-module",
          `Cannot use the module: it says that it counts, but its "${fuelExport}" does not set the count; prepare it again from the original bytes`,
        );
      }
      exchange = found;
      const { alloc, dealloc } = exports;
      return {
        ...exports,
        ...(typeof alloc === "function" ? { alloc: onAllowance(alloc) } : {}),
        ...(typeof dealloc === "function" ? { dealloc: onAllowance(dealloc) } : {}),
      };
    },
    start: (body) => within(starting, body),
    label: (body) => (input, inputLength, output, outputCap) =>
      within(budgetOfRun(), () => body(input, inputLength, output, outputCap)),
    limit(fuel): void {
      const used = granted - (exchange?.(0) ?? 0);
      limit = Math.min(limit, used + fuel);
      granted = Math.min(granted, limit);
      exchange?.(granted - used);
    },
  };
}

function isExchange(found: unknown): found is (left: number) => number {
  if (typeof found !== "function") return false;
  try {
    found(1);
    return found(0) === 1;
  } catch {
    return false;
  }
}
