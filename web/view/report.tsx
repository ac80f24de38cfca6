// The whole report: errors, a summary, then the calls; and the live region that says what changed.
import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ErrorView, PreviewView } from "../protocol.ts";
import { Call, outcomeNames } from "./call.tsx";
import { duration } from "./folds.tsx";
import type { Ask } from "./lazy-text.tsx";
import { announcement } from "./words.ts";

interface ReportProps {
  readonly view: PreviewView | undefined;
  readonly errors: readonly ErrorView[];
  readonly ask: Ask;
}

const stepsAtOnce = 24;
const callsAtOnce = 20;

interface SummaryProps {
  readonly view: PreviewView;
  goTo(index: number): void;
}

function Summary({ view, goTo }: SummaryProps): ComponentChild {
  const { calls, passed, milliseconds } = view;
  const differ = calls.reduce((sum, call) => sum + call.mismatches.length, 0);
  return (
    <div class="pp-summary">
      {calls.length > 1 && (
        <ol class="pp-steps" aria-label="Calls in order">
          {calls.slice(0, stepsAtOnce).map(({ index, tool, status }) => (
            <li key={index}>
              <button type="button" onClick={() => goTo(index)}>
                <span>
                  <span class="pp-step">{index + 1}</span> <span class="pp-mono">{tool}</span>
                </span>
                <span class="pp-badge" data-badge={status}>
                  {outcomeNames[status]}
                </span>
              </button>
            </li>
          ))}
        </ol>
      )}
      <span class="pp-muted">
        {calls.length > stepsAtOnce && `and ${calls.length - stepsAtOnce} more calls, `}in {duration(milliseconds)}
      </span>
      {!passed && (
        <span class="pp-differ">
          {differ === 1 ? "1 expectation" : `${differ} expectations`} of the scenario not met
        </span>
      )}
    </div>
  );
}

/** The calls, in portions, each with the step that leads to it. */
function Calls({
  view,
  ask,
  stale,
}: {
  readonly view: PreviewView;
  readonly ask: Ask;
  readonly stale: boolean;
}): ComponentChild {
  const [count, setCount] = useState(callsAtOnce);
  const [target, setTarget] = useState<{ readonly index: number }>();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (target === undefined) return;
    const call = list.current?.querySelector<HTMLElement>(`[data-call="${target.index}"]`);
    call?.focus({ preventScroll: true });
    call?.scrollIntoView({ block: "start" });
  }, [target]);

  function goTo(index: number): void {
    setCount(Math.max(count, index + 1));
    setTarget({ index });
  }

  const left = view.calls.length - count;
  return (
    <div class="pp-result" data-stale={stale} inert={stale}>
      <Summary view={view} goTo={goTo} />
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
  );
}

function Report({ view, errors, ask }: ReportProps): ComponentChild {
  const failed = errors.length > 0;
  // While somebody edits, the last result stays in sight, dimmed; a fault of the guard leaves nothing to look at.
  const shown = errors.every(({ path }) => path !== undefined) ? view : undefined;
  return (
    <div class="pp-root">
      <p class="pp-quiet" role="status">
        {failed ? `Error: ${errors[0]!.message}` : view === undefined ? "" : announcement(view)}
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
      {shown !== undefined && <Calls view={shown} ask={ask} stale={failed} />}
      {!failed && view === undefined && <p class="pp-muted">Evaluating the scenario</p>}
    </div>
  );
}

export function reportView(props: ReportProps): ComponentChild {
  return <Report {...props} />;
}
