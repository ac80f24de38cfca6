// Which field people type in: the browser's own, or the code editor, which is loaded once the page stands. Their choice is kept.
import { useEffect, useState } from "preact/hooks";

export type FieldKind = "code" | "plain";
type CodeModule = typeof import("./code-field.ts");

const key = "edge-guard.editor";
const listeners = new Set<() => void>();
let code: CodeModule | undefined;
let loading: Promise<void> | undefined;
let kind: FieldKind = stored() ?? usual();

function stored(): FieldKind | undefined {
  try {
    const found = localStorage.getItem(key);
    return found === "code" || found === "plain" ? found : undefined;
  } catch {
    return undefined;
  }
}

/** On a touch screen, and where data is to be saved, the browser's own field serves better. */
function usual(): FieldKind {
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  return matchMedia("(pointer: fine)").matches && connection?.saveData !== true ? "code" : "plain";
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** Loads the editor when it is wanted and not there. Where it cannot be loaded the plain fields stay. */
export function loadCodeFields(): void {
  if (kind === "plain" || code !== undefined || loading !== undefined) return;
  loading = import("./code-field.ts").then(
    (module) => {
      code = module;
      loading = undefined;
      tell();
    },
    () => {
      loading = undefined;
      tell();
    },
  );
}

export function chooseFieldKind(chosen: FieldKind): void {
  kind = chosen;
  try {
    localStorage.setItem(key, chosen);
  } catch {
    // Not kept then: private windows and blocked storage.
  }
  loadCodeFields();
  tell();
}

/** What is chosen, and the editor's module once it is there and chosen. */
export function useFieldKind(): { readonly kind: FieldKind; readonly code: CodeModule | undefined } {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = (): void => redraw((count) => count + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return { kind, code: kind === "code" ? code : undefined };
}
