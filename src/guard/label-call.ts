// Runs one label call over a backend that may be synchronous, asynchronous or absent (design.md, Suspension): three strategies,
// the same answers.
import type { Backend } from "../backend/backend.ts";
import { canSuspend } from "../capabilities.ts";
import { ModuleError } from "../errors.ts";

import { direct } from "./direct.ts";
import type { GuestState } from "./guest-state.ts";
import type { LabelRun, Suspension } from "./label-run.ts";
import { replay } from "./replay.ts";
import { suspended } from "./suspended.ts";

/**
 * Which strategy fits: none without an asynchronous backend, replay where the state can be taken back, JSPI otherwise.
 * Throws ModuleError `state-not-capturable` when neither works.
 */
export function chooseSuspension(
  wanted: "auto" | "replay" | "jspi",
  backend: Backend | undefined,
  state: GuestState,
  guard: string,
): Suspension {
  if (backend === undefined || backend.synchronous === true) {
    // An instance that suspends does it too, and is the only one left where the way back is lost.
    return state.suspends && !state.canRewind ? "jspi" : "none";
  }
  if (wanted === "jspi") return "jspi";
  if (wanted === "replay" || state.obstacle === undefined) {
    if (state.obstacle === undefined || state.canRewind) return "replay";
  } else if (canSuspend()) return "jspi";
  else if (state.canRewind) return "replay";
  throw new ModuleError(
    "state-not-capturable",
    `Cannot ask an asynchronous backend: ${state.obstacle}, and the guest cannot be suspended (${wanted === "replay" ? '"suspension" is "replay"' : "this runtime has no WebAssembly.Suspending"}); load a fresh guard, or give it a synchronous backend`,
    { guard },
  );
}

/** Makes the call and gives the guest's answer. What the guest throws comes out unchanged. */
export function labelCall(call: LabelRun): string | Promise<string> {
  if (call.suspension === "replay") return replay(call);
  return call.suspension === "jspi" ? suspended(call) : direct(call);
}
