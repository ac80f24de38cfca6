// UTF-8: strict decoding, and what is faster without an encoder: how long a text is, and short texts.

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Up to here putting characters together is faster than a decoder. */
const fewBytes = 8;

/** A few bytes of ASCII as text; `undefined` when they are none. */
function readShort(bytes: Uint8Array, at: number, length: number): string | undefined {
  let text = "";
  for (let index = at; index < at + length; index++) {
    const byte = bytes[index] as number;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * Decodes UTF-8 at a place that is inside of the bytes. Throws TypeError when it is none. Some engines have a fast way only for the
 * lenient decoder, which writes U+FFFD.
 */
export function decodeStrictly(bytes: Uint8Array, at: number, length: number): string {
  const short = length > fewBytes ? undefined : readShort(bytes, at, length);
  if (short !== undefined) return short;
  const part = bytes.subarray(at, at + length);
  const text = lenient.decode(part);
  return text.includes("\ufffd") ? strict.decode(part) : text;
}

/** From here on an encoder is faster. */
export const shortLength: number = 128;

/** Writes a short text of ASCII characters. False, having written nothing, when it is none or does not fit. */
export function writeShort(text: string, bytes: Uint8Array, at: number): boolean {
  const { length } = text;
  if (length > shortLength || at + length > bytes.length) return false;
  for (let index = 0; index < length; index++) if (text.charCodeAt(index) >= 0x80) return false;
  for (let index = 0; index < length; index++) bytes[at + index] = text.charCodeAt(index);
  return true;
}

/** Whether bytes are this text in ASCII; false for every other text, whatever the bytes. */
export function isText(text: string, bytes: Uint8Array, at: number, length: number): boolean {
  if (text.length !== length || at + length > bytes.length) return false;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80 || bytes[at + index] !== unit) return false;
  }
  return true;
}

/** The number of UTF-8 bytes of a string; lone surrogates count as U+FFFD. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      length += 2;
      index++;
    } else length += 2;
  }
  return length;
}
