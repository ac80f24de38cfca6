// The page's end of the preview worker: newest input wins, and a worker that stays busy past the deadline is stopped and replaced.
import { PreviewError, toErrorViews } from "./errors.ts";
import type {
  Exchange,
  FromWorker,
  GuardEntry,
  GuardOnWire,
  PreviewGuardSource,
  Progress,
  Request,
  RequestOnWire,
  ToWorker,
} from "./protocol.ts";
import { tooBusy } from "./runaway.ts";

export interface PreviewClientOptions {
  /** How long the worker may be busy without a break, in milliseconds; waiting for a backend is no work. Default: 5000. */
  readonly deadlineMs?: number;
  /** How long a whole evaluation may take, in milliseconds, waiting included. Default: 60000. */
  readonly totalMs?: number;
  /** The worker's script. Default: `preview-worker.js` beside this module. */
  readonly workerUrl?: string | URL;
}

export interface AskOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends what is asked; the answer is then an AbortError. Not for `run`, which a newer one ends. */
  readonly signal?: AbortSignal | undefined;
}

export interface PreviewClient {
  /** Asks the worker. A newer `run` rejects the one before it with an AbortError; other faults are {@link PreviewError}s. */
  ask<Type extends keyof Exchange>(
    request: Exchange[Type][0] & { readonly type: Type },
    options?: AskOptions,
  ): Promise<Exchange[Type][1]>;
  close(): void;
}

interface Pending {
  readonly request: Request;
  readonly started: number;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  resolve(value: never): void;
  reject(reason: unknown): void;
}
type Settle = Pick<Pending, "resolve" | "reject" | "onProgress">;

interface Connection {
  post(message: ToWorker): void;
  end(): void;
  /** The sources that it has, by number. */
  readonly sent: Set<number>;
  /** The calls of the last scenario that it got. */
  calls?: unknown;
  /** Whether it ever said anything. */
  spoke: boolean;
}

const pingMs = 100;
/** A tick counts for no more than this: a page that slept or was throttled must not take that for a busy worker. */
const longestTickMs = 1000;
/** Guards end by themselves at the deadline; a worker that is still busy after so much more is ended. */
const patienceMs = 2000;
/** A superseded evaluation that blocks the worker is not waited for longer than this. */
const graceMs = 300;

/** Addresses are resolved here: a worker's own base is its script. */
function portable(source: PreviewGuardSource): PreviewGuardSource {
  return typeof source === "string" || source instanceof URL ? new URL(source, document.baseURI).href : source;
}

