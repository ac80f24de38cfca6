// Inside a dynamic Worker: holds the instances of the one guard that it was loaded for, and does what its caller asks over RPC.
import { asFault, askingBackend } from "../backend/asking.ts";
import type { Backend } from "../backend/backend.ts";
import type { LogEntry } from "../guard/events.ts";
import type { CallOptions } from "../guard/guard.ts";
import { compileGuard, type GuardModule } from "../guard/module.ts";
import type { WasmGuard } from "../guard/wasm-guard.ts";
import { eventToWire, fromWire, toWire } from "../guard/worker-faults.ts";
import type { WireEvent } from "../guard/worker-messages.ts";
import type { LoaderCaller, LoaderEntrypoint, LoaderReply, LoaderRequest, LoaderSettings } from "./loader-messages.ts";
import { pack, unpack } from "./loader-packing.ts";

interface Hosted {
  readonly guard: WasmGuard;
  readonly asker: Asker;
  readonly told: Told;
  readonly asks: boolean;
  sequence: number;
  busy: boolean;
}

/** What the caller is to hear, with the reply: nothing can be sent when no request is there to answer. */
interface Told {
  log: LogEntry[];
  events: WireEvent[];
}

/** The backend of an instance: whoever made the present call. */
interface Asker {
  caller: LoaderCaller | undefined;
}

/** Beyond this the least recently used instances are dropped; a Worker has 128 MB. */
const memoryBudget = 64 * 1024 * 1024;

function backendOf(asker: Asker, name: string, speculate: boolean): Backend {
  let lastId = 0;
  return askingBackend({ name, speculate }, async (tool, args, { signal }) => {
    const { caller } = asker;
    if (caller === undefined) throw asFault(name, tool, new Error("Nobody is calling"));
    const id = ++lastId;
    signal.addEventListener("abort", () => void Promise.resolve(caller.cancel(id)).catch(() => {}));
    const { result, fault } = await caller.ask(id, tool, JSON.stringify(args ?? null));
    if (fault !== undefined) throw fromWire(fault);
    return result === undefined ? undefined : JSON.parse(unpack(result));
  });
}

interface Input {
  readonly tool_name: string;
  readonly tool_args: unknown;
  readonly tool_result?: unknown;
  readonly capabilities?: readonly string[];
}

async function label(guard: WasmGuard, { action, input = "" }: LoaderRequest, options: CallOptions): Promise<unknown> {
  const read: unknown = JSON.parse(unpack(input));
  if (action === "label_agent") return guard.labelAgent(read, options);
  const { tool_name: tool, tool_args: args, tool_result: result, capabilities } = read as Input;
  const all = capabilities === undefined ? options : { ...options, capabilities };
  return action === "label_resource"
    ? guard.labelResource({ tool, args }, all)
    : guard.labelResponse({ tool, args }, result, all);
}

/** Serves instances of `compiled`, by session. */
export function hostGuard(compiled: WebAssembly.Module): LoaderEntrypoint {
  const sessions = new Map<string, Hosted>();
  let module: Promise<GuardModule> | undefined;

  const evict = (newest: string): void => {
    let used = 0;
    for (const { guard } of sessions.values()) used += guard.memoryBytes;
    for (const [session, { guard, busy }] of sessions) {
      if (used <= memoryBudget) return;
      if (busy || session === newest) continue;
      used -= guard.memoryBytes;
      sessions.delete(session);
      void guard.close();
    }
  };

  const listeners = (told: Told) => ({
    log: (entry: LogEntry): void => void told.log.push(entry),
    onEvent: (event: Parameters<typeof eventToWire>[0]): void => void told.events.push(eventToWire(event)),
  });

  const start = async (settings: LoaderSettings, told: Told): Promise<Hosted> => {
    const { name, limits, suspension, speculate, concurrency, logs, logLevel, asks } = settings;
    module ??= compileGuard(compiled, { name, limits });
    const asker: Asker = { caller: undefined };
    const { log, onEvent } = listeners(told);
    const guard = await (await module).instantiate({
      name,
      limits,
      suspension,
      speculate,
      onEvent,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(logs ? { log } : {}),
      ...(logLevel === undefined ? {} : { logLevel }),
      ...(asks ? { backend: backendOf(asker, "caller", speculate) } : {}),
    });
    return { guard, asker, told, asks, sequence: 0, busy: true };
  };

  const perform = async (hosted: Hosted, request: LoaderRequest, caller?: LoaderCaller): Promise<unknown> => {
    const { guard, asker } = hosted;
    if (request.action === "recover") return guard.recover();
    if (request.action === "close") return guard.close();
    if (request.action === "fork") {
      const own: Asker = { caller: undefined };
      const told: Told = { log: [], events: [] };
      const { asks } = hosted;
      const backend = asks ? { backend: backendOf(own, "caller", true) } : {};
      const fork = await guard.fork({ ...listeners(told), ...backend });
      sessions.set(request.fork ?? "", { guard: fork, asker: own, told, asks, sequence: 1, busy: false });
      return;
    }
    const controller = new AbortController();
    asker.caller = caller;
    caller?.over?.().then(
      () => controller.abort(),
      () => controller.abort(),
    );
    const { backend, timeoutMs } = request;
    return label(guard, request, {
      ...(caller?.over === undefined ? {} : { signal: controller.signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(backend === undefined ? {} : { backend: backendOf(asker, backend.name, backend.speculate) }),
    });
  };

  return {
    async perform(request, caller): Promise<LoaderReply> {
      const { session, sequence, action, settings } = request;
      const told: Told = { log: [], events: [] };
      let hosted = sessions.get(session);
      let reply: LoaderReply = {};
      try {
        if (action === "start" && settings !== undefined) {
          hosted = await start(settings, told);
        } else if (hosted === undefined || hosted.busy || hosted.sequence !== sequence) {
          // A call that its caller left may never end here: what it has done to the state is unknown.
          sessions.delete(session);
          void hosted?.guard.close();
          return { lost: true };
        } else {
          hosted.busy = true;
          const value = await perform(hosted, request, caller);
          if (value !== undefined) reply = { value: pack(JSON.stringify(value)) };
        }
      } catch (error) {
        reply = { fault: toWire(error) };
      }
      // An instance that could not be started.
      if (hosted === undefined) return { ...reply, log: told.log };
      const { guard } = hosted;
      const log = hosted.told.log.splice(0);
      const events = hosted.told.events.splice(0);
      hosted.asker.caller = undefined;
      hosted.sequence = sequence + 1;
      hosted.busy = false;
      sessions.delete(session);
      if (action !== "close") sessions.set(session, hosted);
      evict(session);
      const { health, memoryBytes, module: own } = guard;
      const heard = request.hears === true && events.length > 0 ? { events: pack(JSON.stringify(events)) } : {};
      return { ...reply, ...heard, log, health, memoryBytes, checkpoint: own.checkpoint };
    },
  };
}
