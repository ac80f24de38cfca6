// The body of a message that Node's HTTP client or server received: at once, or as a stream that costs nothing until somebody reads it.
import type { IncomingMessage } from "node:http";

/**
 * Reads all that comes. `undefined` as soon as it is more than `most` bytes; `onExcess` then decides about the rest, which is let by
 * otherwise.
 */
export function readAtOnce(
  incoming: IncomingMessage,
  most: number,
  onExcess: () => void = () => {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    incoming.on("data", (part: Uint8Array<ArrayBuffer>) => {
      const isExcess = bytes > most;
      bytes += part.length;
      if (bytes <= most) parts.push(part);
      else if (!isExcess) {
        parts.length = 0;
        resolve(undefined);
        onExcess();
      }
    });
    incoming.on("end", () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts)));
    incoming.on("error", reject);
    incoming.on("close", () => reject(new Error("The connection was closed")));
  });
}

/** A request's body, for one reader. */
export interface RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** See {@link readAtOnce}. Absent once the stream was read from, which a request's copy does too. */
  readBytes(most: number): Promise<Uint8Array<ArrayBuffer> | undefined> | undefined;
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
      if (incoming.destroyed) throw incoming.errored ?? new Error("The connection was closed");
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
