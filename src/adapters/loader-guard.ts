// A guard that arrives at run time on Cloudflare Workers: in a dynamic Worker (Worker Loader), behind the Guard interface.
import type { Backend } from "../backend/backend.ts";
import type { AgentLabels, ResourceLabels, ResponseLabels } from "../difc/labels.ts";
import { ClosedError, type GuardError, isGuardError, locate, PoisonedError } from "../errors.ts";
import { createDeadline, type Deadline } from "../guard/deadline.ts";
import type { GuardEvent } from "../guard/events.ts";
import type { CallOptions, Guard, ToolCall } from "../guard/guard.ts";
import { agentInput, inputLimit, resourceInput, responseInput } from "../guard/input.ts";
import type { LoadGuardOptions } from "../guard/load.ts";
import { createQueue } from "../guard/queue.ts";
import type { GuardSource } from "../wasm/source.ts";
import { type LoaderModule, loaderModule, type WorkerLoaderLike } from "./loader-module.ts";
import { createLoaderSession, type LoaderSession, type Request } from "./loader-session.ts";

/** How a guard is loaded into a dynamic Worker. */
export interface LoaderGuardOptions extends Omit<LoadGuardOptions, "warmStart" | "onCacheEvent"> {
  /** The Worker Loader binding: `env.LOADER`. */
  readonly loader: WorkerLoaderLike;
  /**
   * The CPU time of one call in milliseconds, after which Cloudflare ends the dynamic Worker, with every instance in it. A local workerd
   * enforces none. Default: the Worker's own limit.
   */
  readonly cpuMs?: number;
}

/** A guard that runs in a dynamic Worker. */
export interface LoaderGuard extends Guard {
  /** `poisoned` after a trap: every later call rejects with PoisonedError, until {@link LoaderGuard.recover}. */
  readonly health: "ok" | "poisoned" | "closed";
  /** SHA-256 of the original bytes in lower-case hexadecimal. */
  readonly digest: string;
  /** Whether it counts what it burns, so that `limits.fuel` and deadlines end it while it computes. */
  readonly counts: boolean;
  /** Whether checkpoints, and with them replay, fork and recover, work without bounds; and why not. */
  readonly checkpoint: { readonly possible: boolean; readonly obstacle?: string };
  /** What the guard's instance uses, in bytes, as of its last call. */
  readonly memoryBytes: number;
  /** How often the instance was lost and replaced by a clean one that was told the last policy again. */
  readonly replaced: number;
  /** A second guard with a copy of this one's state. Rejects as {@link WasmGuard.fork} does. */
  fork(): Promise<LoaderGuard>;
  /** A clean instance of the same guard with the same options, which has not been told any policy. */
  fresh(): Promise<LoaderGuard>;
  /** Takes a poisoned guard back to the state before the failed call; to a clean instance with its policy when that was lost. */
  recover(): Promise<void>;
}

/**
 * Loads a guard from bytes that arrive at run time, which a Worker itself cannot compile: they become the module of a dynamic Worker
 * without network and without bindings. Label calls behave as those of `loadGuard`: faults keep their class and code, backends answer
 * through an RPC stub, by replay where the guard's state can be captured, by JSPI otherwise. The differences:
 *
 * - Every backend is an asynchronous one.
 * - Cloudflare may drop an idle dynamic Worker. The next call then finds a clean instance that was told the last policy again; what else
 *   the guard had kept is gone (`replaced`).
 * - Guards count what they burn unless `fuel` is false. `limits.fuel` ends one that computes too long; so does a deadline where clocks go on
 *   meanwhile, which on Cloudflare's network they do not: set `limits.fuel` or `cpuMs` there.
 * - A call that ended before its time, by a deadline or an abort, tells neither log nor events.
 * - Guards of the same bytes share a dynamic Worker, each in an instance of its own.
 *
 * ```ts
 * const guard = await loaderGuard(await bucket.get("guard.wasm"), { loader: env.LOADER, backend });
 * ```
 *
 * @param source bytes, or where they are; a compiled module cannot be handed on.
 * @param options with `cache`, bytes that `integrity` pins are kept there (`edgeCache()`).
 * @throws {ModuleError} when it cannot be a guard, or `load-failed` when its dynamic Worker does not start.
 * @throws {TrapError} | {ExitError} when the guard does not start.
 * @throws {AbortError} when the signal fires.
 * @throws {TypeError} | {RangeError} naming the option.
 */
export async function loaderGuard(source: GuardSource, options: LoaderGuardOptions): Promise<LoaderGuard> {
  const { loader, integrity, cache, cpuMs, limits, signal } = options ?? {};
  if (typeof loader?.get !== "function") {
    throw new TypeError(
      'Cannot host the guard: "loader" must be a Worker Loader binding; name one in the wrangler file ("worker_loaders")',
    );
  }
  if (cpuMs !== undefined && !(cpuMs > 0)) {
    throw new RangeError(`Cannot host the guard: "cpuMs" must be a positive number of milliseconds, got ${cpuMs}`);
  }
  if (limits?.timeoutMs !== undefined && !(limits.timeoutMs > 0)) {
    throw new RangeError(
      `Cannot load the guard: "limits.timeoutMs" must be a positive number of milliseconds, got ${limits.timeoutMs}`,
    );
  }
  const phase = "load";
  let name = options.name;
  try {
    const memoryPages = limits?.memoryPages;
    const module = await loaderModule(source, {
      integrity,
      cache,
      cpuMs,
      memoryPages,
      fuel: options.fuel,
      signal,
      fetch: options.fetch,
      onProgress: options.onProgress,
    });
    name ??= module.name ?? "guard";
    options.onProgress?.({ phase: "instantiate", loaded: 0, total: 1 });
    const session = createLoaderSession(loader, module, { ...options, name });
    await createDeadline(signal, undefined, { guard: name, phase }).race(session.start());
    options.onProgress?.({ phase: "instantiate", loaded: 1, total: 1 });
    return guardOf(module, session, { ...options, name });
  } catch (error) {
    throw isGuardError(error) ? locate(error, { guard: name ?? "guard", phase }) : error;
  }
}

