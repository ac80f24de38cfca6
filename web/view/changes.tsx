// The question what would show a hidden item or allow a denied call; asking loads the answer's part and starts the search.
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CallView } from "../protocol.ts";
import { lazy } from "./lazy.tsx";
import type { Ask } from "./lazy-text.tsx";

const ChangesPanel = lazy(() => import("./details.ts").then((part) => part.ChangesPanel));

interface ChangesProps {
  readonly ask: Ask;
  readonly call: CallView;
  /** Absent: the call as a whole. */
  readonly item?: number;
}

export function Changes({ ask, call, item }: ChangesProps): ComponentChild {
  const [open, setOpen] = useState(false);
  // What was tried holds for one report only.
  useEffect(() => setOpen(false), [call]);
  return (
    <div class="pp-why">
      <button type="button" class="pp-link" aria-expanded={open} onClick={() => setOpen(!open)}>
        {item === undefined ? "What would allow it?" : "What would show it?"}
      </button>
      {open && <ChangesPanel ask={ask} call={call} item={item} />}
    </div>
  );
}
