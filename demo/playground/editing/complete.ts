// Completion of JSON from a schema: keys that may stand here and do not yet, values that are allowed, ids that the text itself defines.
import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import { ensureSyntaxTree, syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";
import { type Schema, type Step, schemasAt } from "./json-schema.ts";

/** Further values for a place, from the text as it stands: `calls[].server` names one of `servers`. */
export type Suggest = (path: readonly (string | number)[], state: EditorState) => readonly string[];

const named = new Set("String Number True False Null Object Array Property PropertyName JsonText".split(" "));
const values = new Set(["String", "Number", "True", "False", "Null", "Object", "Array"]);

function textOf(state: EditorState, node: SyntaxNode): string {
  const text = state.sliceDoc(node.from, node.to);
  try {
    return String(JSON.parse(text));
  } catch {
    return text.replace(/^"|"$/g, "");
  }
}

/** The keys of an object as it stands, without the one at a place. */
function keysOf(state: EditorState, object: SyntaxNode, except?: SyntaxNode): string[] {
  return object.getChildren("Property").flatMap((property) => {
    const name = property.getChild("PropertyName");
    return name === null || (except !== undefined && property.from === except.from) ? [] : [textOf(state, name)];
  });
}

/** The steps from the text's root to a value or to the container that a place stands in. */
function stepsTo(state: EditorState, node: SyntaxNode): Step[] {
  const steps: Step[] = [];
  for (let at: SyntaxNode = node; at.parent !== null; at = at.parent) {
    const { parent } = at;
    if (parent.name === "Property" && at.name !== "PropertyName") {
      const name = parent.getChild("PropertyName");
      const object = parent.parent;
      if (name !== null && object !== null)
        steps.unshift({ key: textOf(state, name), siblings: keysOf(state, object) });
    } else if (parent.name === "Array") {
      let index = 0;
      for (let before = at.prevSibling; before !== null; before = before.prevSibling)
        if (values.has(before.name)) index++;
      steps.unshift({ key: index, siblings: [] });
    }
  }
  return steps;
}

/** Every value that the schemas of a place name, as JSON. */
function allowedValues(
  found: readonly Schema[],
): readonly { readonly text: string; readonly info?: string | undefined }[] {
  return found.flatMap((schema) => {
    const info = schema.description;
    const listed = [...(schema.enum ?? []), ...(Object.hasOwn(schema, "const") ? [schema.const] : [])];
    if (schema.type === "boolean") listed.push(true, false);
    return listed.map((value) => ({ text: JSON.stringify(value), info }));
  });
}

/** What to put in as a new key's value, with the place of the cursor marked by |. */
function startOf(found: readonly Schema[]): string {
  const types = new Set(found.map(({ type }) => type).filter((type) => type !== undefined));
  if (found.some((schema) => schema.enum !== undefined || schema.const !== undefined)) return "|";
  if (types.size === 0 || types.size > 1) return "|";
  return { string: '"|"', array: "[|]", object: "{|}" }[[...types][0]!] ?? "|";
}

function insert(text: string): Exclude<Completion["apply"], string | undefined> {
  return (view, _completion, from, to) => {
    const at = text.indexOf("|");
    const inserted = text.replace("|", "");
    view.dispatch({
      changes: { from, to, insert: inserted },
      selection: { anchor: from + (at === -1 ? inserted.length : at) },
      userEvent: "input.complete",
    });
  };
}

/** Dedupes by label, the first one with an explanation wins. */
function unique(options: readonly Completion[]): Completion[] {
  const found = new Map<string, Completion>();
  for (const option of options) {
    const known = found.get(option.label);
    if (known === undefined || (known.info === undefined && option.info !== undefined)) found.set(option.label, option);
  }
  return [...found.values()];
}

const withInfo = (info: string | undefined): { readonly info?: string } => (info === undefined ? {} : { info });

export function completeJson(schema: Schema, suggest: Suggest): CompletionSource {
  function keys(
    context: CompletionContext,
    object: SyntaxNode,
    from: number,
    to: number,
    own?: SyntaxNode,
  ): CompletionResult | null {
    const { state } = context;
    const there = keysOf(state, object, own);
    const steps = stepsTo(state, object);
    const found = schemasAt(schema, steps, there);
    // A key that is being corrected keeps its value.
    const hasValue = own !== undefined && /^\s*:/.test(state.sliceDoc(to, to + 20));
    const options = found.flatMap(({ properties = {}, required = [] }) =>
      Object.entries(properties)
        .filter(([key]) => !there.includes(key))
        .map(([key, inner]): Completion => {
          const start = startOf(schemasAt(schema, [...steps, { key, siblings: [...there, key] }]));
          return {
            // What is typed may begin with the quote.
            label: JSON.stringify(key),
            displayLabel: key,
            type: "property",
            ...withInfo(inner.description),
            boost: required.includes(key) ? 1 : 0,
            apply: insert(hasValue ? JSON.stringify(key) : `${JSON.stringify(key)}: ${start}`),
          };
        }),
    );
    return { from, to, options: unique(options), filter: true };
  }

  return (context) => {
    const { state, pos } = context;
    // A busy machine may not have parsed so far yet.
    const tree = ensureSyntaxTree(state, pos, 200) ?? syntaxTree(state);
    let node = tree.resolveInner(pos, -1);
    while (!named.has(node.name) && node.parent !== null) node = node.parent;
    if (node.name === "PropertyName" && node.parent?.parent && pos > node.from)
      return keys(context, node.parent.parent, node.from, node.to, node.parent);
    const before = state.sliceDoc(Math.max(0, pos - 200), pos);
    const word = /"?[\w-]*$/.exec(before)?.[0] ?? "";
    const ahead = before
      .slice(0, before.length - word.length)
      .trimEnd()
      .at(-1);
    const container = values.has(node.name) && node.name !== "Object" && node.name !== "Array" ? node.parent! : node;
    const within = node.name === "String" && pos > node.from;
    if (!context.explicit && word === "" && !within) return null;
    if (container.name === "Object" && (ahead === "{" || ahead === ",")) {
      // The quote that an editor closes by itself belongs to the word.
      const to = word.startsWith('"') && state.sliceDoc(pos, pos + 1) === '"' ? pos + 1 : pos;
      return keys(context, container, pos - word.length, to);
    }
    const isItem = container.name === "Array";
    const isMember = container.name === "Property" && (ahead === ":" || within || values.has(node.name));
    if (!isItem && !isMember && container.name !== "JsonText") return null;
    const steps = stepsTo(state, values.has(node.name) && node !== container ? node : container);
    if (isItem && node === container) {
      let index = 0;
      for (let child = container.firstChild; child !== null && child.to <= pos; child = child.nextSibling)
        if (values.has(child.name)) index++;
      steps.push({ key: index, siblings: [] });
    } else if (isMember && node === container) {
      const name = container.getChild("PropertyName");
      if (name === null || container.parent === null) return null;
      steps.push({ key: textOf(state, name), siblings: keysOf(state, container.parent) });
    }
    const found = schemasAt(schema, steps);
    const path = steps.map(({ key }) => key);
    const offered = [
      ...allowedValues(found),
      ...suggest(path, state).map((text) => ({ text: JSON.stringify(text), info: undefined })),
    ];
    const from = within ? node.from : pos - word.length;
    const to = within ? node.to : word.startsWith('"') && state.sliceDoc(pos, pos + 1) === '"' ? pos + 1 : pos;
    const options = unique(
      offered.map(({ text, info }) => ({ label: text, type: "enum", ...withInfo(info), apply: insert(text) })),
    );
    return options.length === 0 ? null : { from, to, options };
  };
}

/** Ids that the text defines. */
export const suggestIds: Suggest = (path, state) => {
  if (path[0] !== "calls" || path[2] !== "server") return [];
  const root = syntaxTree(state).topNode.getChild("Object");
  const name = (text: string) => text.replace(/^"|"$/g, "");
  const servers = root?.getChildren("Property").find((property) => {
    const key = property.getChild("PropertyName");
    return key !== null && name(state.sliceDoc(key.from, key.to)) === "servers";
  });
  const ids = servers?.getChild("Object")?.getChildren("Property") ?? [];
  return ids.flatMap((property) => {
    const key = property.getChild("PropertyName");
    return key === null ? [] : [name(state.sliceDoc(key.from, key.to))];
  });
};
