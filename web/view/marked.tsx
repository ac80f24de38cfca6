// A text with what was searched for marked in it.
import type { ComponentChild } from "preact";

export function Marked({ text, search }: { readonly text: string; readonly search: string }): ComponentChild {
  if (search === "") return text;
  const [lower, wanted] = [text.toLowerCase(), search.toLowerCase()];
  const pieces: ComponentChild[] = [];
  let from = 0;
  // Where lowering changes the length, places do not fit: then nothing is marked.
  const fits = lower.length === text.length;
  for (let at = fits ? lower.indexOf(wanted) : -1; at !== -1; at = lower.indexOf(wanted, from)) {
    pieces.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return [...pieces, text.slice(from)];
}
