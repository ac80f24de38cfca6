// An analysis of what is shown, asked of the preview's worker: anew when something changes, after a pause, with progress.
import type { PolicyPreviewElement, PreviewView, Progress } from "edge-guard/web";
import { useEffect, useState } from "preact/hooks";

export type Ask = PolicyPreviewElement["ask"];

/** What every view of an analysis gets. */
export interface AnalysisProps {
  readonly ask: Ask;
  readonly view: PreviewView;
}

export interface AnalysisState<Value> {
  readonly value: Value | undefined;
  readonly error: string | undefined;
  readonly progress: Progress | undefined;
  /** Whether an answer is on its way; `value` is then the one before. */
  readonly busy: boolean;
}

const idle = { value: undefined, error: undefined, progress: undefined, busy: false } as const;

/**
 * @param work asks; undefined when there is nothing to ask
 * @param inputs when one of them changes, it is asked anew
 */
export function useAnalysis<Value>(
  work: ((options: NonNullable<Parameters<Ask>[1]>) => Promise<Value>) | undefined,
  inputs: readonly unknown[],
  pauseMs = 250,
): AnalysisState<Value> {
  const [state, setState] = useState<AnalysisState<Value>>(idle);
  useEffect(() => {
    if (work === undefined) return setState(idle);
    const mine = new AbortController();
    const { signal } = mine;
    setState((before) => ({ ...before, busy: true, progress: undefined }));
    const onProgress = (progress: Progress) => setState((before) => ({ ...before, progress }));
    const timer = setTimeout(() => {
      work({ signal, onProgress }).then(
        (value) => signal.aborted || setState({ ...idle, value }),
        (error: Error) => signal.aborted || setState({ ...idle, error: error.message }),
      );
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      mine.abort();
    };
  }, inputs);
  return state;
}
