// A guard in a worker behind the Guard interface: the page never freezes, and a worker that overruns its deadline is ended and replaced.
import type { Backend } from "../backend/backend.ts";
import { type MessagePortLike, serveBackend } from "../backend/message-port.ts";
import type { AgentLabels, ResourceLabels, ResponseLabels } from "../difc/labels.ts";
import { BackendError, ClosedError, type GuardError, isGuardError, ModuleError, TimeoutError } from "../errors.ts";
import type { GuardSource } from "../wasm/source.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import { countsByDefault, readCapabilities } from "./fuel-default.ts";
import type { CallOptions, Guard, ToolCall } from "./guard.ts";
import type { LoadGuardOptions } from "./load.ts";
import { compileGuard, type GuardModule } from "./module.ts";
import { createQueue } from "./queue.ts";
import { eventFromWire, fromWire } from "./worker-faults.ts";
import type { CallMessage, DoneMessage, FromWorker, ToWorker, WireEvent } from "./worker-messages.ts";

/** What a page needs of a worker: a web Worker has it; edge-guard/node makes one of a thread. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: with any other type the platform's own Worker would not fit.
  addEventListener(type: "message" | "messageerror" | "error", listener: (event: any) => void): void;
}

export interface WorkerGuardOptions extends Omit<LoadGuardOptions, "warmStart"> {
  /**
   * Starts a worker that runs the module `edge-guard/worker`, served from the page's own origin:
   * `() => new Worker(new URL("./edge-guard-worker.js", import.meta.url), { type: "module" })`.
   * Called again whenever a worker had to be ended.
   */
  readonly createWorker: () => WorkerLike;
  /** How long a worker may take to start, in milliseconds. Default: 30 000. */
  readonly startTimeoutMs?: number;
}

/** A guard that runs in a worker. */
export interface WorkerGuard extends Guard {
  readonly health: "ok" | "poisoned" | "closed";
  readonly module: GuardModule;
  /** How many workers have been ended and replaced so far. */
  readonly replaced: number;
  /** Takes a poisoned guard back to the state before the failed call. Rejects as {@link WasmGuard.recover} does. */
  recover(): Promise<void>;
}

/** How long a guest that waits for its backend may take to notice an abort before its worker is ended, in milliseconds. */
const abortGraceMs = 1000;

interface Hosted {
  readonly worker: WorkerLike;
  readonly started: Promise<void>;
  readonly calls: Map<number, { resolve: (done: DoneMessage) => void; reject: (error: Error) => void }>;
  /** Questions of the guest that the backend has not answered yet: while there are any, the guest is not computing. */
  waiting: number;
  /** Whether the guest knows the session's policy. */
  told: boolean;
  stop(reason: Error): void;
}

/** One caller's turn. */
interface Turn {
  readonly backend: Backend | undefined;
  leaving?: Promise<void>;
}

/**
 * Loads a guard into a worker. Label calls behave as those of {@link loadGuard}, with two differences: nothing that the guard does can hold
 * up this thread, and a guard that computes past its deadline (`limits.timeoutMs`, `timeoutMs`, a signal) has its worker ended and
 * replaced. The replacement is a clean instance that was told the last policy again. Engines that do not end a worker's loop
 * at once (all but Node and Firefox) get guards that count: those end themselves at a deadline, and keep their worker and their state.
 *
 * @throws {ModuleError} `load-failed` when the worker does not start; otherwise as `loadGuard`.
 */
