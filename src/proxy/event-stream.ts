// An event stream towards a client: frames, signs of life, and what happens when the client leaves.

export interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Sends a message. */
  send(message: string): void;
  /** Sends a message unless the client is slow to read. */
  offer(message: string): void;
  close(): void;
}

const WAITING_FRAMES = 256;

/** `onLeave` hears that the client went away before the end. */
export function eventStream(keepAliveMs: number, onLeave: () => void): EventStream {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let open = true;
  const write = (frame: string): void => {
    if (open) controller.enqueue(encoder.encode(frame));
  };
  const end = (): void => {
    open = false;
    clearInterval(timer);
  };
  const isRead = (): boolean => open && (controller.desiredSize ?? 0) > 0;
  const timer = setInterval(() => {
    if (isRead()) write(": alive\n\n");
  }, keepAliveMs);
  const body = new ReadableStream<Uint8Array>(
    {
      start(own) {
        controller = own;
      },
      cancel() {
        if (!open) return;
        end();
        onLeave();
      },
    },
    { highWaterMark: WAITING_FRAMES },
  );
  const send = (message: string): void => write(`event: message\ndata: ${message}\n\n`);
  return {
    body,
    send,
    offer(message) {
      if (isRead()) send(message);
    },
    close() {
      if (!open) return;
      end();
      controller.close();
    },
  };
}

export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};
