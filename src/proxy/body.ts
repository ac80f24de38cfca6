// Reads a request's body within bounds of size and time.
import { TimeoutError } from "../errors.ts";
import type { Alarm } from "./alarm.ts";
import { directOf } from "./direct.ts";
import { type Answer, CODE, refusal } from "./messages.ts";

const whole = new TextDecoder("utf-8", { fatal: true });

/** The body as text, or the refusal that answers it. Never waits longer than `timeoutMs`. */
export async function readBody(
  request: Request,
  maxBytes: number,
  timeoutMs: number,
  alarm: Alarm,
): Promise<string | { readonly refused: Answer }> {
  const refuse = (code: number, why: string, status: number) => ({ refused: refusal(code, why, status) });
  const tooLarge = () => refuse(CODE.invalidRequest, `The body is larger than ${maxBytes} bytes`, 413);
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBytes) return tooLarge();
  let read: string | undefined;
  try {
    const reading = directOf(request)?.readBytes(maxBytes);
    if (reading !== undefined) {
      const bytes = await alarm.within(timeoutMs, reading.bytes).finally(reading.stop);
      read = bytes && whole.decode(bytes);
    } else if (length !== null || (request.body as unknown) === undefined) {
      // Runtimes hold a body to its declared length, and read it as a whole much faster than in pieces.
      // Firefox has no stream for a request's body: there it is read as a whole in any case.
      const bytes = await alarm.within(timeoutMs, request.arrayBuffer());
      read = bytes.byteLength > maxBytes ? undefined : whole.decode(bytes);
    } else {
      read = request.body === null ? "" : await inPieces(request.body, maxBytes, timeoutMs, alarm);
    }
  } catch (error) {
    return error instanceof TimeoutError
      ? refuse(CODE.invalidRequest, `The body did not arrive within ${timeoutMs} ms`, 408)
      : refuse(CODE.parse, "The body could not be read as UTF-8", 400);
  }
  if (read === undefined) return tooLarge();
  return read === "" ? refuse(CODE.parse, "The body is empty", 400) : read;
}

/** `undefined` when there is more than `maxBytes`. */
async function inPieces(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  timeoutMs: number,
  alarm: Alarm,
): Promise<string | undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = body.getReader();
  const read = async (): Promise<string | undefined> => {
    let text = "";
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > maxBytes) return undefined;
      text += decoder.decode(value, { stream: true });
    }
  };
  try {
    return await alarm.within(timeoutMs, read());
  } finally {
    // Whatever is still waited for ends with it.
    reader.cancel().catch(() => {});
  }
}