export async function workerGuard(source: GuardSource, options: WorkerGuardOptions): Promise<WorkerGuard> {
  if (typeof options?.createWorker !== "function")
    throw new TypeError('Cannot host the guard: "createWorker" must be a function that starts a worker');
  const { limits = {} } = options;
  const counted = countsByDefault(readCapabilities(), {
    inWorker: true,
    budget: limits.fuel !== undefined,
    deadline: limits.timeoutMs !== undefined,
  });
  const module = await compileGuard(source, { ...options, fuel: options.fuel ?? counted });
  const name = options.name ?? module.name;
  const queue = createQueue();
  let health: WorkerGuard["health"] = "ok";
  let hosted: Hosted;
  let lastId = 0;
  let replaced = 0;
  let lastPolicy: Omit<CallMessage, "type" | "id" | "backend"> | undefined;
  let currentBackend: Backend | undefined = options.backend;
  let currentListener: CallOptions["onEvent"];
  let current: Deadline | undefined;

  const changeHealth = (next: WorkerGuard["health"]): void => {
    if (health !== "closed") health = next;
  };

  const hear = (event: WireEvent): void => {
    const revived = eventFromWire(event);
    options.onEvent?.(revived);
    currentListener?.(revived);
  };

  const failed = (state: string, cause?: unknown): ModuleError =>
    new ModuleError(
      "load-failed",
      `Cannot host the guard: the worker ${state}; check that its script is served from the page's own origin and that the Content-Security-Policy has worker-src 'self'`,
      { guard: name, phase: "load", cause },
    );

  const begin = (): Hosted => {
    let worker: WorkerLike;
    try {
      worker = options.createWorker();
    } catch (cause) {
      const started = Promise.reject(failed("could not be started", cause));
      started.catch(() => {});
      worker = { postMessage: () => {}, terminate: () => {}, addEventListener: () => {} };
      return { worker, started, calls: new Map(), waiting: 0, told: false, stop: () => {} };
    }
    const { port1, port2 } = new MessageChannel();
    const calls: Hosted["calls"] = new Map();
    let reportStart: { resolve: () => void; reject: (error: Error) => void } | undefined;
    const started = new Promise<void>((resolve, reject) => {
      reportStart = { resolve, reject };
    });
    started.catch(() => {});
    const server = serveBackend(port1 as unknown as MessagePortLike, {
      name: "page",
      async callTool(tool, args, ask): Promise<unknown> {
        if (currentBackend === undefined)
          throw new BackendError("There is no backend to ask", { guard: name, phase: "call_backend" });
        own.waiting++;
        try {
          return await currentBackend.callTool(tool, args, ask);
        } finally {
          own.waiting--;
        }
      },
    });
    const own: Hosted = {
      worker,
      started,
      calls,
      waiting: 0,
      told: false,
      stop(reason): void {
        worker.terminate();
        server.close();
        port1.close();
        clearTimeout(timer);
        reportStart?.reject(reason);
        for (const { reject } of calls.values()) reject(reason);
        calls.clear();
      },
    };
    const startTimeoutMs = options.startTimeoutMs ?? 30_000;
    const timer = setTimeout(() => own.stop(failed(`did not start within ${startTimeoutMs} ms`)), startTimeoutMs);
    worker.addEventListener("error", (event: { message?: unknown; preventDefault?: () => void }) => {
      event.preventDefault?.();
      own.stop(failed(`failed${typeof event.message === "string" ? `: ${event.message}` : " to load"}`));
    });
    worker.addEventListener("messageerror", () => own.stop(failed("sent a message that cannot be read")));
    worker.addEventListener("message", ({ data }: { readonly data: FromWorker }) => {
      if (data?.type === "edge-guard.started") {
        clearTimeout(timer);
        if (data.fault === undefined) reportStart?.resolve();
        else reportStart?.reject(fromWire(data.fault));
      } else if (data?.type === "edge-guard.done") {
        const waiter = calls.get(data.id);
        calls.delete(data.id);
        waiter?.resolve(data);
      } else if (data?.type === "edge-guard.log") options.log?.(data.entry);
      else if (data?.type === "edge-guard.event") hear(data.event);
    });
    const start: ToWorker = {
      type: "edge-guard.start",
      module: module.module,
      name,
      limits: options.limits ?? {},
      suspension: options.suspension ?? "auto",
      speculate: options.speculate !== false,
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      ...(options.log === undefined ? {} : { logLevel: options.logLevel ?? "debug" }),
      questions: port2,
    };
    worker.postMessage(start, [port2]);
    return own;
  };

  const ask = (to: Hosted, message: Omit<CallMessage, "type" | "id">): { id: number; done: Promise<DoneMessage> } => {
    const id = ++lastId;
    const done = new Promise<DoneMessage>((resolve, reject) => {
      to.calls.set(id, { resolve, reject });
    });
    done.catch(() => {});
    try {
      to.worker.postMessage({ type: "edge-guard.call", id, ...message } satisfies ToWorker, []);
    } catch (cause) {
      to.calls.delete(id);
      throw new TypeError(`Cannot call the guard: its arguments cannot be sent to the worker (${String(cause)})`);
    }
    return { id, done };
  };

  const replace = (): void => {
    if (health === "closed") return;
    hosted.stop(new ClosedError("The worker was ended", { guard: name }));
    replaced++;
    hosted = begin();
  };

  /**
   * Ends what is left of an abandoned call: by word where the guest waits, by force where it computes; a guest that counts ends itself at
   * a deadline that the worker knows, and only hears of a signal too late.
   */
  const abandon = async (to: Hosted, id: number, done: Promise<DoneMessage>, error: unknown): Promise<void> => {
    if (to.waiting > 0 || (module.counts && error instanceof TimeoutError)) {
      to.worker.postMessage({ type: "edge-guard.abort", id } satisfies ToWorker, []);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const grace = new Promise<"late">((resolve) => {
        timer = setTimeout(() => resolve("late"), abortGraceMs);
      });
      const settled = await Promise.race([
        done.then(
          () => "done",
          () => "done",
        ),
        grace,
      ]);
      clearTimeout(timer);
      if (settled === "done") return;
    }
    if (hosted === to) replace();
  };

  /** One exchange with the worker. What is left of it after the deadline is cleaned up in `leaving`. */
  const exchange = async (
    message: Omit<CallMessage, "type" | "id" | "backend">,
    deadline: Deadline,
    turn: Turn,
  ): Promise<unknown> => {
    const to = hosted;
    const { id, done } = ask(to, {
      ...message,
      ...(turn.backend === undefined ? {} : { backend: { speculate: turn.backend.speculate !== false } }),
    });
    let reply: DoneMessage;
    try {
      reply = await deadline.race(done);
    } catch (error) {
      if (!(error instanceof ModuleError)) turn.leaving = abandon(to, id, done, error);
      throw error;
    }
    changeHealth(reply.health);
    if (reply.fault !== undefined) throw fromWire(reply.fault);
    return reply.value;
  };

  const perform = async (
    action: CallMessage["action"],
    parameters: readonly unknown[],
    callOptions: CallOptions,
    deadline: Deadline,
    turn: Turn,
  ): Promise<unknown> => {
    await deadline.race(hosted.started);
    const message = {
      action,
      parameters,
      ...(callOptions.capabilities === undefined ? {} : { capabilities: callOptions.capabilities }),
      ...(module.counts && deadline.remaining !== Number.POSITIVE_INFINITY
        ? { timeoutMs: Math.max(deadline.remaining, 1) }
        : {}),
    };
    if (action === "label_agent") {
      const value = await exchange(message, deadline, turn);
      lastPolicy = message;
      hosted.told = true;
      return value;
    }
    // A replaced guest is told the session's policy before anything else.
    if (!hosted.told && lastPolicy !== undefined) {
      await exchange(lastPolicy, deadline, turn);
      hosted.told = true;
    }
    return exchange(message, deadline, turn);
  };

  const call = async <T>(
    action: CallMessage["action"],
    parameters: readonly unknown[],
    callOptions: CallOptions,
  ): Promise<T> => {
    const context = { guard: name, phase: action };
    const closed = (): GuardError => new ClosedError(`Cannot call the guard: "${name}" is closed`, context);
    if (health === "closed") throw closed();
    const deadline = createDeadline(callOptions.signal, callOptions.timeoutMs ?? options.limits?.timeoutMs, context);
    deadline.check();
    const waiting = queue.enter(deadline);
    if (waiting !== undefined) await waiting;
    const turn: Turn = { backend: callOptions.backend ?? options.backend };
    try {
      if ((health as WorkerGuard["health"]) === "closed") throw closed();
      currentBackend = turn.backend;
      currentListener = callOptions.onEvent;
      current = deadline;
      return (await perform(action, parameters, callOptions, deadline, turn)) as T;
    } catch (error) {
      // A worker that broke down is replaced, so that the next call finds one.
      if (error instanceof ModuleError && error.code === "load-failed") replace();
      throw error;
    } finally {
      currentListener = undefined;
      current = undefined;
      if (turn.leaving === undefined) queue.leave();
      else turn.leaving.then(queue.leave, queue.leave);
    }
  };

  options.onProgress?.({ phase: "instantiate", loaded: 0, total: 1 });
  hosted = begin();
  try {
    await createDeadline(options.signal, undefined, { guard: name, phase: "load" }).race(hosted.started);
  } catch (error) {
    hosted.stop(isGuardError(error) ? error : new ClosedError("The load was given up", { guard: name, cause: error }));
    throw error;
  }
  options.onProgress?.({ phase: "instantiate", loaded: 1, total: 1 });

  return {
    name,
    module,
    get health() {
      return health;
    },
    get replaced() {
      return replaced;
    },
    labelAgent: (policy: unknown, callOptions: CallOptions = {}): Promise<AgentLabels> =>
      call("label_agent", [policy], callOptions),
    labelResource: (toolCall: ToolCall, callOptions: CallOptions = {}): Promise<ResourceLabels> =>
      call("label_resource", [toolCall], callOptions),
    labelResponse: (
      toolCall: ToolCall,
      result: unknown,
      callOptions: CallOptions = {},
    ): Promise<ResponseLabels | null> => call("label_response", [toolCall, result], callOptions),
    recover: (): Promise<void> => call("recover", [], {}),
    async close(): Promise<void> {
      if (health === "closed") return;
      health = "closed";
      const reason = new ClosedError(`The guard "${name}" was closed`, { guard: name });
      queue.clear(reason);
      current?.end(reason);
      hosted.stop(reason);
    },
  };
}
