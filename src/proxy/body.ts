// Reads a request's body within bounds of size and time.
import { type Answer, CODE, refusal } from "./messages.ts";

/** The body as text, or the refusal that answers it. Never waits longer than `timeoutMs`. */
export async function readBody(
  request: Request,
  maxBytes: number,
  timeoutMs: number,
): Promise<string | { readonly refused: Answer }> {
  const tooLarge = {
    refused: refusal(CODE.invalidRequest, `The body is larger than ${maxBytes} bytes`, 413),
  };
  if (Number(request.headers.get("content-length")) > maxBytes) return tooLarge;
  if (request.body === null) return { refused: refusal(CODE.parse, "The body is empty", 400) };
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(LATE), timeoutMs);
  });
  late.catch(() => {});
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let text = "";
  let bytes = 0;
  try {
    // Runtimes hold a body to its declared length, and read it as a whole much faster than in pieces.
    // Firefox has no stream for a request's body: there it is read as a whole in any case.
    if (request.headers.has("content-length") || (request.body as unknown) === undefined) {
      const whole = await Promise.race([request.arrayBuffer(), late]);
      return whole.byteLength > maxBytes ? tooLarge : decoder.decode(whole);
    }
    reader = request.body.getReader();
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > maxBytes) return tooLarge;
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    if (error === LATE) {
      return {
        refused: refusal(CODE.invalidRequest, `The body did not arrive within ${timeoutMs} ms`, 408),
      };
    }
    return {
      refused: refusal(CODE.parse, "The body could not be read as UTF-8", 400),
    };
  } finally {
    clearTimeout(timer);
    reader?.cancel().catch(() => {});
  }
}

const LATE: unique symbol = Symbol("late");
