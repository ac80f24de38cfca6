// One instance in a dynamic Worker, as its caller sees it: started when it is needed, and again when it has been lost.
import type { Backend } from "../backend/backend.ts";
import { ModuleError, TimeoutError } from "../errors.ts";
import { createDeadline, type Deadline } from "../guard/deadline.ts";
import type { GuardEvent } from "../guard/events.ts";
import type { LoadGuardOptions } from "../guard/load.ts";
import { eventFromWire, fromWire } from "../guard/worker-faults.ts";
import type { WireEvent } from "../guard/worker-messages.ts";
import { callerSide } from "./loader-calls.ts";
import type { LoaderCaller, LoaderEntrypoint, LoaderReply, LoaderRequest, LoaderSettings } from "./loader-messages.ts";
import type { LoaderModule, WorkerLoaderLike } from "./loader-module.ts";
import { pack, unpack } from "./loader-packing.ts";

/** What is asked of an instance. */
export interface Request {
  readonly action: Exclude<LoaderRequest["action"], "start" | "close">;
  readonly input?: string;
  readonly fork?: string;
  readonly timeoutMs?: number | undefined;
}

export interface Outcome {
  readonly value?: string;
  readonly fault?: Error;
  readonly health?: "ok" | "poisoned" | "closed";
}

export interface LoaderSession {
  readonly checkpoint: { readonly possible: boolean; readonly obstacle?: string };
  readonly memoryBytes: number;
  readonly replaced: number;
  /** Starts the instance. Rejects with what keeps it from starting. */
  start(): Promise<void>;
  /** Sends a request; one at a time. */
  call(
    request: Request,
    deadline: Deadline,
    backend: Backend | undefined,
    hear: (event: GuardEvent) => void,
  ): {
    readonly reply: Promise<Outcome>;
    /** To be called when nobody waits for the reply any more; resolves when the next request may be sent. `undefined`: at once. */
    leave(): Promise<void> | undefined;
  };
  /** The session of an instance that was forked off this one. */
  fork(id: string): LoaderSession;
  /** Another session with the same options. */
  fresh(): LoaderSession;
  close(): Promise<void>;
}

interface Instance {
  readonly id: string;
  /** How many requests it has had. */
  sequence: number;
  /** Whether it knows the session's policy. */
  told: boolean;
}

type Options = LoadGuardOptions & { readonly name: string };

/** How long a guest may take to notice that its caller has left before it is given up, in milliseconds. */
const graceMs = 1000;
/** So often one request meets an instance that has just been lost before the loader is blamed. */
const attempts = 3;

const newInstance = (id: string = crypto.randomUUID()): Instance => ({ id, sequence: 0, told: false });

