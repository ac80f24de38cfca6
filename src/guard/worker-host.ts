// Inside a worker: hosts one guard for the page or thread at the other end.

import type { Backend } from "../backend/backend.ts";
import { type MessagePortLike, messagePortBackend } from "../backend/message-port.ts";
import type { CallOptions, ToolCall } from "./guard.ts";
import { compileGuard } from "./module.ts";
import type { WasmGuard } from "./wasm-guard.ts";
import { eventToWire, toWire } from "./worker-faults.ts";
import type { CallMessage, FromWorker, StartMessage, ToWorker } from "./worker-messages.ts";

/** What a worker's end must offer: a worker's global scope, or a MessagePort. */
export interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  start?(): void;
}

/** Serves guards to the other end of `scope`. The entry points edge-guard/worker and edge-guard/node-worker are no more than a call of it. */
export function serveGuard(scope: WorkerScope): void {
  const aborts = new Map<number, AbortController>();
  let guard: WasmGuard | undefined;
  let backend: Backend | undefined;

  const send = (message: FromWorker): void => scope.postMessage(message);

  const start = async (message: StartMessage): Promise<void> => {
    try {
      backend = messagePortBackend(message.questions as unknown as MessagePortLike);
      const module = await compileGuard(message.module, { name: message.name, limits: message.limits });
      const { logLevel } = message;
      guard = await module.instantiate({
        name: message.name,
        limits: message.limits,
        suspension: message.suspension,
        speculate: message.speculate,
        ...(message.concurrency === undefined ? {} : { concurrency: message.concurrency }),
        ...(logLevel === undefined ? {} : { logLevel, log: (entry) => send({ type: "edge-guard.log", entry }) }),
        onEvent: (event) => send({ type: "edge-guard.event", event: eventToWire(event) }),
      });
      send({ type: "edge-guard.started" });
    } catch (error) {
      send({ type: "edge-guard.started", fault: toWire(error) });
    }
  };

  const perform = (own: WasmGuard, message: CallMessage, options: CallOptions): Promise<unknown> => {
    const [first, second] = message.parameters;
    switch (message.action) {
      case "label_agent":
        return own.labelAgent(first, options);
      case "label_resource":
        return own.labelResource(first as ToolCall, options);
      case "label_response":
        return own.labelResponse(first as ToolCall, second, options);
      case "recover":
        return own.recover();
      case "close":
        return own.close();
    }
  };

  const call = async (message: CallMessage): Promise<void> => {
    if (guard === undefined) return;
    const controller = new AbortController();
    aborts.set(message.id, controller);
    const options: CallOptions = {
      signal: controller.signal,
      ...(message.capabilities === undefined ? {} : { capabilities: message.capabilities }),
      ...(message.timeoutMs === undefined ? {} : { timeoutMs: message.timeoutMs }),
      ...(message.backend === undefined || backend === undefined
        ? {}
        : { backend: { name: backend.name, callTool: backend.callTool, speculate: message.backend.speculate } }),
    };
    const state = (): { health: WasmGuard["health"]; memoryBytes: number } => ({
      health: guard?.health ?? "closed",
      memoryBytes: guard?.memoryBytes ?? 0,
    });
    try {
      const value = await perform(guard, message, options);
      send({ type: "edge-guard.done", id: message.id, ...state(), value });
    } catch (error) {
      send({ type: "edge-guard.done", id: message.id, ...state(), fault: toWire(error) });
    } finally {
      aborts.delete(message.id);
    }
  };

  scope.addEventListener("message", ({ data }: MessageEvent) => {
    const message = data as ToWorker;
    if (message?.type === "edge-guard.start") void start(message);
    else if (message?.type === "edge-guard.call") void call(message);
    else if (message?.type === "edge-guard.abort") aborts.get(message.id)?.abort();
  });
  scope.start?.();
}
