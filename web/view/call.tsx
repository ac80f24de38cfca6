// One call of the scenario: the decision first, then the agent's labels, the items, the notice, and the folds.
import type { ComponentChild } from "preact";
import type { CallView } from "../protocol.ts";
import { Answer, AskButton, useAsking } from "./changes.tsx";
import { Folds } from "./folds.tsx";
import { Items } from "./items.tsx";
import { AgentLabels, Chip, LabelChips } from "./labels.tsx";
import { type Ask, useName } from "./lazy-text.tsx";
import { useNavigation } from "./navigation.ts";
import { hiddenBy, outcomeNames } from "./words.ts";

/** What the tags of a violation are, in words. */
function tagsLead(kind: "secrecy" | "integrity", operation: string | undefined): string {
  if (kind === "integrity") return "Missing";
  if (operation === "read") return "Not cleared for";
  return operation === "write" ? "Would leak" : "Tags at fault";
}

interface DecisionProps {
  readonly ask: Ask;
  readonly call: CallView;
  onTag(kind: "secrecy" | "integrity", tag: string): void;
}

function Decision({ ask, call, onTag }: DecisionProps): ComponentChild {
  const { status, error, violation, counts, phases } = call;
  const asking = useAsking(call);
  const { resource, operation } = phases.find((phase) => phase.resource !== undefined) ?? {};
  if (status === "failed") {
    return <p class="pp-decision">{error?.message ?? "The call failed"}. Everything is withheld.</p>;
  }
  if (status === "denied" && violation !== undefined) {
    return (
      <div class="pp-decision">
        <p>{violation.reason}</p>
        <p class="pp-meta">
          {violation.missing.length > 0 && (
            <>
              <span class="pp-lead">{tagsLead(violation.kind, operation)}</span>{" "}
              <Chip kind={violation.kind} tags={violation.missing} onTag={onTag} />
            </>
          )}
          {resource !== undefined && (
            <>
              <span class="pp-lead">Resource</span> <LabelChips labels={resource} />
            </>
          )}
        </p>
        {counts.items === 0 && (
          <>
            <AskButton asking={asking} text="What would allow it?" />
            <Answer asking={asking} ask={ask} call={call} />
          </>
        )}
      </div>
    );
  }
  if (status === "filtered") {
    return (
      <p class="pp-decision">
        {counts.hidden} of {counts.items} {counts.items === 1 ? "item is" : "items are"} hidden from the agent:{" "}
        {hiddenBy(call)}
      </p>
    );
  }
  const tainted = JSON.stringify(call.agent.before) !== JSON.stringify(call.agent.after);
  const sees = counts.items > 0 ? "The agent sees everything" : "The agent gets the result as it came";
  return <p class="pp-decision">{tainted ? `${sees}, and carries its labels from now on` : sees}</p>;
}

export function Call({ ask, call }: { readonly ask: Ask; readonly call: CallView }): ComponentChild {
  const { index, server, tool, args, status, notice, agent, counts, mode } = call;
  const heading = useName("pp-call");
  const { showTag } = useNavigation();
  const onTag = (kind: "secrecy" | "integrity", tag: string) => showTag({ kind, tag, from: index });
  return (
    <li>
      <article class="pp-call" data-outcome={status} data-call={index} aria-labelledby={heading} tabIndex={-1}>
        <header>
          <h3 id={heading}>
            <span class="pp-step">{index + 1}</span> {tool}
          </h3>
          <p class="pp-where">
            on {server}
            {mode !== undefined && `, ${mode} mode`}
          </p>
          <p class="pp-badge" data-badge={status}>
            {outcomeNames[status]}
          </p>
        </header>
        {args !== undefined && <p class="pp-args pp-mono">{JSON.stringify(args)?.slice(0, 600)}</p>}
        <Decision ask={ask} call={call} onTag={onTag} />
        <AgentLabels before={agent.before} after={agent.after} onTag={onTag} />
        {counts.items > 0 && <Items ask={ask} call={call} />}
        {notice !== undefined && (
          <div class="pp-notice">
            <p class="pp-lead">Notice to the agent</p>
            <p>{notice.text}</p>
          </div>
        )}
        <Folds ask={ask} call={call} />
      </article>
    </li>
  );
}
