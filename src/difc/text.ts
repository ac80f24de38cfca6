// Words about labels that came from strangers: one line, no control characters, bounded length.
import type { Tag } from "./labels.ts";

const NAMED_TAGS = 8;
const NOT_PLAIN = /[^ -~]|^ | $| {2}/;

/** A text from a guard made safe to show: white space collapsed, control, format and lone surrogate characters dropped, at most `max` characters. */
export function plainText(text: string, max = 200): string {
  if (text.length <= max && !NOT_PLAIN.test(text)) return text;
  // Cut first: what comes after is work that a hostile guard would choose the amount of.
  const line = text
    .slice(0, max * 4)
    .replace(/[^\S ]+/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "")
    .replace(/ {2,}/g, " ")
    .trim();
  if (line.length <= max) return line;
  const cut = line.slice(0, max - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** Tags as a sentence names them: `"a", "b" and 3 more`; `none` when there are none. */
export function tagNames(tags: readonly Tag[]): string {
  if (tags.length === 0) return "none";
  let names = tagName(tags[0]!);
  const named = Math.min(tags.length, NAMED_TAGS);
  for (let index = 1; index < named; index++) {
    names += `${index === tags.length - 1 ? " and " : ", "}${tagName(tags[index]!)}`;
  }
  return tags.length > named ? `${names} and ${tags.length - named} more` : names;
}

function tagName(tag: Tag): string {
  return `"${plainText(tag, 100)}"`;
}
