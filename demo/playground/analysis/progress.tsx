// What stands where an analysis is not done, or has failed.
import type { ComponentChild } from "preact";
import type { AnalysisState } from "./use-analysis.ts";

interface WaitingProps {
  readonly state: AnalysisState<unknown>;
  readonly doing: string;
}

export function Waiting({ state, doing }: WaitingProps): ComponentChild {
  const { error, busy, progress } = state;
  if (error !== undefined) {
    return (
      <p class="fault" role="alert">
        {error}
      </p>
    );
  }
  if (!busy) return null;
  return (
    <p class="hint waiting">
      {doing}
      {progress?.total !== undefined && progress.phase === "evaluate" && `, ${progress.loaded} of ${progress.total}`}
    </p>
  );
}