function guardOf(
  module: LoaderModule,
  session: LoaderSession,
  options: LoaderGuardOptions & { readonly name: string },
): LoaderGuard {
  const { name } = options;
  const queue = createQueue();
  const inputBytes = inputLimit(options.limits?.inputBytes);
  let firstFault: GuardError | undefined;
  let health: LoaderGuard["health"] = "ok";
  let current: Deadline | undefined;

  const tell = (event: GuardEvent, more?: CallOptions["onEvent"]): void => {
    for (const listener of [options.onEvent, more]) {
      try {
        listener?.(event);
      } catch {
        // A listener's own fault is its own affair.
      }
    }
  };

  const changeHealth = (next: LoaderGuard["health"], cause?: GuardError): void => {
    if (health === "closed" || health === next) return;
    health = next;
    firstFault = cause;
    tell({ type: "health", guard: name, health: next, ...(cause === undefined ? {} : { cause }) });
  };

  const unusable = (phase: string): GuardError | undefined => {
    const context = { guard: name, phase };
    if (health === "closed") return new ClosedError(`Cannot call the guard: "${name}" is closed`, context);
    if (health !== "poisoned" || !phase.startsWith("label_")) return undefined;
    const first = firstFault?.message ?? "a fault";
    return new PoisonedError(
      `Cannot call the guard: "${name}" is poisoned by an earlier fault (${first}); recover it or load a fresh one`,
      { ...context, cause: firstFault },
    );
  };

  /** One request in its turn. What is left of it when its caller leaves is cleaned up before the next one. */
  const perform = async (request: Request, deadline: Deadline, backend?: Backend, hear?: CallOptions["onEvent"]) => {
    const refused = unusable(request.action);
    if (refused !== undefined) throw refused;
    deadline.check();
    const turn = queue.enter(deadline);
    if (turn !== undefined) await turn;
    let leaving: Promise<void> | undefined;
    try {
      const late = unusable(request.action);
      if (late !== undefined) throw late;
      deadline.check();
      current = deadline;
      const call = session.call(request, deadline, backend, (event) => tell(event, hear));
      try {
        const { value, fault, health: now } = await deadline.race(call.reply);
        if (fault !== undefined) locate(fault as GuardError, { guard: name, phase: request.action });
        if (now !== undefined) changeHealth(now, fault as GuardError | undefined);
        if (fault !== undefined) throw fault;
        return value;
      } finally {
        leaving = call.leave();
      }
    } finally {
      current = undefined;
      if (leaving === undefined) queue.leave();
      else leaving.then(queue.leave, queue.leave);
    }
  };

  const label = async <T>(
    action: "label_agent" | "label_resource" | "label_response",
    input: (limit: number) => string,
    callOptions: CallOptions,
  ): Promise<T> => {
    const context = { guard: name, phase: action };
    const refused = unusable(action);
    if (refused !== undefined) throw refused;
    try {
      const { signal, timeoutMs = options.limits?.timeoutMs, onEvent } = callOptions;
      const request: Request = { action, input: input(inputBytes), timeoutMs: callOptions.timeoutMs };
      const deadline = createDeadline(signal, timeoutMs, context);
      const backend = callOptions.backend ?? options.backend;
      return JSON.parse((await perform(request, deadline, backend, onEvent)) ?? "null") as T;
    } catch (error) {
      throw isGuardError(error) ? locate(error, context) : error;
    }
  };

  const alone = (request: Request): Promise<string | undefined> =>
    perform(request, createDeadline(undefined, undefined, { guard: name, phase: request.action }));

  return {
    name,
    digest: module.digest,
    counts: module.counts,
    get health() {
      return health;
    },
    get checkpoint() {
      return session.checkpoint;
    },
    get memoryBytes() {
      return session.memoryBytes;
    },
    get replaced() {
      return session.replaced;
    },
    labelAgent: (policy: unknown, callOptions: CallOptions = {}): Promise<AgentLabels> =>
      label("label_agent", (limit) => agentInput(policy, limit), callOptions),
    labelResource: (call: ToolCall, callOptions: CallOptions = {}): Promise<ResourceLabels> =>
      label("label_resource", (limit) => resourceInput(call, callOptions, limit), callOptions),
    labelResponse: (call: ToolCall, result: unknown, callOptions: CallOptions = {}): Promise<ResponseLabels | null> =>
      label("label_response", (limit) => responseInput(call, result, callOptions, limit), callOptions),
    async fork(): Promise<LoaderGuard> {
      const fork = crypto.randomUUID();
      await alone({ action: "fork", fork });
      return guardOf(module, session.fork(fork), options);
    },
    async fresh(): Promise<LoaderGuard> {
      const own = session.fresh();
      await own.start();
      return guardOf(module, own, options);
    },
    async recover(): Promise<void> {
      if (health === "ok") return;
      await alone({ action: "recover" });
      changeHealth("ok");
    },
    async close(): Promise<void> {
      if (health === "closed") return;
      const reason = new ClosedError(`The guard "${name}" was closed`, { guard: name });
      queue.clear(reason);
      current?.end(reason);
      changeHealth("closed");
      await session.close();
    },
  };
}