function settingsOf(options: Options): LoaderSettings {
  const { name, limits = {}, suspension = "auto", speculate, concurrency, log, logLevel, backend } = options;
  return {
    name,
    limits,
    suspension,
    speculate: speculate !== false,
    asks: backend !== undefined,
    ...(concurrency === undefined ? {} : { concurrency }),
    logs: log !== undefined,
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}

function hostFault(name: string, phase: string, cause: unknown): ModuleError | TimeoutError {
  const text = (cause instanceof Error ? cause.message : String(cause)).slice(0, 300);
  const context = { guard: name, phase, cause };
  return /exceeded CPU|CPU time limit/i.test(text)
    ? new TimeoutError(`The guard was ended by Cloudflare: ${text}`, context)
    : new ModuleError("load-failed", `Cannot host the guard: its dynamic Worker failed (${text})`, context);
}

export function createLoaderSession(
  loader: WorkerLoaderLike,
  module: LoaderModule,
  options: Options,
  forked?: { readonly instance: Instance; readonly policy: string | undefined; readonly like: LoaderSession },
): LoaderSession {
  const { name } = options;
  const settings = settingsOf(options);
  let instance = forked?.instance;
  /** The input of the last label_agent that succeeded. */
  let policy = forked?.policy;
  let checkpoint = forked?.like.checkpoint ?? module.report.checkpoint;
  let memoryBytes = forked?.like.memoryBytes ?? 0;
  let replaced = 0;

  const hearLog = (reply: LoaderReply): void => {
    for (const entry of reply.log ?? []) {
      try {
        options.log?.(entry);
      } catch {
        // A listener's own fault is its own affair.
      }
    }
  };

  const send = async (
    to: Instance,
    request: Omit<LoaderRequest, "session" | "sequence">,
    caller?: LoaderCaller,
  ): Promise<LoaderReply> => {
    let reply: LoaderReply;
    try {
      // Anew every time: a stub belongs to the request in which it was made.
      const stub = loader.get(module.id, async () => module.code()).getEntrypoint() as LoaderEntrypoint;
      const whole = { ...request, session: to.id, sequence: to.sequence };
      reply = await (caller === undefined ? stub.perform(whole) : stub.perform(whole, caller));
    } catch (cause) {
      // Whatever it is, nobody knows the state of the instance now.
      lose(to);
      throw hostFault(name, request.action === "start" ? "load" : request.action, cause);
    }
    to.sequence++;
    if (reply.lost === true) lose(to);
    else {
      memoryBytes = reply.memoryBytes ?? memoryBytes;
      checkpoint = reply.checkpoint ?? checkpoint;
    }
    return reply;
  };

  const lose = (which: Instance): void => {
    if (instance !== which) return;
    instance = undefined;
    replaced++;
  };

  const begin = async (): Promise<Instance> => {
    const own = newInstance();
    instance = own;
    let reply: LoaderReply;
    try {
      reply = await send(own, { action: "start", settings });
    } catch (error) {
      // What has never run was not replaced.
      replaced--;
      throw error;
    }
    hearLog(reply);
    if (reply.fault === undefined) return own;
    instance = undefined;
    throw fromWire(reply.fault);
  };

  /** Sends the request to an instance that knows the policy; `left` says that nobody waits any more. */
  const deliver = async (
    request: Omit<LoaderRequest, "session" | "sequence">,
    caller: LoaderCaller,
    left: () => boolean,
  ): Promise<LoaderReply> => {
    for (let attempt = 0; attempt < attempts && !left(); attempt++) {
      const to = instance ?? (await begin());
      if (!to.told && policy !== undefined && request.action !== "label_agent") {
        const { lost, fault } = await send(to, { ...request, action: "label_agent", input: pack(policy) }, caller);
        if (lost === true) continue;
        if (fault !== undefined) {
          // An instance that refuses its policy must not label anything.
          lose(to);
          throw fromWire(fault);
        }
        to.told = true;
        if (left()) break;
      }
      const reply = await send(to, request, caller);
      if (reply.lost !== true) {
        if (request.action === "label_agent" && reply.fault === undefined) to.told = true;
        return reply;
      }
    }
    throw hostFault(name, request.action, "it is replaced again and again");
  };

  const session: LoaderSession = {
    get checkpoint() {
      return checkpoint;
    },
    get memoryBytes() {
      return memoryBytes;
    },
    get replaced() {
      return replaced;
    },
    async start(): Promise<void> {
      await begin();
    },
    call(request, deadline, backend, hear) {
      const side = callerSide(backend, deadline);
      const { input, timeoutMs, ...rest } = request;
      let left = false;
      let settled = false;
      const whole = {
        ...rest,
        hears: true,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(input === undefined ? {} : { input: pack(input) }),
        ...(backend === undefined
          ? {}
          : { backend: { name: backend.name, speculate: options.speculate !== false && backend.speculate !== false } }),
      };
      const receive = async (): Promise<Outcome> => {
        try {
          const reply = await deliver(whole, side.caller, () => left);
          // What a call told that its caller has left would be taken for the next one's.
          if (!left) {
            hearLog(reply);
            const events = JSON.parse(unpack(reply.events ?? "[]")) as WireEvent[];
            // Health is told by who keeps it.
            for (const event of events) if (event.type !== "health") hear(eventFromWire(event));
          }
          if (request.action === "label_agent" && reply.fault === undefined) policy = input;
          return {
            ...(reply.value === undefined ? {} : { value: unpack(reply.value) }),
            ...(reply.fault === undefined ? {} : { fault: fromWire(reply.fault) }),
            ...(reply.health === undefined ? {} : { health: reply.health }),
          };
        } finally {
          settled = true;
        }
      };
      const reply = receive();
      reply.catch(() => {});
      return {
        reply,
        leave(): Promise<void> | undefined {
          left = true;
          side.end(new Error("Nobody waits any more"));
          if (settled) return undefined;
          const grace = createDeadline(undefined, graceMs, {}).race(reply);
          return grace.then(
            () => {},
            () => {
              if (!settled && instance !== undefined) lose(instance);
            },
          );
        },
      };
    },
    fork(id): LoaderSession {
      const own = { id, sequence: 1, told: instance?.told ?? false };
      return createLoaderSession(loader, module, options, { instance: own, policy, like: session });
    },
    fresh: () => createLoaderSession(loader, module, options),
    async close(): Promise<void> {
      const own = instance;
      instance = undefined;
      if (own === undefined) return;
      try {
        await send(own, { action: "close" });
      } catch {
        // It has gone already, and its memory with it.
      }
    },
  };
  return session;
}
