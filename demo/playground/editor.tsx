// A labelled field for JSON, its mistakes below it with their line; a click goes there. The browser's own field works by itself,
// the code editor takes its place once it is loaded and nobody is typing.
import type { ComponentChild } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { CodeField } from "./editing/code-field.ts";
import { useFieldKind } from "./editing/preference.ts";
import type { SchemaName } from "./editing/schemas.ts";
import { mapJson, offsetOf, parseText, place, pretty } from "./json-map.ts";

/** A mistake to show at a field: at an offset of its text, or at a path inside it. */
export interface FieldProblem {
  readonly message: string;
  readonly path?: string | undefined;
  readonly offset?: number | undefined;
}

interface EditorProps {
  readonly label: string;
  readonly hint?: string;
  readonly text: string;
  readonly problems: readonly FieldProblem[];
  readonly name: string;
  readonly rows?: number;
  /** What the text must fit; without one the field stays the browser's own. */
  readonly schema?: SchemaName;
  /** Which text this is: another one forgets what could be undone. */
  readonly origin?: number;
  onInput(text: string): void;
}

/** Puts a text in the place of a field's own, so that the browser can take it back. */
function retype(field: HTMLTextAreaElement, text: string): void {
  field.focus();
  field.select();
  if (document.execCommand("insertText", false, text)) return;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function Editor(props: EditorProps): ComponentChild {
  const { label, hint, text, problems, name, rows, schema, origin, onInput } = props;
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const title = useRef<HTMLLabelElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<CodeField>(undefined);
  const shown = useRef({ origin });
  const latest = useRef(onInput);
  latest.current = onInput;
  const { code } = useFieldKind();
  const [coded, setCoded] = useState(false);
  const map = problems.some(({ offset }) => offset === undefined) ? mapJson(text) : undefined;
  const placed = problems.map((problem) => {
    const offset = problem.offset ?? offsetOf(map!, problem.path ?? "");
    return { ...problem, offset, ...place(text, offset) };
  });

  // Takes the plain field's place, but never under somebody's hands.
  useEffect(() => {
    const plain = field.current!;
    if (code === undefined || schema === undefined) {
      setCoded(false);
      return;
    }
    const take = (): void => {
      if (document.activeElement === plain) {
        plain.addEventListener("blur", take, { once: true });
        return;
      }
      const { selectionStart: anchor, selectionEnd: head } = plain;
      const selection = { anchor, head };
      const onTyped = (typed: string): void => latest.current(typed);
      editor.current = code.createCodeField(host.current!, {
        text: plain.value,
        label,
        schema,
        selection,
        onInput: onTyped,
      });
      // A label passes its click on to the plain field only.
      title.current!.onclick = () => editor.current?.focus();
      setCoded(true);
    };
    take();
    return () => {
      plain.removeEventListener("blur", take);
      editor.current?.destroy();
      editor.current = undefined;
    };
  }, [code, schema, label]);
  // In the same task as the drawing: a key pressed in between would be undone by the older text.
  useLayoutEffect(() => {
    editor.current?.setText(text, shown.current.origin !== origin);
    shown.current = { origin };
  }, [text, origin, coded]);
  const marks = placed.map(({ message, offset }) => `${offset} ${message}`).join("\n");
  // The mistakes are new objects at each drawing; `marks` says when they differ.
  useLayoutEffect(() => editor.current?.setProblems(placed), [marks, coded]);

  function goTo(offset: number): void {
    if (editor.current !== undefined) {
      editor.current.goTo(offset);
      return;
    }
    const end = text.indexOf("\n", offset);
    field.current?.focus();
    field.current?.setSelectionRange(offset, end === -1 ? text.length : end);
  }

  function format(): void {
    if (editor.current !== undefined) {
      editor.current.format();
      editor.current.focus();
      return;
    }
    const parsed = parseText(text);
    if ("value" in parsed) retype(field.current!, pretty(parsed.value));
  }

  return (
    <div class="field" data-field={name} data-editor={coded ? "code" : "plain"}>
      <label for={id} ref={title}>
        {label}
      </label>
      {hint !== undefined && <p class="hint">{hint}</p>}
      <textarea
        id={id}
        ref={field}
        hidden={coded}
        value={text}
        rows={rows ?? Math.min(22, Math.max(4, text.split("\n").length))}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        aria-invalid={placed.length > 0}
        aria-describedby={`${id}-problems`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <div class="code" ref={host} hidden={!coded} />
      {schema !== undefined && (
        <button type="button" class="plain format" onClick={format} aria-label={`Format ${label}`}>
          Format
        </button>
      )}
      <ul id={`${id}-problems`} class="problems">
        {placed.map(({ message, path, line, column, offset }) => (
          <li key={`${offset} ${message}`}>
            <button type="button" onClick={() => goTo(offset)}>
              Line {line}, column {column}
            </button>
            {path !== undefined && path !== "" && <code>{path}</code>} {message}
          </li>
        ))}
      </ul>
    </div>
  );
}
