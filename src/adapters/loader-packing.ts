// JSON between a Worker and a dynamic Worker: a message holds 32 MiB, and text beyond Latin-1 takes two bytes a character there.
import type { Packed } from "./loader-messages.ts";

const manyCharacters = 2 * 1024 * 1024;

export const pack = (text: string): Packed => (text.length > manyCharacters ? new TextEncoder().encode(text) : text);
export const unpack = (packed: Packed): string =>
  typeof packed === "string" ? packed : new TextDecoder().decode(packed);
