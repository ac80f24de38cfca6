// How an instance comes to be what a session begins with: instantiated and initialized, or with a stored state put in place.
import { locate } from "../errors.ts";
import type { ExchangeOptions } from "../wasm/exchange.ts";
import { faultOf } from "../wasm/faults.ts";
import type { Checkpoint, Guest, GuestModule, InstanceOptions } from "../wasm/guest.ts";
import { createGuest } from "../wasm/instance.ts";
import { createRun, type LogLine, type Recording, type RunHost } from "../wasm/run.ts";

export interface GuestStateOptions {
  readonly source: GuestModule;
  readonly instance: Omit<InstanceOptions, "suspends" | "clocks">;
  readonly exchange: ExchangeOptions;
  readonly log: (line: LogLine) => void;
  readonly guard: string;
}

/** False when stored state is not this module's after all; then the instance is spoilt. */
export function putInPlace(guest: Guest, checkpoint: Checkpoint): boolean {
  try {
    return guest.restore(checkpoint);
  } catch {
    return false;
  }
}

/** Never set back: a clock does not run backwards. */
export type Clocks = InstanceOptions["clocks"];

export function advance(clocks: Clocks, milliseconds: number): void {
  clocks.ahead += BigInt(Math.round(milliseconds * 1e6));
}

/** Throws the fault of the guest's start, located. */
export async function begin(
  options: GuestStateOptions,
  clocks: Clocks,
  genesis: Recording,
  host: RunHost,
  suspends: boolean,
): Promise<Guest> {
  try {
    const guest = await createGuest(options.source, { ...options.instance, suspends, clocks });
    guest.run = createRun(genesis, host);
    await guest.initialize?.();
    guest.flush();
    guest.run = undefined;
    return guest;
  } catch (error) {
    const context = { guard: options.guard, phase: "_initialize" };
    throw locate(faultOf(error, context), context);
  }
}

/** Who stands behind an instance while it starts: there is no backend yet. */
export function startingHost(log: (line: LogLine) => void, clocks: Clocks): RunHost {
  return {
    ask: () => null,
    askLater: (_, answered) => answered(null),
    // Nobody waits for a guard that sleeps while it starts: its clocks move instead.
    sleep: (milliseconds) => advance(clocks, milliseconds),
    sleepLater: async (milliseconds) => advance(clocks, milliseconds),
    log,
  };
}
