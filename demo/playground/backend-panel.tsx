// What the guard asked its backend while labelling: every question with its answer, each answer editable, and a delay to feel the wait.
import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { Editor, type FieldProblem } from "./editor.tsx";
import { parseText, pretty } from "./json-map.ts";
import { type Answer, answerTo, suggestion } from "./scenario.ts";
import type { State, Store } from "./store.ts";

interface Asked {
  readonly server: string;
  readonly tool: string;
  readonly args: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string } | undefined;
  /** The calls during which it was asked, from 0. */
  readonly calls: readonly number[];
  /** How long the answers took, in milliseconds; the longest. */
  readonly milliseconds?: number;
  /** Whether an answer was needed in the end; a guard that is asked ahead may not need it. */
  readonly used: boolean;
}

/** Each different question of the report once, with the answer that the guard got. */
export function questionsOf(state: State): readonly Asked[] {
  const found = new Map<string, Asked>();
  const add = (asked: Asked) => {
    const key = JSON.stringify([asked.server, asked.tool, asked.args]);
    const known = found.get(key);
    if (known === undefined) {
      found.set(key, asked);
      return;
    }
    found.set(key, {
      ...known,
      calls: [...new Set([...known.calls, ...asked.calls])],
      milliseconds: Math.max(known.milliseconds ?? 0, asked.milliseconds ?? 0),
      used: known.used || asked.used,
    });
  };
  for (const call of state.view?.calls ?? []) {
    for (const question of call.questions) add({ ...question, calls: [call.index] });
  }
  for (const missing of state.view?.missingAnswers ?? [])
    add({ ...missing, calls: [], used: true, error: { message: "No entry of the scenario answers this" } });
  return [...found.values()];
}

function AnswerField({
  asked,
  state,
  store,
}: {
  readonly asked: Asked;
  readonly state: State;
  readonly store: Store;
}): ComponentChild {
  const { server, tool, args, result, error, calls, milliseconds, used } = asked;
  const entry = state.scenario && answerTo(state.scenario, server, asked);
  const [draft, setDraft] = useState<{ readonly text: string; readonly entry: Answer | undefined }>();
  const [problems, setProblems] = useState<readonly FieldProblem[]>([]);
  // As it was when the scenario was opened; the field is made anew for the next one.
  const [recorded] = useState(entry);
  const settled = entry ? entry.result : result;
  const text =
    draft !== undefined && (problems.length > 0 || draft.entry === entry)
      ? draft.text
      : settled === undefined
        ? ""
        : pretty(settled);

  function edit(next: string): void {
    const parsed = parseText(next);
    if ("problems" in parsed) {
      setProblems(parsed.problems);
      setDraft({ text: next, entry });
      return;
    }
    const answer: Answer = { tool, args, result: parsed.value };
    setProblems([]);
    setDraft({ text: next, entry: answer });
    store.setAnswer(server, answer);
  }

  function answer(next: Answer): void {
    setDraft(undefined);
    setProblems([]);
    store.setAnswer(server, next);
  }

  return (
    <li data-question={tool} data-answered={error === undefined}>
      <p class="asked">
        <code>{tool}</code> <code class="args">{JSON.stringify(args)}</code>
      </p>
      <p class="hint">
        {calls.length > 0 && `Asked in call ${calls.map((call) => call + 1).join(", ")}`}
        {milliseconds !== undefined && `, ${Math.round(milliseconds)} ms`}
        {!used && ", ahead of need: the answer was not used"}
      </p>
      {error !== undefined && <p class="fault">{error.message}</p>}
      {entry?.error === undefined ? (
        <Editor
          name={`answer-${tool}`}
          label={`Answer of ${server}`}
          text={text}
          problems={problems}
          rows={Math.min(8, Math.max(2, text.split("\n").length))}
          onInput={edit}
        />
      ) : (
        <label class="inline answer-error">
          Fails with{" "}
          <input
            value={entry.error}
            onInput={(event) => store.setAnswer(server, { tool, args, error: event.currentTarget.value })}
          />
        </label>
      )}
      <div class="row">
        {entry?.error === undefined ? (
          <button type="button" onClick={() => answer({ tool, args, error: "The server is not available" })}>
            Let it fail
          </button>
        ) : (
          <button
            type="button"
            onClick={() => answer({ tool, args, result: recorded?.result ?? suggestion({ tool }) })}
          >
            Answer it
          </button>
        )}
        {recorded !== undefined && entry !== recorded && (
          <button type="button" onClick={() => answer(recorded)}>
            Back to the recorded answer
          </button>
        )}
      </div>
    </li>
  );
}

export function BackendPanel({ state, store }: { readonly state: State; readonly store: Store }): ComponentChild {
  const questions = questionsOf(state);
  const missing = state.view?.missingAnswers.length ?? 0;
  return (
    <section class="panel backend" aria-labelledby="backend-title">
      <h3 id="backend-title">
        Questions to the backend <span class="count">{questions.length}</span>
      </h3>
      <div class="delay">
        <label for="delay">Delay of each answer</label>
        <input
          id="delay"
          type="range"
          min="0"
          max="2000"
          step="50"
          value={state.delayMs}
          aria-valuetext={`${state.delayMs} milliseconds`}
          onInput={(event) => store.setDelay(Number(event.currentTarget.value))}
        />
        <output for="delay">{state.delayMs} ms</output>
      </div>
      {questions.length === 0 && <p class="hint">The guard asked nothing in this scenario.</p>}
      {missing > 0 && (
        <p class="missing">
          {missing === 1 ? "1 question has no answer." : `${missing} questions have no answer.`}{" "}
          <button type="button" onClick={() => store.fillMissing()}>
            Fill in {missing === 1 ? "the missing answer" : "the missing answers"}
          </button>
        </p>
      )}
      {questions.length > 0 && (
        <div class="row">
          <button type="button" onClick={() => store.replay()}>
            Replay with these answers
          </button>
        </div>
      )}
      {questions.length > 0 && (
        <details open={questions.length <= 4}>
          <summary>Questions and answers</summary>
          <ol>
            {questions.slice(0, 100).map((asked) => (
              <AnswerField
                key={JSON.stringify([state.selected, asked.server, asked.tool, asked.args])}
                asked={asked}
                state={state}
                store={store}
              />
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}
