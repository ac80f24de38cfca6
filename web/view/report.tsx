// The whole report: errors, a summary, then the calls; and the live region that says what changed.
import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ErrorView, PolicyApplication, PreviewView, Progress } from "../protocol.ts";
import { Call } from "./call.tsx";
import type { Ask } from "./lazy-text.tsx";
import { type AskedTag, type Navigation, NavigationContext, type Target } from "./navigation.ts";
import { Timeline } from "./timeline.tsx";
import { announcement, duration, kilobytes, plural } from "./words.ts";

interface ReportProps {
  readonly view: PreviewView | undefined;
  readonly errors: readonly ErrorView[];
  /** Of what is loaded for the evaluation that is under way. */
  readonly progress: Progress | undefined;
  readonly ask: Ask;
  apply(change: PolicyApplication): void;
}

const callsAtOnce = 20;

function Summary({ view }: { readonly view: PreviewView }): ComponentChild {
  const { calls, passed, milliseconds } = view;
  const differ = calls.reduce((sum, call) => sum + call.mismatches.length, 0);
  return (
    <p class="pp-summary">
      <span class="pp-muted">
        {plural(calls.length, "call")} in {duration(milliseconds)}
      </span>
      {!passed && <span class="pp-differ">{plural(differ, "expectation")} of the scenario not met</span>}
    </p>
  );
}

interface CallsProps {
  readonly view: PreviewView;
  readonly ask: Ask;
  readonly stale: boolean;
  apply(change: PolicyApplication): void;
  announce(text: string): void;
}

/** The session, then its calls, in portions. */
function Calls({ view, ask, stale, apply, announce }: CallsProps): ComponentChild {
  const [count, setCount] = useState(callsAtOnce);
  const [target, setTarget] = useState<Target>();
  const [tag, setTag] = useState<AskedTag>();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (target === undefined || target.item !== undefined) return;
    const call = list.current?.querySelector<HTMLElement>(`[data-call="${target.call}"]`);
    call?.focus({ preventScroll: true });
    call?.scrollIntoView({ block: "start" });
  }, [target]);

  const navigation: Navigation = {
    target,
    tag,
    goTo(wanted) {
      setCount(Math.max(count, wanted.call + 1));
      setTarget({ ...wanted });
    },
    showTag: setTag,
    apply,
    announce,
  };
  const left = view.calls.length - count;
  return (
    <NavigationContext.Provider value={navigation}>
      <div class="pp-result" data-stale={stale} inert={stale}>
        <Timeline view={view} />
        <Summary view={view} />
        <ol class="pp-plain pp-calls" ref={list}>
          {view.calls.slice(0, count).map((call) => (
            <Call key={call.index} ask={ask} call={call} />
          ))}
        </ol>
        {left > 0 && (
          <p class="pp-more">
            <button type="button" onClick={() => setCount(count + callsAtOnce)}>
              Show {Math.min(left, callsAtOnce)} more calls
            </button>
            <span class="pp-muted">
              {count} of {view.calls.length}
            </span>
          </p>
        )}
      </div>
    </NavigationContext.Provider>
  );
}

function Loading({ progress }: { readonly progress: Progress | undefined }): ComponentChild {
  if (progress?.phase !== "download") return null;
  const { loaded, total, guard } = progress;
  const name = guard === undefined || guard === "*" ? "the guard" : `the guard ${guard}`;
  const size = total === undefined ? kilobytes(loaded) : `${kilobytes(loaded)} of ${kilobytes(total)}`;
  return (
    <div class="pp-progress">
      <label>
        <span>Loading {name}</span>
        <progress max={total ?? 1} {...(total === undefined ? {} : { value: loaded })} />
      </label>
      <span class="pp-muted">{size}</span>
    </div>
  );
}

function Report({ view, errors, progress, ask, apply }: ReportProps): ComponentChild {
  const failed = errors.length > 0;
  const [said, setSaid] = useState<{ readonly of: PreviewView | undefined; readonly text: string }>();
  // While somebody edits, the last result stays in sight, dimmed; a fault of the guard leaves nothing to look at.
  const shown = errors.every(({ path }) => path !== undefined) ? view : undefined;
  return (
    <div class="pp-root">
      <p class="pp-quiet" role="status">
        {failed ? `Error: ${errors[0]!.message}` : view && (said?.of === view ? said.text : announcement(view))}
      </p>
      {failed && (
        <div class="pp-errors">
          <p class="pp-lead">The scenario could not be evaluated</p>
          <ul>
            {errors.map(({ message, path, code }) => (
              <li key={message} data-code={code}>
                {path !== undefined && path !== "" && <code>{path}</code>} {message}
              </li>
            ))}
          </ul>
          {shown !== undefined && <p class="pp-muted">Below is the last result, for the input before this one.</p>}
        </div>
      )}
      <Loading progress={progress} />
      {shown !== undefined && (
        <Calls view={shown} ask={ask} stale={failed} apply={apply} announce={(text) => setSaid({ of: view, text })} />
      )}
      {!failed && view === undefined && <p class="pp-muted">Evaluating the scenario</p>}
    </div>
  );
}

export function reportView(props: ReportProps): ComponentChild {
  return <Report {...props} />;
}
