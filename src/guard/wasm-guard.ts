// A guard in WebAssembly behind the Guard interface: queue, deadlines, health, and the three label calls.
import { canSuspend } from "../capabilities.ts";
import type { AgentLabels, ResourceLabels, ResponseLabels } from "../difc/labels.ts";
import { ClosedError, type GuardError, isGuardError, LimitError, locate, PoisonedError } from "../errors.ts";
import type { LabelFunction } from "../wasm/contract.ts";
import { faultOf } from "../wasm/faults.ts";
import type { GuestModule, ToldPlace } from "../wasm/guest.ts";
import type { LogLine } from "../wasm/run.ts";
import { parseAgentLabels, parseResourceLabels, parseResponseLabels } from "./answers.ts";
import { createDeadline, type Deadline, noDeadline } from "./deadline.ts";
import type { GuardEvent } from "./events.ts";
import { fuelOf } from "./fuel-budget.ts";
import type { CallOptions, Guard, ToolCall } from "./guard.ts";
import { createGuestState, type GuestState } from "./guest-state.ts";
import { agentInput, resourceInput, responseInput } from "./input.ts";
import { type ForkOptions, type InstanceSettings, type InstantiateOptions, readOptions } from "./instance-options.ts";
import { chooseSuspension, labelCall } from "./label-call.ts";
import { type LabelCallOptions, LabelRun } from "./label-run.ts";
import type { GuardModule } from "./module.ts";
import { Patience } from "./patience.ts";
import { createQueue } from "./queue.ts";

/** A guard that runs in WebAssembly. */
export interface WasmGuard extends Guard {
  /** `poisoned` after a trap: every later call rejects with PoisonedError, until {@link WasmGuard.recover}. */
  readonly health: "ok" | "poisoned" | "closed";
  readonly module: GuardModule;
  /** The linear memory and what is kept for going back, in bytes. */
  readonly memoryBytes: number;
  /**
   * A second guard with a copy of this one's state: from there on neither sees what the other does. A poisoned guard's fork
   * has the state before the failed call.
   *
   * @param own what the new guard has instead of this one's listeners and backend; default: the same.
   * @throws {ModuleError} `state-not-capturable`, with the reason, when the module's state cannot be captured.
   */
  fork(own?: ForkOptions): Promise<WasmGuard>;
  /** A clean instance of the same module with the same options, which has not been told any policy. */
  fresh(): Promise<WasmGuard>;
  /**
   * Takes a poisoned guard back to the state before the failed call. Does nothing when it is well.
   *
   * @throws {ModuleError} `state-not-capturable`, with the reason, when that is not possible.
   */
  recover(): Promise<void>;
}

/** A listener's own fault is its own affair: it must not end a call, and least of all look like the guard's. */
function tell<T>(listener: ((value: T) => void) | undefined, value: T): void {
  try {
    listener?.(value);
  } catch {
    // See above.
  }
}

/** Whether an error left the guest's code half-way: then its stack pointer is off, and only an earlier state is of use. */
function leftGuest(error: GuardError): boolean {
  if (error instanceof LimitError) return error.limit !== "outputBytes" && error.limit !== "memoryPages";
  return error.code !== "guard-return" && error.code !== "protocol";
}

/** Starts an instance of a compiled guard, `_initialize` included. Throws RangeError for bad options, GuardError when the guard does not start. */
export async function instantiateGuard(
  module: GuardModule,
  source: GuestModule,
  options: InstantiateOptions,
): Promise<WasmGuard> {
  const given = readOptions(module, options);
  const log = (line: LogLine): void => tell(options.log, { guard: given.name, ...line });
  const { backend } = options;
  const suspends =
    backend !== undefined &&
    backend.synchronous !== true &&
    (given.suspension === "jspi" || (given.suspension === "auto" && !module.checkpoint.possible && canSuspend()));
  const state = await createGuestState(
    {
      source,
      instance: {
        logLevel: given.logLevel,
        ...(given.fuel && {
          startBudget: {
            fuel: fuelOf(given.fuel.limit, given.timeoutMs),
            milliseconds: given.timeoutMs ?? Number.POSITIVE_INFINITY,
          },
        }),
      },
      exchange: given.exchange,
      log,
      guard: given.name,
    },
    suspends,
  );
  if (!module.guestAllocates && options.log !== undefined) {
    log({
      level: "warn",
      source: "host",
      message: "The guard exports no alloc and dealloc: the host grows its memory for its own buffers",
    });
  }
  return guardOf(module, state, options, given);
}

