// What the folds of a call hold: the phases, the guard's questions to the backend, its log, what was expected.
import type { ComponentChild } from "preact";
import type { CallView, PhaseView, QuestionView } from "../protocol.ts";
import { LabelChips } from "./labels.tsx";
import { duration, plural } from "./words.ts";

const phaseNames: { readonly [name in PhaseView["name"]]: string } = {
  agent: "Agent",
  resource: "Resource",
  "coarse-check": "Coarse check",
  backend: "Backend",
  response: "Response labels",
  items: "Items",
  taint: "Taint",
};

function Phase({ phase }: { readonly phase: PhaseView }): ComponentChild {
  const { status, summary, milliseconds, resource, agent, mode, operation, questions, runs, fuel } = phase;
  return (
    <li class="pp-phase" data-phase={phase.name} data-phase-status={status}>
      <span class="pp-number" aria-hidden="true">
        {phase.phase}
      </span>
      <div>
        <p>
          <strong>{phaseNames[phase.name]}</strong> <span class="pp-phase-status">{status}</span> {summary}
        </p>
        {(mode ?? operation) !== undefined && (
          <p class="pp-meta">
            {mode !== undefined && <span>mode {mode}</span>}
            {operation !== undefined && <span>operation {operation}</span>}
          </p>
        )}
        {agent !== undefined && <LabelChips labels={agent} />}
        {resource !== undefined && (
          <p class="pp-meta">
            <span class="pp-mono">{resource.description}</span> <LabelChips labels={resource} />
          </p>
        )}
      </div>
      <span class="pp-time">
        {status !== "skipped" && duration(milliseconds)}
        {questions > 0 && `, ${questions} asked`}
        {runs > 1 && `, ${runs} runs`}
        {fuel !== undefined && `, ${fuel.toLocaleString("en")} fuel`}
      </span>
    </li>
  );
}

function Question({ question }: { readonly question: QuestionView }): ComponentChild {
  const { tool, args, result, error, milliseconds, used } = question;
  return (
    <li class="pp-question" data-answered={error === undefined}>
      <p>
        <code>{tool}</code> <code class="pp-args">{JSON.stringify(args)}</code>
        <span class="pp-time">{duration(milliseconds)}</span>
      </p>
      {error === undefined ? (
        <pre class="pp-answer">{JSON.stringify(result, null, 1)?.slice(0, 2000)}</pre>
      ) : (
        <p class="pp-fault">No answer: {error.message}</p>
      )}
      {!used && <p class="pp-muted">Asked ahead, not needed in the end</p>}
    </li>
  );
}

interface FoldedProps {
  readonly call: CallView;
}

export function Phases({ call }: FoldedProps): ComponentChild {
  return (
    <ol class="pp-plain">
      {call.phases.map((phase, at) => (
        <Phase key={at} phase={phase} />
      ))}
    </ol>
  );
}

export function Questions({ call }: FoldedProps): ComponentChild {
  return (
    <ol class="pp-plain">
      {call.questions.map((question, at) => (
        <Question key={at} question={question} />
      ))}
    </ol>
  );
}

export function Log({ call }: FoldedProps): ComponentChild {
  const { log, logLines } = call;
  return (
    <>
      <ol class="pp-log">
        {log.map(({ level, message }, at) => (
          <li key={at} data-level={level}>
            <span class="pp-level">{level}</span> {message}
          </li>
        ))}
      </ol>
      {logLines > log.length && <p class="pp-muted">{plural(logLines - log.length, "more line")}</p>}
    </>
  );
}

export function Mismatches({ call }: FoldedProps): ComponentChild {
  return (
    <ul class="pp-plain">
      {call.mismatches.map(({ path, expected, actual }) => (
        <li key={path}>
          <code>{path}</code> expected <code>{JSON.stringify(expected) ?? "nothing"}</code>, got{" "}
          <code>{JSON.stringify(actual) ?? "nothing"}</code>
        </li>
      ))}
    </ul>
  );
}
