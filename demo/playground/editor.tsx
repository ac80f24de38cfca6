// A labelled text field for JSON, its mistakes below it with their line; a click goes there.
import type { ComponentChild } from "preact";
import { useId, useRef } from "preact/hooks";
import { mapJson, offsetOf, place } from "./json-map.ts";

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
  onInput(text: string): void;
}

export function Editor({ label, hint, text, problems, name, rows, onInput }: EditorProps): ComponentChild {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const map = problems.some(({ offset }) => offset === undefined) ? mapJson(text) : undefined;
  const placed = problems.map((problem) => {
    const offset = problem.offset ?? offsetOf(map!, problem.path ?? "");
    return { ...problem, offset, ...place(text, offset) };
  });

  function goTo(offset: number): void {
    const end = text.indexOf("\n", offset);
    field.current?.focus();
    field.current?.setSelectionRange(offset, end === -1 ? text.length : end);
  }

  return (
    <div class="field" data-field={name}>
      <label for={id}>{label}</label>
      {hint !== undefined && <p class="hint">{hint}</p>}
      <textarea
        id={id}
        ref={field}
        value={text}
        rows={rows ?? Math.min(22, Math.max(4, text.split("\n").length))}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        aria-invalid={placed.length > 0}
        aria-describedby={`${id}-problems`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
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
