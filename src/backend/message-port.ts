// A backend at the other end of a MessagePort: a guard in a worker asks, the page or the main thread answers.
import { BackendError, TimeoutError } from "../errors.ts";
import { asFault, askingBackend } from "./asking.ts";
import type { Backend } from "./backend.ts";
import type { ToClient, ToServer } from "./port-messages.ts";

/** What both ends need of a port: a MessagePort has it in every runtime, a browser's Worker and a worker's global scope too. */
export interface MessagePortLike {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: (event: never) => void): void;
  removeEventListener(type: string, listener: (event: never) => void): void;
  start?(): void;
  close?(): void;
  /** Node and Bun: whether the port keeps the process alive. */
  ref?(): void;
  unref?(): void;
}

export interface MessagePortBackendOptions {
  /** For events and error messages. @default "message port" */
  readonly name?: string;
  /** False when asking in vain hurts. @default true */
  readonly speculate?: boolean;
}

/** Hears a port's messages that are objects, and its end. Gives back the function that stops hearing. */
function hear(
  port: MessagePortLike,
  onMessage: (message: Record<string, unknown>) => void,
  onEnd: () => void,
): () => void {
  const listen = ({ data }: { readonly data: unknown }): void => {
    if (typeof data === "object" && data !== null) onMessage(data as Record<string, unknown>);
  };
  const listeners = [
    ["message", listen],
    ["messageerror", onEnd],
    ["close", onEnd],
  ] as const;
  for (const [type, listener] of listeners) port.addEventListener(type, listener);
  port.start?.();
  port.unref?.();
  return () => {
    for (const [type, listener] of listeners) port.removeEventListener(type, listener);
  };
}

/** Ports in some runtimes throw when they are closed already. */
function post(port: MessagePortLike, message: ToServer | ToClient): void {
  try {
    port.postMessage(message);
  } catch {
    // The other end is gone.
  }
}

/**
 * Asks the backend that {@link serveBackend} serves at the other end of the port. Needs no SharedArrayBuffer. An abort
 * crosses as a message. When the other end leaves, all waiting questions fail, and all later ones.
 * `close` closes the port. A waiting question keeps a Node process alive, an idle port does not.
 */
export function messagePortBackend(port: MessagePortLike, options: MessagePortBackendOptions = {}): Backend {
  const { name = "message port", speculate } = options;
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let ended = false;

  const take = (id: unknown): ReturnType<typeof waiting.get> => {
    const question = waiting.get(id as number);
    if (waiting.delete(id as number) && waiting.size === 0) port.unref?.();
    return question;
  };

  const end = (): void => {
    ended = true;
    deaf();
    void backend.close();
  };

  const onMessage = (message: Record<string, unknown>): void => {
    if (message["type"] === "edge-guard.leave") {
      end();
    } else if (message["type"] === "edge-guard.answer") {
      take(message["id"])?.resolve(message["result"]);
    } else if (message["type"] === "edge-guard.fault") {
      const error = message["error"] as { name?: unknown; message?: unknown; transient?: unknown } | null | undefined;
      const text = String(error?.message ?? "no reason given").slice(0, 1000);
      const context = { phase: "call_backend", transient: error?.transient === true };
      take(message["id"])?.reject(
        error?.name === "TimeoutError" ? new TimeoutError(text, context) : new BackendError(text, context),
      );
    }
  };

  const deaf = hear(port, onMessage, end);

  const backend = askingBackend(
    { name, speculate },
    (tool, args, { signal }) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        port.postMessage({ type: "edge-guard.ask", id, tool, args } satisfies ToServer);
        if (waiting.size === 0) port.ref?.();
        waiting.set(id, { resolve, reject });
        signal.addEventListener("abort", () => {
          if (take(id) && !ended) post(port, { type: "edge-guard.cancel", id });
        });
      }),
    () => {
      if (ended) return;
      ended = true;
      deaf();
      post(port, { type: "edge-guard.leave" });
      port.close?.();
    },
  );
  return backend;
}

/** A backend at the service of a port's other end. */
export interface BackendServer {
  /** Aborts the questions in progress and leaves the port; neither the port nor the backend is closed. */
  close(): void;
}

/**
 * Answers the questions of the {@link messagePortBackend} at the other end of the port. Messages that are not questions
 * are ignored. Faults cross as name, message and whether they are transient. Does not keep a Node process alive by itself:
 * call the port's `ref()` after it where that is wanted.
 */
export function serveBackend(port: MessagePortLike, backend: Backend): BackendServer {
  const running = new Map<number, AbortController>();

  const answer = async (id: number, tool: string, args: unknown): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    let message: ToClient;
    try {
      message = {
        type: "edge-guard.answer",
        id,
        result: await backend.callTool(tool, args, { signal: controller.signal }),
      };
      if (running.get(id) === controller) port.postMessage(message);
    } catch (error) {
      const fault = asFault(backend.name, tool, error) as Error & {
        readonly code?: string;
        readonly transient?: boolean;
      };
      // Not the error's own name: a minifier changes it.
      const name = fault.code === "timeout" ? "TimeoutError" : "BackendError";
      const { message: text, transient = false } = fault;
      message = { type: "edge-guard.fault", id, error: { name, message: text, transient } };
      if (running.get(id) === controller) post(port, message);
    }
    if (running.get(id) === controller) running.delete(id);
  };

  const leave = (): void => {
    deaf();
    for (const controller of running.values()) controller.abort();
    running.clear();
  };

  const deaf = hear(
    port,
    ({ type, id, tool, args }) => {
      if (type === "edge-guard.leave") return leave();
      if (typeof id !== "number") return;
      if (type === "edge-guard.cancel") {
        running.get(id)?.abort();
        running.delete(id);
      } else if (type === "edge-guard.ask" && typeof tool === "string" && !running.has(id)) {
        void answer(id, tool, args);
      }
    },
    leave,
  );

  return {
    close() {
      leave();
      post(port, { type: "edge-guard.leave" });
    },
  };
}
