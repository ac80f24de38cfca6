// The code editor: CodeMirror in a shadow root of its own, so that its style sheets are adopted and the page's policy needs no exception.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { history, isolateHistory, redo, standardKeymap, undo } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
  syntaxTree,
} from "@codemirror/language";
import { type Diagnostic, nextDiagnostic, previousDiagnostic, setDiagnostics } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { mapJson, offsetOf, parseText, pretty } from "../json-map.ts";
import { completeJson, suggestIds } from "./complete.ts";
import { checkSchema } from "./json-schema.ts";
import { type SchemaName, schemas } from "./schemas.ts";

/** A mistake at an offset of the text, found by whoever reads it: the parser, the policy's reader, the guard. */
export interface PlacedProblem {
  readonly message: string;
  readonly offset: number;
}

export interface CodeFieldOptions {
  readonly text: string;
  readonly label: string;
  readonly schema?: SchemaName | undefined;
  readonly selection?: { readonly anchor: number; readonly head: number };
  onInput(text: string): void;
}

export interface CodeField {
  /** Shows a text that came from elsewhere; a `fresh` one forgets what could be undone. */
  setText(text: string, fresh: boolean): void;
  setProblems(problems: readonly PlacedProblem[]): void;
  goTo(offset: number): void;
  /** Lays the text out anew; false when it is no JSON yet. */
  format(): boolean;
  focus(): void;
  destroy(): void;
}

const fromOutside = Annotation.define<boolean>();
/** Checking a larger text at each pause would hold typing up. */
const checkedLength = 500_000;

const looks = EditorView.theme({
  "&": {
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--field-line)",
    borderRadius: "8px",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)" },
  ".cm-scroller": { font: "12.5px / 1.55 var(--mono)", maxHeight: "60vh", minHeight: "44px", overflow: "auto" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "var(--selection)",
  },
  "&.cm-focused .cm-matchingBracket": { background: "none", outline: "1px solid var(--field-line)" },
  "&.cm-focused .cm-nonmatchingBracket": { background: "none", color: "var(--bad)" },
  ".cm-lintRange": {
    backgroundImage: "none",
    textDecoration: "underline wavy 1px var(--bad)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-warning": { textDecorationColor: "var(--warn)" },
  ".cm-lintPoint::after": { borderBottomColor: "var(--bad)" },
  ".cm-tooltip": {
    background: "var(--surface)",
    color: "var(--text)",
    border: "1px solid var(--field-line)",
    borderRadius: "6px",
    maxWidth: "min(46ch, 90vw)",
  },
  ".cm-tooltip-autocomplete > ul": { font: "12.5px / 1.6 var(--mono)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--accent-wash)", color: "var(--accent)" },
  ".cm-completionInfo": { font: "13px / 1.4 system-ui, sans-serif", padding: "6px 10px" },
  ".cm-diagnostic": {
    font: "13px / 1.4 system-ui, sans-serif",
    padding: "5px 10px",
    borderLeft: "3px solid var(--bad)",
  },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  "@media (forced-colors: active)": {
    ".cm-tooltip-autocomplete > ul > li[aria-selected]": { outline: "2px solid Highlight" },
  },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--code-key)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-value)" },
]);

/** What the schema has to say about a text; nothing while it is no JSON, which is said elsewhere. */
function schemaProblems(text: string, schema: SchemaName): readonly PlacedProblem[] {
  if (text.length > checkedLength) return [];
  const parsed = parseText(text);
  if ("problems" in parsed) return [];
  const found = checkSchema(schemas[schema], parsed.value);
  if (found.length === 0) return [];
  const map = mapJson(text);
  return found.map(({ path, message }) => ({ message, offset: offsetOf(map, path) }));
}

