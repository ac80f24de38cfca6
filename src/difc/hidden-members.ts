// Finds JSON text that says more than its parsed value: of members with the same key, JSON.parse keeps the last, an agent reads all.
import type { JsonObject } from "./json.ts";

const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;

/** Tells whether a well-formed JSON text holds members that its parsed value lost. */
export function hidesMembers(text: string, value: unknown): boolean {
  return membersIn(text) !== membersOf(value);
}

/** Hops from string to string: outside of them a colon follows exactly the keys. */
function membersIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    let slash: number;
    do {
      at = text.indexOf('"', at + 1);
      slash = at;
      while (text.charCodeAt(slash - 1) === BACKSLASH) slash--;
    } while ((at - slash) % 2 === 1);
    do at++;
    while (text.charCodeAt(at) < QUOTE);
    if (text.charCodeAt(at) === COLON) count++;
  }
  return count;
}

function membersOf(value: unknown): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) {
      for (const part of next) if (typeof part === "object") open.push(part);
    } else if (typeof next === "object") {
      // The value comes from JSON.parse: no prototypes of its own, so every key is an own one.
      for (const key in next) {
        count++;
        const part = (next as JsonObject)[key];
        if (typeof part === "object") open.push(part);
      }
    }
  }
  return count;
}