function guardOf(
  module: GuardModule,
  state: GuestState,
  options: InstantiateOptions,
  given: InstanceSettings,
): WasmGuard {
  const { name } = given;
  const { limits = {} } = options;
  const log = (line: LogLine): void => tell(options.log, { guard: name, ...line });
  const usual: LabelCallOptions = {
    guard: name,
    backendCalls: given.backendCalls,
    patience: new Patience(given.backendTimeoutMs),
    timed: options.onEvent !== undefined,
    concurrency: given.concurrency,
    exchange: given.exchange,
    log,
    speculate: options.speculate !== false,
    fuel: given.fuel,
  };
  const timed: LabelCallOptions = usual.timed ? usual : { ...usual, timed: true };
  const queue = createQueue();
  let health: WasmGuard["health"] = "ok";
  let firstFault: GuardError | undefined;
  let current: Deadline | undefined;

  const changeHealth = (next: WasmGuard["health"], cause?: GuardError): void => {
    if (health === "closed" || health === next) return;
    health = next;
    firstFault = cause;
    tell(options.onEvent, { type: "health", guard: name, health: next, ...(cause === undefined ? {} : { cause }) });
  };

  const unusable = (phase: string): GuardError | undefined => {
    if (health === "closed")
      return new ClosedError(`Cannot call the guard: "${name}" is closed`, { guard: name, phase });
    if (health !== "poisoned") return undefined;
    const first = firstFault?.message ?? "a fault";
    return new PoisonedError(
      `Cannot call the guard: "${name}" is poisoned by an earlier fault (${first}); recover it or load a fresh one`,
      {
        guard: name,
        phase,
        cause: firstFault,
      },
    );
  };

  /** What the backend said, and how long the guard slept, is true of this call only. */
  const keepTold = (place: ToldPlace, answer: string, run: LabelRun): void => {
    if (run.askedQuestions !== undefined || run.sleeps.length > 0) return;
    const checkpoint = state.snapshot();
    if (checkpoint !== undefined) place.keep({ checkpoint, answer });
  };

  const faultIn = (phase: string, thrown: unknown): GuardError => {
    const context = { guard: name, phase };
    return locate(faultOf(thrown, context), context);
  };

  /** After a throw out of the guest: a trap poisons, everything else goes back to the state before the call. */
  const afterFault = async (fault: GuardError): Promise<void> => {
    if (fault.code === "exit" && !state.canRewind) return;
    if (fault.code === "trap" || !state.canRewind) return changeHealth("poisoned", fault);
    try {
      await state.rewind();
    } catch {
      changeHealth("poisoned", fault);
    }
  };

  const call = async <T>(
    phase: LabelFunction,
    parse: (answer: string) => T,
    callOptions: CallOptions,
    toolCall: ToolCall | undefined,
    subject: unknown,
  ): Promise<T> => {
    const refused = unusable(phase);
    if (refused !== undefined) throw refused;
    const backend = callOptions.backend ?? options.backend;
    const { signal, timeoutMs = given.timeoutMs } = callOptions;
    const text = inputOf(phase, toolCall, subject, callOptions);
    // Most calls neither have a deadline nor wait for anything.
    const waits =
      signal !== undefined || timeoutMs !== undefined || (backend !== undefined && backend.synchronous !== true);
    const deadline = waits ? createDeadline(signal, timeoutMs, { guard: name, phase }) : noDeadline;
    deadline.check();
    const turn = queue.enter(deadline);
    if (turn !== undefined) await turn;
    let busy: Promise<void> | undefined;
    try {
      const place =
        state.told !== undefined && phase === "label_agent" && state.calls === 0
          ? await deadline.race(state.told(text, limits, parse))
          : undefined;
      const late = unusable(phase);
      if (late !== undefined) throw late;
      deadline.check();
      const known = place?.state;
      const isKnown = known !== undefined && state.adopt(known.checkpoint);
      if (known !== undefined && !isKnown) place?.refuse();
      const suspension = chooseSuspension(given.suspension, backend, state, name);
      const how = callOptions.onEvent === undefined ? usual : timed;
      const run = new LabelRun(phase, text, state, isKnown ? "none" : suspension, how, backend, deadline);
      let error: GuardError | undefined;
      try {
        current = deadline;
        let found: string;
        try {
          const answer = isKnown ? known.answer : labelCall(run);
          found = typeof answer === "string" ? answer : await answer;
          if (!isKnown) run.remember();
        } finally {
          run.leave();
        }
        try {
          const value = parse(found);
          if (place !== undefined && !isKnown) keepTold(place, found, run);
          return value;
        } catch (unreadable) {
          error = locate(unreadable as GuardError, { guard: name, phase });
          throw error;
        }
      } catch (thrown) {
        if (error === undefined) {
          error = faultIn(phase, thrown);
          // Nobody waits for answers any more.
          deadline.end(error);
          if (run.runs > 0) {
            if (leftGuest(error) || state.excess !== undefined) busy = afterFault(error);
            else state.push(phase, text, run.finalRecording());
          }
        }
        throw error;
      } finally {
        current = undefined;
        if (options.onEvent !== undefined || callOptions.onEvent !== undefined) emit(run, error, callOptions);
      }
    } finally {
      // The caller has its error at once; the next call waits until the state is back.
      if (busy === undefined) queue.leave();
      else busy.then(queue.leave, queue.leave);
    }
  };

  const inputOf = (
    phase: LabelFunction,
    toolCall: ToolCall | undefined,
    subject: unknown,
    callOptions: CallOptions,
  ): string => {
    try {
      if (phase === "label_agent") return agentInput(subject, given.inputBytes);
      if (phase === "label_resource") return resourceInput(toolCall as ToolCall, callOptions, given.inputBytes);
      return responseInput(toolCall as ToolCall, subject, callOptions, given.inputBytes);
    } catch (error) {
      throw isGuardError(error) ? locate(error, { guard: name, phase }) : error;
    }
  };

  const emit = (run: LabelRun, error: GuardError | undefined, callOptions: CallOptions): void => {
    const events: GuardEvent[] = [
      ...(run.askedQuestions?.events() ?? []),
      ...run.sleeps.map((milliseconds): GuardEvent => ({ type: "sleep", guard: name, milliseconds })),
      {
        type: "label-call",
        guard: name,
        function: run.name,
        suspension: run.suspension,
        runs: run.runs,
        questions: run.askedQuestions?.countInRun ?? 0,
        ...(run.fuel === undefined ? {} : { fuel: run.fuel }),
        ...(error === undefined ? {} : { error }),
      },
    ];
    for (const event of events) {
      tell(options.onEvent, event);
      tell(callOptions.onEvent, event);
    }
  };

  const alone = async <T>(phase: string, action: () => Promise<T>): Promise<T> => {
    const turn = queue.enter(createDeadline(undefined, undefined, { guard: name, phase }));
    if (turn !== undefined) await turn;
    try {
      if (health === "closed") throw unusable(phase);
      return await action();
    } finally {
      queue.leave();
    }
  };

  return {
    name,
    module,
    get health() {
      return health;
    },
    get memoryBytes() {
      return state.memoryBytes;
    },
    labelAgent: (policy: unknown, callOptions: CallOptions = {}): Promise<AgentLabels> =>
      call("label_agent", parseAgentLabels, callOptions, undefined, policy),
    labelResource: (toolCall: ToolCall, callOptions: CallOptions = {}): Promise<ResourceLabels> =>
      call("label_resource", parseResourceLabels, callOptions, toolCall, undefined),
    labelResponse: (
      toolCall: ToolCall,
      result: unknown,
      callOptions: CallOptions = {},
    ): Promise<ResponseLabels | null> => call("label_response", parseResponseLabels, callOptions, toolCall, result),
    fork(own: ForkOptions = {}): Promise<WasmGuard> {
      return alone("fork", async () => {
        if (health === "ok") state.settle();
        return guardOf(module, await state.clone(), { ...options, ...own }, given);
      });
    },
    fresh: () => module.instantiate({ ...options, name }),
    recover(): Promise<void> {
      return alone("recover", async () => {
        if (health !== "poisoned") return;
        await state.rewind();
        changeHealth("ok");
      });
    },
    async close(): Promise<void> {
      if (health === "closed") return;
      const wasWell = health === "ok";
      const reason = new ClosedError(`The guard "${name}" was closed`, { guard: name });
      queue.clear(reason);
      usual.patience.close();
      const running = current !== undefined;
      current?.end(reason);
      changeHealth("closed");
      // A guest that is waiting for its backend is not to be touched; it is given up with its memory.
      if (wasWell && !running) state.release();
      state.close();
    },
  };
}
