// What a Worker offers the dynamic Worker that it has called, for as long as the call lasts: the backend, and word of its end.
import { asFault } from "../backend/asking.ts";
import type { Backend } from "../backend/backend.ts";
import type { Deadline } from "../guard/deadline.ts";
import { toWire } from "../guard/worker-faults.ts";
import type { LoaderAnswer, LoaderCaller } from "./loader-messages.ts";
import { pack } from "./loader-packing.ts";

export interface CallerSide {
  readonly caller: LoaderCaller;
  /** Nobody waits any more: aborts the questions, and lets the guest know. */
  end(reason: unknown): void;
}

export function callerSide(backend: Backend | undefined, deadline: Deadline): CallerSide {
  const asking = new Map<number, AbortController>();
  let finish: (() => void) | undefined;
  const over = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const ask = async (id: number, tool: string, args: string): Promise<LoaderAnswer> => {
    if (backend === undefined) return {};
    const controller = new AbortController();
    asking.set(id, controller);
    try {
      const found = await backend.callTool(tool, JSON.parse(args), { signal: controller.signal });
      const text = JSON.stringify(found) as string | undefined;
      return text === undefined ? {} : { result: pack(text) };
    } catch (error) {
      return { fault: toWire(asFault(backend.name, tool, error)) };
    } finally {
      asking.delete(id);
    }
  };

  return {
    caller: {
      ask,
      cancel: (id) => asking.get(id)?.abort(),
      // One more message per call: only where the call can end before its time.
      ...(deadline.bounded ? { over: () => over } : {}),
    },
    end(reason): void {
      finish?.();
      for (const controller of asking.values()) controller.abort(reason);
    },
  };
}
