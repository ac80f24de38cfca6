// The whole report: errors, a summary, then the calls; and the live region that says what changed.
import type { ComponentChild } from "preact";
import type { ErrorView, PreviewView } from "../protocol.ts";
import { Call } from "./call.tsx";
import { duration } from "./folds.tsx";
import type { Ask } from "./lazy-text.tsx";
import { announcement } from "./words.ts";

interface ReportProps {
  readonly view: PreviewView | undefined;
  readonly errors: readonly ErrorView[];
  readonly ask: Ask;
}

const statuses = ["allowed", "filtered", "denied", "failed"] as const;

function Summary({ view }: { readonly view: PreviewView }): ComponentChild {
  const { calls, passed, milliseconds } = view;
  const differ = calls.reduce((sum, call) => sum + call.mismatches.length, 0);
  return (
    <div class="pp-summary">
      <ul>
        {statuses.map((status) => {
          const count = calls.filter((call) => call.status === status).length;
          return (
            count > 0 && (
              <li key={status} data-badge={status} class="pp-badge">
                {count} {status}
              </li>
            )
          );
        })}
        <li class="pp-muted">in {duration(milliseconds)}</li>
        {!passed && (
          <li class="pp-differ">{differ === 1 ? "1 expectation differs" : `${differ} expectations differ`}</li>
        )}
      </ul>
    </div>
  );
}

function Report({ view, errors, ask }: ReportProps): ComponentChild {
  const failed = errors.length > 0;
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
          {view !== undefined && <p class="pp-muted">Below is the last result, for the input before this one.</p>}
        </div>
      )}
      {view !== undefined && (
        <div class="pp-result" data-stale={failed} inert={failed}>
          <Summary view={view} />
          <ol class="pp-plain pp-calls">
            {view.calls.map((call) => (
              <Call key={call.index} ask={ask} call={call} />
            ))}
          </ol>
        </div>
      )}
    </div>
  );
}

export function reportView(props: ReportProps): ComponentChild {
  return <Report {...props} />;
}
