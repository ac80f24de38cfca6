// Bodies that the runtime has read and decoded by itself, which is faster than to be given the bytes.
import { utf8Length } from "../wasm/utf8.ts";

/**
 * What is wrong with such a text. Runtimes write U+FFFD for what is not UTF-8: where the lengths agree it was sent, or stands for as many
 * bytes, which guard and agent then read alike.
 *
 * @param declared what Content-Length says, of a body that is not compressed
 * @param most how many bytes may come
 */
export function faultOf(text: string, declared: number, most: number): "too large" | "not UTF-8" | undefined {
  if (text.length * 3 > most && utf8Length(text) > most) return "too large";
  return text.includes("\ufffd") && utf8Length(text) !== declared ? "not UTF-8" : undefined;
}
