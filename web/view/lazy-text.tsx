// JSON that is fetched from the worker when it comes into view, and a fold that mounts its content only while open.
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PreviewClient } from "../client.ts";
import type { TextRequest, TextView } from "../protocol.ts";

let instances = 0;

/** A name that no other part of the page has, for ids and radio groups: several elements may stand on one page. */
export function useName(prefix: string): string {
  return useState(() => `${prefix}-${++instances}`)[0];
}

export type Ask = PreviewClient["ask"];

interface LazyTextProps {
  readonly ask: Ask;
  readonly call: number;
  readonly part: TextRequest["part"];
  readonly label: string;
}

export function LazyText({ ask, call, part, label }: LazyTextProps): ComponentChild {
  const [state, setState] = useState<TextView | string>("Loading");
  useEffect(() => {
    let current = true;
    ask({ type: "text", call, part }).then(
      (text) => current && setState(text),
      (error: Error) => current && setState(error.message),
    );
    return () => {
      current = false;
    };
  }, [ask, call, part]);
  if (typeof state === "string") return <p class="pp-muted">{state}</p>;
  return (
    <div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: a name for a scrolling text, not a set of form fields */}
      <pre class="pp-json" tabIndex={0} role="group" aria-label={label}>
        {state.text}
      </pre>
      {state.omitted > 0 && <p class="pp-muted">{state.omitted.toLocaleString("en")} more characters are not shown</p>}
    </div>
  );
}

interface FoldProps {
  readonly summary: ComponentChild;
  readonly children: () => ComponentChild;
  readonly name: string;
}

export function Fold({ summary, children, name }: FoldProps): ComponentChild {
  const [open, setOpen] = useState(false);
  return (
    <details class="pp-fold" data-fold={name} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open && <div class="pp-folded">{children()}</div>}
    </details>
  );
}