export function createPreviewClient(options: PreviewClientOptions = {}): PreviewClient {
  const { deadlineMs = 5000, totalMs = 60_000 } = options;
  const pending = new Map<number, Pending>();
  let connection: Connection | undefined;
  let workersWork = typeof Worker === "function";
  const keys = new WeakMap<object, number>();
  const urlKeys = new Map<string, number>();
  let lastKey = 0;
  let lastId = 0;
  let superseded = false;
  let silent = 0;
  let lastTick = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  function receive(message: FromWorker): void {
    silent = 0;
    superseded = false;
    if (connection) connection.spoke = true;
    if (message.type === "alive") return;
    const asked = pending.get(message.id);
    if (asked === undefined) return;
    if (message.type === "progress") {
      asked.onProgress?.(message.progress);
      return;
    }
    pending.delete(message.id);
    if (message.type === "answer") asked.resolve(message.value as never);
    else asked.reject(new PreviewError(message.errors));
  }

  function inWorker(): Connection {
    const worker = new Worker(options.workerUrl ?? new URL("./preview-worker.js", import.meta.url), { type: "module" });
    const made: Connection = {
      sent: new Set(),
      spoke: false,
      post: (message) => worker.postMessage(message),
      end: () => worker.terminate(),
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (connection === made) receive(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (connection !== made) return;
      // A worker that never spoke could not be started here at all: evaluate in the page instead.
      if (!made.spoke) workersWork = false;
      replace();
    };
    return made;
  }

  function inPage(): Connection {
    console.warn(
      "policy-preview: no worker could be started, so guards run in the page, which stands still while they compute",
    );
    const runner = import("./runner.ts").then(({ createRunner }) => createRunner());
    const underWay = new Map<number, AbortController>();
    return {
      sent: new Set(),
      spoke: true,
      post(message) {
        if (message.type === "cancel") underWay.get(message.id)?.abort();
        if (message.type !== "ask") return;
        const { id, request } = message;
        const { signal } = underWay.set(id, new AbortController()).get(id)!;
        const tell = (progress: Progress) => receive({ type: "progress", id, progress });
        runner
          .then(({ handle }) => handle(request, { tell, signal }))
          .finally(() => underWay.delete(id))
          .then(
            (value) => receive({ type: "answer", id, value }),
            (thrown: unknown) => receive({ type: "failure", id, errors: toErrorViews(thrown) }),
          );
      },
      end() {},
    };
  }

  function connect(): Connection {
    if (connection) return connection;
    silent = 0;
    if (workersWork) {
      try {
        connection = inWorker();
      } catch {
        workersWork = false;
      }
    }
    connection ??= inPage();
    return connection;
  }

  /** Starts over with a fresh worker. What it knew is lost: evaluations and inspections are asked again, parts of a report cannot be. */
  function replace(): void {
    connection?.end();
    connection = undefined;
    superseded = false;
    const asked = [...pending];
    pending.clear();
    for (const [id, { request, ...settle }] of asked) {
      if (request.type === "run" || request.type === "inspect") post(id, request, settle);
      else settle.reject(lost());
    }
  }

  function cancelled(): DOMException {
    return new DOMException("Nobody waits for this any more", "AbortError");
  }

  function lost(): PreviewError {
    const message = "Reading a part of the report: the worker that held it was stopped, evaluate again";
    return new PreviewError([{ name: "AbortError", code: "aborted", message }]);
  }

  function post(id: number, request: Request, { resolve, reject, onProgress }: Settle): void {
    const target = connect();
    pending.set(id, { request, started: performance.now(), resolve, reject, onProgress });
    try {
      target.post({ type: "ask", id, request: onWire(request, target) });
    } catch (error) {
      pending.delete(id);
      reject(new PreviewError(toErrorViews(error)));
    }
    if (timer !== undefined) return;
    lastTick = performance.now();
    timer = setInterval(watch, pingMs);
  }

  function keyOf(source: PreviewGuardSource): number {
    const text = typeof source === "string" || source instanceof URL ? String(source) : undefined;
    const known = text === undefined ? keys.get(source as object) : urlKeys.get(text);
    if (known !== undefined) return known;
    lastKey++;
    if (text === undefined) keys.set(source as object, lastKey);
    else urlKeys.set(text, lastKey);
    return lastKey;
  }

  function onWire(request: Request, target: Connection): RequestOnWire {
    if (request.type === "inspect") return { ...request, source: portable(request.source) };
    if (request.type !== "run") return request;
    const guards = request.guards.map(({ name, source }: GuardEntry): GuardOnWire => {
      const key = keyOf(source);
      if (target.sent.has(key)) return { name, key };
      target.sent.add(key);
      return { name, key, source: portable(source) };
    });
    const calls = (request.scenario as { calls?: unknown } | null)?.calls;
    const sameCalls = Array.isArray(calls) && calls === target.calls;
    target.calls = calls;
    const scenario = sameCalls ? { ...(request.scenario as object), calls: [] } : request.scenario;
    return { ...request, scenario, guards, sameCalls, deadlineMs };
  }

  function watch(): void {
    if (pending.size === 0) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    const now = performance.now();
    if (connection?.spoke && workersWork) silent += Math.min(now - lastTick, longestTickMs);
    lastTick = now;
    const tooLong = [...pending.values()].some(
      ({ request, started }) => request.type === "run" && now - started > totalMs,
    );
    if (superseded && silent > graceMs) replace();
    else if (silent > deadlineMs + patienceMs) expire(tooBusy(deadlineMs, "its worker"));
    else if (tooLong) expire(tookLong());
    else connection?.post({ type: "ping" });
  }

  function tookLong(): PreviewError {
    const message = `Evaluating the scenario: it took longer than ${totalMs / 1000} s, so its worker was stopped; mend the guard or choose another one`;
    return new PreviewError([{ name: "TimeoutError", code: "timeout", message }]);
  }

  function expire(error: PreviewError): void {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
    replace();
  }

  return {
    ask(request, { onProgress, signal } = {}) {
      if (request.type === "run") {
        for (const [id, asked] of pending) {
          if (asked.request.type !== "run") continue;
          pending.delete(id);
          superseded = true;
          asked.reject(new DOMException("A newer evaluation took over", "AbortError"));
        }
      }
      if (signal?.aborted) return Promise.reject(cancelled());
      const id = ++lastId;
      const cancel = () => {
        connection?.post({ type: "cancel", id });
        pending.get(id)?.reject(cancelled());
        pending.delete(id);
      };
      signal?.addEventListener("abort", cancel, { once: true });
      const asked = new Promise<never>((resolve, reject) => post(id, request, { resolve, reject, onProgress }));
      return signal === undefined ? asked : asked.finally(() => signal.removeEventListener("abort", cancel));
    },
    close() {
      pending.clear();
      clearInterval(timer);
      timer = undefined;
      connection?.end();
      connection = undefined;
    },
  };
}
