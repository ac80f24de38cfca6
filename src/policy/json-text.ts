// Parses a policy text as JSON and refuses keys that stand twice, of which JSON.parse would silently keep the last.
import { PolicyError } from "../errors.ts";
import { at, quote } from "./values.ts";

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/g;

/** The value of a JSON text; throws PolicyError when it is none or has a key twice in one object. */
export function parseJsonText(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PolicyError("", "Cannot read the policy: the text is not JSON", { cause });
  }
  // From here on the text is known to be well formed, so that its brackets and keys say it all.
  const open: { readonly path: string; readonly keys: Set<string>; last: string }[] = [];
  for (const [token, colon] of text.matchAll(TOKENS)) {
    const inside = open.at(-1);
    if (token === "{" || token === "[")
      open.push({ path: inside?.last ?? "", keys: new Set(), last: inside?.last ?? "" });
    else if (token === "}" || token === "]") open.pop();
    else if (colon !== undefined && inside !== undefined) {
      const key: string = JSON.parse(token.slice(0, -colon.length));
      inside.last = at(inside.path, key);
      if (inside.keys.has(key)) {
        throw new PolicyError(
          inside.last,
          `Cannot read the policy at ${inside.last}: the key ${quote(key)} is given twice`,
        );
      }
      inside.keys.add(key);
    }
  }
  return value;
}
