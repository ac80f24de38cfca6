// What would show a hidden item or allow a denied call: policy changes that were tried, each with everything else that it does; one click applies.
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CallView, ChangeView, Progress, SuggestionsView } from "../protocol.ts";
import { EffectDetails, effectText } from "./effect.tsx";
import type { Ask } from "./lazy-text.tsx";
import { useNavigation } from "./navigation.ts";
import { plural } from "./words.ts";

export interface ChangesPanelProps {
  readonly ask: Ask;
  readonly call: CallView;
  /** Absent: the call as a whole. */
  readonly item?: number | undefined;
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

/** Asks while it is there. */
export function ChangesPanel({ ask, call, item }: ChangesPanelProps): ComponentChild {
  const { goTo, apply, announce } = useNavigation();
  const [found, setFound] = useState<SuggestionsView | string>();
  const [progress, setProgress] = useState<Progress>();

  useEffect(() => {
    const mine = new AbortController();
    const { signal } = mine;
    const targets = [item === undefined ? { call: call.index } : { call: call.index, item }];
    ask({ type: "suggest", targets }, { signal, onProgress: setProgress }).then(
      (suggestions) => {
        if (signal.aborted) return;
        setFound(suggestions);
        announce(`${plural(suggestions.changes.length, "change")} of the policy would do it`);
      },
      (error: Error) => signal.aborted || setFound(error.message),
    );
    return () => mine.abort();
  }, []);

  if (found === undefined) {
    return (
      <p class="pp-muted">
        Trying changes of the policy
        {progress?.phase === "evaluate" && `, ${progress.loaded} of ${progress.total}`}
      </p>
    );
  }
  if (typeof found === "string") return <p class="pp-fault">{found}</p>;
  return (
    <Found
      found={found}
      apply={({ server, policy }) => {
        apply({ server, policy });
        goTo({ call: call.index, item });
      }}
    />
  );
}
