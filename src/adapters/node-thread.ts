// A Node thread with a web Worker's face, for workerGuard.
import { Worker } from "node:worker_threads";
import type { WorkerLike } from "../guard/worker-guard.ts";

/**
 * Starts a thread that hosts a guard: `workerGuard(source, { createWorker: nodeWorker })`. Ends with the guard's `close`.
 * Works in Node, Deno and Bun; a thread that computes without end keeps the process of the latter two alive.
 */
export function nodeWorker(): WorkerLike {
  // By the package's own name: a bundled chunk may lie anywhere.
  const thread = new Worker(new URL(import.meta.resolve("edge-guard/node-worker")));
  return {
    postMessage: (message, transfer) => thread.postMessage(message, transfer as never),
    terminate: () => thread.terminate(),
    addEventListener(type, listener): void {
      const hear = listener as (event: unknown) => void;
      if (type === "message") thread.on("message", (data: unknown) => hear({ data }));
      else if (type === "messageerror") thread.on("messageerror", () => hear({}));
      else thread.on("error", (error: Error) => hear({ message: error.message }));
    },
  };
}
