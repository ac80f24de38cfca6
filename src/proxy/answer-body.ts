// The body of a server's answer as text, bounded: in pieces as they come, or as a whole.
import type { BackendError } from "../errors.ts";
import type { FetchedResponse } from "./exchange.ts";

/** Makes the error that ends a request: what happened, and whether another try may help. */
export type Fail = (state: string, transient?: boolean, cause?: unknown) => BackendError;

const strict = new TextDecoder("utf-8", { fatal: true });

export interface BodyReader {
  /** Gives the text piece by piece until `onText` has enough. */
  pieces(response: FetchedResponse, signal: AbortSignal, onText: (text: string) => boolean): Promise<void>;
  whole(response: FetchedResponse, signal: AbortSignal): Promise<string>;
}

export function createBodyReader(maxBytes: number, fail: Fail): BodyReader {
  const tooLarge = (): BackendError =>
    fail(`its answer is larger than ${maxBytes} bytes; raise "limits.responseBytes"`);

  const pieces: BodyReader["pieces"] = async (response, signal, onText) => {
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    const stop = (): void => void reader.cancel().catch(() => {});
    signal.addEventListener("abort", stop);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let bytes = 0;
    try {
      for (let finished = false; !finished; ) {
        let part: Uint8Array | undefined;
        try {
          const next = await reader.read();
          finished = next.done;
          part = next.value;
        } catch (cause) {
          throw fail("the connection was lost", true, cause);
        }
        if (signal.aborted) throw fail("the request was aborted", false, signal.reason);
        bytes += part?.byteLength ?? 0;
        if (bytes > maxBytes) throw tooLarge();
        let text: string;
        try {
          text = decoder.decode(part, { stream: !finished });
        } catch {
          throw fail("its answer is not UTF-8");
        }
        if (onText(text)) return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
    }
  };

  const atOnce = async (reading: Promise<ArrayBuffer | Uint8Array | undefined>): Promise<string> => {
    let bytes: ArrayBuffer | Uint8Array | undefined;
    try {
      bytes = await reading;
    } catch (cause) {
      throw fail("the connection was lost", true, cause);
    }
    if (bytes === undefined || bytes.byteLength > maxBytes) throw tooLarge();
    try {
      return strict.decode(bytes);
    } catch {
      throw fail("its answer is not UTF-8");
    }
  };

  return {
    pieces,
    async whole(response, signal) {
      if (response.readBytes !== undefined) return atOnce(response.readBytes(maxBytes));
      const length = Number(response.headers.get("content-length") ?? Number.NaN);
      // A body of a declared length: runtimes read it as a whole much faster than in pieces.
      if (length <= maxBytes && !response.headers.has("content-encoding")) {
        return atOnce((response as Response).arrayBuffer());
      }
      let text = "";
      await pieces(response, signal, (piece) => {
        text += piece;
        return false;
      });
      return text;
    },
  };
}
