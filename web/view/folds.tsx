// What stands behind a decision, folded; what is inside is loaded with the first fold that opens.
import type { ComponentChild } from "preact";
import type { CallView } from "../protocol.ts";
import { lazy } from "./lazy.tsx";
import { type Ask, Fold } from "./lazy-text.tsx";
import { plural } from "./words.ts";

const details = () => import("./details.ts");
const Phases = lazy(() => details().then((part) => part.Phases));
const Questions = lazy(() => details().then((part) => part.Questions));
const Log = lazy(() => details().then((part) => part.Log));
const Mismatches = lazy(() => details().then((part) => part.Mismatches));
const Received = lazy(() => details().then((part) => part.Received));

export function Folds({ ask, call }: { readonly ask: Ask; readonly call: CallView }): ComponentChild {
  const { questions, logLines, mismatches } = call;
  return (
    <div class="pp-folds">
      <Fold name="phases" summary="How it was decided">
        {() => <Phases call={call} />}
      </Fold>
      {questions.length > 0 && (
        <Fold name="questions" summary={`The guard asked the backend ${plural(questions.length, "question")}`}>
          {() => <Questions call={call} />}
        </Fold>
      )}
      {logLines > 0 && (
        <Fold name="log" summary={`The guard logged ${plural(logLines, "line")}`}>
          {() => <Log call={call} />}
        </Fold>
      )}
      {mismatches.length > 0 && (
        <Fold name="expectations" summary={`The scenario expected otherwise in ${plural(mismatches.length, "place")}`}>
          {() => <Mismatches call={call} />}
        </Fold>
      )}
      <Fold name="json" summary="Both results as JSON">
        {() => <Received ask={ask} call={call} />}
      </Fold>
    </div>
  );
}