export function createCodeField(host: HTMLElement, options: CodeFieldOptions): CodeField {
  const { label, schema, onInput } = options;
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const described = document.createElement("p");
  described.id = "described";
  described.hidden = true;
  root.append(described);
  const attributes = new Compartment();
  let problems: readonly PlacedProblem[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What the present text was marked with. */
  let marked: string | undefined;

  const contentAttributes = (): Extension =>
    EditorView.contentAttributes.of({
      "aria-label": label,
      "aria-describedby": described.id,
      "aria-invalid": String(problems.length > 0),
      autocapitalize: "off",
    });

  function extensions(): Extension[] {
    return [
      history(),
      drawSelection(),
      EditorState.allowMultipleSelections.of(false),
      indentOnInput(),
      indentUnit.of("  "),
      bracketMatching(),
      syntaxHighlighting(colours),
      EditorView.lineWrapping,
      json(),
      autocompletion({
        override: schema === undefined ? [] : [completeJson(schemas[schema], suggestIds)],
        icons: false,
        aboveCursor: false,
      }),
      looks,
      attributes.of(contentAttributes()),
      // Tab leaves the field, and no key of the browser's own is taken: neither saving, finding, reloading nor going back.
      keymap.of([
        ...completionKeymap,
        { key: "Mod-z", run: undo, preventDefault: true },
        { key: "Mod-Shift-z", run: redo, preventDefault: true },
        { key: "Mod-y", run: redo, preventDefault: true },
        { key: "F8", run: nextDiagnostic },
        { key: "Shift-F8", run: previousDiagnostic },
        { key: "Shift-Alt-f", run: () => format() },
        ...standardKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        marked = undefined;
        clearTimeout(timer);
        timer = setTimeout(mark, 250);
        if (!update.transactions.some((transaction) => transaction.annotation(fromOutside))) onInput(textOf());
      }),
    ];
  }

  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: options.text,
      extensions: extensions(),
      ...(options.selection && { selection: options.selection }),
    }),
  });

  function textOf(): string {
    return view.state.doc.toString();
  }

  /** From an offset to the end of its value, or of its line. */
  function rangeAt(offset: number): { from: number; to: number } {
    const from = Math.min(offset, view.state.doc.length);
    const node = syntaxTree(view.state).resolveInner(from, 1);
    const line = view.state.doc.lineAt(from);
    const to = node.from === from && node.to <= line.to ? node.to : line.to;
    return { from: from === to ? Math.max(line.from, from - 1) : from, to };
  }

  /** The verdict's mistakes are errors; what only the schema minds is a warning, and silent where the verdict speaks. */
  function mark(): void {
    const text = textOf();
    const told = new Set(problems.map(({ offset }) => offset));
    const hints = schema === undefined ? [] : schemaProblems(text, schema).filter(({ offset }) => !told.has(offset));
    const diagnostics: Diagnostic[] = [
      ...problems.map(({ message, offset }) => ({ ...rangeAt(offset), severity: "error" as const, message })),
      ...hints.map(({ message, offset }) => ({ ...rangeAt(offset), severity: "warning" as const, message })),
    ].sort((left, right) => left.from - right.from);
    const now = JSON.stringify(diagnostics);
    // Set again they would close the remark that is open on one of them.
    if (now === marked) return;
    marked = now;
    const count = diagnostics.length;
    const state = count === 0 ? "" : `${count} ${count === 1 ? "mistake" : "mistakes"}, F8 goes to the next. `;
    described.textContent = `${state}Control and space completes, Shift, Alt and F formats.`;
    view.dispatch({ effects: attributes.reconfigure(contentAttributes()) });
    view.dispatch(setDiagnostics(view.state, diagnostics));
  }

  function format(): boolean {
    const parsed = parseText(textOf());
    if ("problems" in parsed) return false;
    replace(pretty(parsed.value), false);
    return true;
  }

  /** Changes only what differs, so that the cursor stays and undoing takes back just that. */
  function replace(text: string, outside: boolean): void {
    const now = textOf();
    if (now === text) return;
    let from = 0;
    while (from < now.length && now[from] === text[from]) from++;
    let end = 0;
    while (end < Math.min(now.length, text.length) - from && now.at(-1 - end) === text.at(-1 - end)) end++;
    view.dispatch({
      changes: { from, to: now.length - end, insert: text.slice(from, text.length - end) },
      annotations: [isolateHistory.of("full"), ...(outside ? [fromOutside.of(true)] : [])],
    });
  }

  mark();
  return {
    setText(text, fresh) {
      if (!fresh) return replace(text, true);
      if (text === textOf()) return;
      view.setState(EditorState.create({ doc: text, extensions: extensions() }));
      mark();
    },
    setProblems(found) {
      problems = found;
      mark();
    },
    goTo(offset) {
      const { from, to } = rangeAt(offset);
      view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
      view.focus();
    },
    format,
    focus: () => view.focus(),
    destroy() {
      clearTimeout(timer);
      view.destroy();
      described.remove();
    },
  };
}
