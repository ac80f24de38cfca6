// What would show a hidden item or allow a denied call: policy changes that were tried, each with everything else that it does; one click applies.
import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { CallView, ChangeView, Progress, SuggestionsView } from "../protocol.ts";
import { EffectDetails, effectText } from "./effect.tsx";
import type { Ask } from "./lazy-text.tsx";
import { useNavigation } from "./navigation.ts";
import { plural } from "./words.ts";

interface ChangesProps {
  readonly ask: Ask;
  readonly call: CallView;
  /** Absent: the call as a whole. */
  readonly item?: number;
}

function Change({ change, apply }: { readonly change: ChangeView; apply(): void }): ComponentChild {
  const { server, text, effect } = change;
  return (
    <li class="pp-change" data-change={text}>
      <p>
        <strong>{text}</strong> <span class="pp-muted">in the policy of {server}</span>
      </p>
      <p class="pp-radius">{effectText(effect)}</p>
      <EffectDetails effect={effect} />
      <button type="button" onClick={apply}>
        Apply
      </button>
    </li>
  );
}

function Found({ found, apply }: { readonly found: SuggestionsView; apply(change: ChangeView): void }): ComponentChild {
  const { changes, tried, complete } = found;
  if (changes.length === 0) {
    return (
      <p class="pp-muted">
        {tried === 0
          ? "No change of the policy bears on this."
          : `None of ${plural(tried, "change")} that were tried does.`}
        {!complete && " There are more that were not tried."}
      </p>
    );
  }
  return (
    <>
      <ol class="pp-changes">
        {changes.map((change) => (
          <Change key={`${change.server} ${change.text}`} change={change} apply={() => apply(change)} />
        ))}
      </ol>
      {!complete && <p class="pp-muted">There are more changes that were not tried.</p>}
    </>
  );
}

export function Changes({ ask, call, item }: ChangesProps): ComponentChild {
  const { goTo, apply, announce } = useNavigation();
  const [found, setFound] = useState<SuggestionsView | string>();
  const [progress, setProgress] = useState<Progress>();
  const [open, setOpen] = useState(false);
  const asking = useRef<AbortController | undefined>(undefined);

  // What was tried holds for one report only.
  useEffect(() => {
    setFound(undefined);
    setOpen(false);
    return () => asking.current?.abort();
  }, [call]);

  function toggle(): void {
    setOpen(!open);
    asking.current?.abort();
    if (open || (found !== undefined && typeof found !== "string")) return;
    setFound(undefined);
    setProgress(undefined);
    const mine = new AbortController();
    asking.current = mine;
    const targets = [item === undefined ? { call: call.index } : { call: call.index, item }];
    ask({ type: "suggest", targets }, { signal: mine.signal, onProgress: setProgress }).then(
      (suggestions) => {
        if (mine.signal.aborted) return;
        setFound(suggestions);
        announce(`${plural(suggestions.changes.length, "change")} of the policy would do it`);
      },
      (error: Error) => mine.signal.aborted || setFound(error.message),
    );
  }

  return (
    <div class="pp-why">
      <button type="button" class="pp-link" aria-expanded={open} onClick={toggle}>
        {item === undefined ? "What would allow it?" : "What would show it?"}
      </button>
      {open && found === undefined && (
        <p class="pp-muted">
          Trying changes of the policy
          {progress?.total !== undefined && `, ${progress.loaded} of ${progress.total}`}
        </p>
      )}
      {open && typeof found === "string" && <p class="pp-fault">{found}</p>}
      {open && typeof found === "object" && (
        <Found
          found={found}
          apply={({ server, policy }) => {
            apply({ server, policy });
            goTo({ call: call.index, item });
          }}
        />
      )}
    </div>
  );
}
