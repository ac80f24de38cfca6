// The body of a message that Node's HTTP client or server received: at once, or as a stream that costs nothing until somebody reads it.
import type { IncomingMessage } from "node:http";

const closed = (incoming: IncomingMessage): Error => incoming.errored ?? new Error("The connection was closed");

/** A body that is being read. */
export interface Reading {
  /** All that came; `undefined` as soon as it is more than was asked for. */
  readonly bytes: Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Nobody waits any more: what still comes is let by. */
  stop(): void;
}

/** Reads all that comes, `most` bytes at most; `onExcess` decides about what is beyond them, which is let by otherwise. */
export function readAtOnce(incoming: IncomingMessage, most: number, onExcess: () => void = () => {}): Reading {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  /** How much may still come; below zero once nobody waits. */
  let room = most;
  const stop = (): void => {
    room = -1;
    parts.length = 0;
  };
  const bytes = new Promise<Uint8Array<ArrayBuffer> | undefined>((resolve, reject) => {
    // Whoever has left already is not heard of again.
    if (incoming.destroyed && !incoming.readableEnded) return reject(closed(incoming));
    incoming.on("data", (part: Uint8Array<ArrayBuffer>) => {
      if (room < 0) return;
      room -= part.length;
      if (room >= 0) return void parts.push(part);
      stop();
      resolve(undefined);
      onExcess();
    });
    incoming.on("end", () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts)));
    incoming.on("error", reject);
    incoming.on("close", () => {
      if (!incoming.readableEnded) reject(closed(incoming));
    });
  });
  return { bytes, stop };
}

/** A request's body, for one reader. */
export interface RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** See {@link readAtOnce}. Absent once the stream was read from, which a request's copy does too. */
  readBytes(most: number): Reading | undefined;
}

/** Nothing is read before somebody asks, and no more than is asked for. */
export function bodyOf(incoming: IncomingMessage): RequestBody {
  let reader: "bytes" | "stream" | undefined;
  let wake = (): void => {};
  const hear = (): void => wake();

  const begin = (): void => {
    if (reader === "bytes") throw new TypeError("The body was read already");
    if (reader === "stream") return;
    reader = "stream";
    for (const event of ["readable", "end", "error", "close"]) incoming.on(event, hear);
  };

  const next = async (): Promise<Uint8Array | undefined> => {
    begin();
    for (;;) {
      const part = incoming.read() as Uint8Array | null;
      if (part !== null) return part;
      if (incoming.readableEnded) return undefined;
      if (incoming.destroyed) throw closed(incoming);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };

  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const part = await next();
        if (part === undefined) controller.close();
        else controller.enqueue(part);
      },
      // The answer still goes out on this connection, so the rest is let by.
      cancel() {
        incoming.off("readable", hear);
        incoming.resume();
      },
    },
    { highWaterMark: 0 },
  );

  return {
    stream,
    readBytes(most) {
      if (reader !== undefined) return undefined;
      reader = "bytes";
      return readAtOnce(incoming, most);
    },
  };
}
