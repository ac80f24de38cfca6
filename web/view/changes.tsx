// The question what would show a hidden item or allow a denied call; the answer's part is loaded when somebody asks.
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CallView } from "../protocol.ts";
import type { ChangesPanelProps } from "./changes-panel.tsx";
import { lazy } from "./lazy.tsx";

const ChangesPanel = lazy<ChangesPanelProps>(() => import("./details.ts").then((part) => part.ChangesPanel));

export interface Asking {
  readonly open: boolean;
  toggle(): void;
}

/** Whether somebody asks. What was tried holds for one report only, so a newer one ends the question. */
export function useAsking(call: CallView): Asking {
  const [of, setOf] = useState<CallView>();
  useEffect(() => setOf(undefined), [call]);
  const open = of === call;
  return { open, toggle: () => setOf(open ? undefined : call) };
}

export function AskButton({ asking, text }: { readonly asking: Asking; readonly text: string }): ComponentChild {
  return (
    <button type="button" class="pp-link pp-ask" aria-expanded={asking.open} onClick={asking.toggle}>
      {text}
    </button>
  );
}

export function Answer({ asking, ...props }: ChangesPanelProps & { readonly asking: Asking }): ComponentChild {
  return asking.open && <ChangesPanel {...props} />;
}
